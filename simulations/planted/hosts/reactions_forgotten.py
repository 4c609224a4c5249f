"""What was decided before a crash is in the log, but what should follow from it was never sent, and never will be.

Origin: the dual write: save to the database, then publish; a crash in between loses the message. The transactional
outbox pattern (Richardson, "Microservices Patterns", 2018) exists because of it.
"""

from __future__ import annotations

from typing import Any

from reference_services.kernel.message import Message

from ...design import Design
from ...hosts.decider_host import DeciderHost, Part
from ...kafka.consumer import Work
from ..plant import Plant


class DualWritingHost(DeciderHost):
    """Takes a command that was decided before for one that is done with."""

    def decided_before(self, work: Work, part: Part, command: Message[Any]) -> None:
        part.recent.clear()
        super().decided_before(work, part, command)


REACTIONS_FORGOTTEN = Plant(
    "reactions-forgotten",
    "A crash between a record and the commands that follow from it loses the commands for good.",
    "the dual write of database and broker, which the transactional outbox pattern was made for",
    "everything-settles",
    Design(decider_host=DualWritingHost),
)
