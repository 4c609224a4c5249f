"""Two times collide only if they begin together.

Origin: a unique index on (provider, starts_at), which is all that a table of appointments needs as long as every visit
takes one slot. Then somebody introduces the double appointment.
"""

from __future__ import annotations

import msgspec

from reference_services.clinic.schedules import Day, DayDecider, HoldSlot
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class UniqueStarts(DayDecider):
    """Looks for the same start only."""

    def decide(self, day: Day, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, HoldSlot):
            starts_us = command.slot.starts_us
            held = {hold_id: hold for hold_id, hold in day.held.items() if hold.slot.starts_us == starts_us}
            taken = {hold_id: slot for hold_id, slot in day.taken.items() if slot.starts_us == starts_us}
            day = msgspec.structs.replace(day, held=held, taken=taken)
        return super().decide(day, command, now_us)


OVERLAP_BY_START = Plant(
    "overlap-by-start",
    "A double visit keeps away only those who begin with it, not those who begin in its second half.",
    "a unique index on provider and start, from before there were double appointments",
    "no-double-booking",
    swapped(UniqueStarts),
    system="clinic",
    live=True,
)
