"""Whoever has paid gets the time, whoever has it now.

Origin: "the card is authorized, so the booking must go through": the confirmation inserts the slot again without asking
whether it is still free.
"""

from __future__ import annotations

from reference_services.clinic.schedules import Day, DayDecider, SlotTaken, TakeSlot
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class PaidIsPaid(DayDecider):
    """Takes a slot whose hold is gone."""

    def decide(self, day: Day, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, TakeSlot) and command.slot.hold_id not in day.held:
            if command.slot.hold_id in day.taken:
                return []
            answer = (
                day.resource_id,
                day.day,
                day.kind,
                day.clinic_id,
                command.slot,
                day.calendar_version,
                day.turn + 1,
            )
            return [SlotTaken(*answer)]
        return super().decide(day, command, now_us)

    def evolve(self, day: Day, event: Event) -> Day:
        if isinstance(event, SlotTaken) and event.slot.hold_id not in day.held:
            return Day(
                day.resource_id,
                day.day,
                day.kind,
                day.clinic_id,
                day.calendar_version,
                day.sessions,
                day.held,
                {**day.taken, event.slot.hold_id: event.slot},
                event.turn,
            )
        return super().evolve(day, event)


HOLD_TAKEN_AFTER_EXPIRY = Plant(
    "hold-taken-after-expiry",
    "An authorization that returns after the hold ran out takes the slot all the same.",
    "confirmations that insert what they believe to be held",
    "hold-ends-once",
    swapped(PaidIsPaid),
    system="clinic",
)
