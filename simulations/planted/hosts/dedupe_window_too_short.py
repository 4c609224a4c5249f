"""Repetitions are recognised, but not for as long as they can happen.

Origin: broker-side deduplication windows, such as Amazon SQS FIFO's five minutes, relied upon for redeliveries that
come later.
"""

from __future__ import annotations

from reference_services.kernel.aggregates import AggregateTable

from ...design import Design
from ...hosts.decider_host import DeciderHost
from ..plant import Plant
from .forgetful_table import ForgetfulTable

REMEMBERED = 3


class ShortSightedHost(DeciderHost):
    """Remembers an aggregate's last commands only."""

    def new_table(self) -> AggregateTable:
        return ForgetfulTable(self.system, self.service, remembered=REMEMBERED)


DEDUPE_WINDOW_TOO_SHORT = Plant(
    "dedupe-window-too-short",
    f"Only the last {REMEMBERED} commands of an aggregate are recognised when they come again.",
    "Amazon SQS FIFO's deduplication interval of five minutes, relied upon for later redeliveries",
    "decided-once",
    Design(decider_host=ShortSightedHost),
)
