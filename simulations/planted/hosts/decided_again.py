"""A message that is delivered again is counted again.

Origin: ``table[key] += value`` in a stream processor without deduplication, the first example of many tutorials.
"""

from __future__ import annotations

from reference_services.kernel.aggregates import AggregateTable

from ...design import Design
from ...hosts.decider_host import DeciderHost
from ..plant import Plant
from .forgetful_table import ForgetfulTable


class ForgettingHost(DeciderHost):
    """Keeps no ids of what it has decided."""

    def new_table(self) -> AggregateTable:
        return ForgetfulTable(self.system, self.service, remembered=0)


DECIDED_AGAIN = Plant(
    "decided-again",
    "A command that is delivered twice is decided twice.",
    "table[key] += value without deduplication, in the tutorials of most stream processors",
    "decided-once",
    Design(decider_host=ForgettingHost),
)
