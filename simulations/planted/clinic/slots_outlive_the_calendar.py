"""A changed calendar counts for new bookings only.

Origin: a check at booking time and none at the change: whoever is booked already stays booked with a provider who is
ill.
"""

from __future__ import annotations

from reference_services.clinic.schedules import CalendarChanged, ChangeDay, Day, DayDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class ForgetfulCalendar(DayDecider):
    """Changes the sessions and looks at nobody who is in them."""

    def decide(self, day: Day, command: Command, now_us: int) -> list[Event]:
        events = super().decide(day, command, now_us)
        if isinstance(command, ChangeDay):
            return [event for event in events if isinstance(event, CalendarChanged)]
        return events


SLOTS_OUTLIVE_THE_CALENDAR = Plant(
    "slots-outlive-the-calendar",
    "Whoever was booked before a calendar changed stays booked outside it.",
    "calendars that are consulted when somebody books, and never again",
    "inside-calendar",
    swapped(ForgetfulCalendar),
    system="clinic",
    live=True,
)
