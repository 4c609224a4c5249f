"""The offset counts as done with before what follows from it is in the log.

Origin: consumers with auto-commit, which commit by the clock whatever the handler is doing (Kafka's
``enable.auto.commit``), and "at-most-once by accident" as the Kafka documentation warns of it.
"""

from __future__ import annotations

from reference_services.kernel.message import Record

from ...design import Design
from ...hosts.decider_host import DeciderHost, Part
from ...kafka.consumer import Work
from ..plant import Plant


class HastyHost(DeciderHost):
    """Does not wait for the broker's word before it lets go of a command."""

    def append(self, work: Work, part: Part, record: Record) -> None:
        work.finish_step()
        work.open_steps += 1
        super().append(work, part, record)


COMMIT_BEFORE_APPEND = Plant(
    "commit-before-append",
    "A command is let go of before its record is in the log; a crash in between loses the decision.",
    "Kafka consumers with enable.auto.commit",
    "everything-settles",
    Design(decider_host=HastyHost),
)
