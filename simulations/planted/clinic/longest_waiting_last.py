"""The waiting list is a stack.

Origin: ``pop()`` on a list takes the last one; a queue needs ``pop(0)`` or a deque.
"""

from __future__ import annotations

import msgspec

from reference_services.clinic.waitlist import QueueDecider, Waiting
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class StackedQueue(QueueDecider):
    """Asks whoever came last."""

    def decide(self, waiting: Waiting, command: Command, now_us: int) -> list[Event]:
        upside_down = dict(reversed(list(waiting.entries.items())))
        return super().decide(msgspec.structs.replace(waiting, entries=upside_down), command, now_us)


LONGEST_WAITING_LAST = Plant(
    "longest-waiting-last",
    "Who joined the waiting list last is asked first.",
    "list.pop() for a queue",
    "one-offer-a-slot",
    swapped(StackedQueue),
    system="clinic",
    live=True,
)
