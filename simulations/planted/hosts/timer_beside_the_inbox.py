"""A timer decides by itself instead of sending a command to the inbox, so it has no place in the order of things.

Whoever owns the partition next, or still believes to, decides something else at the same version; readers keep one of
the two. Origin: timers that write to a table outside stream iteration, faust-streaming issue 497.
"""

from __future__ import annotations

from reference_services.kernel.message import Record

from ...design import Design
from ...hosts.decider_host import DeciderHost
from ..plant import Plant


class ImpatientHost(DeciderHost):
    """Decides on its own when time has come."""

    def send_due(self, subject: str, now_us: int) -> None:
        for partition, part in self.parts.items():
            command = part.table.deadline_command(subject, now_us)
            record: Record = part.table.decide(command) if command is not None else ()
            if record:
                part.table.fold(record)
                self.process.producer.send(self.events[partition], record, self.react_at_once, record)
                self.schedule(subject, part)

    def react_at_once(self, record: Record) -> None:
        """Send what follows from a record that no command in the inbox has led to."""
        for command in self.commands_after(record):
            self.process.producer.send(self.inboxes.of(command), command, _sent, None)


def _sent(_: None) -> None:
    """Nobody waits for it."""


TIMER_BESIDE_THE_INBOX = Plant(
    "timer-beside-the-inbox",
    "Deadlines are decided beside the inbox, so two owners of a partition decide differently.",
    "timers that write to a table outside stream iteration (faust-streaming issue 497)",
    "one-history",
    Design(decider_host=ImpatientHost),
)
