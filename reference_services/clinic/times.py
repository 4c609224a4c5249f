"""From what a caller wrote to a time that can be asked for, and the rooms to ask for it.

Everything is checked against the calendar as the views know it, so that a caller hears at once what to change; who has
the time in the end is decided by the schedules alone.
"""

from __future__ import annotations

import msgspec

from ..kernel.message import derived_id
from ..kernel.problem import NOT_FOUND, Problem
from ..kernel.projection import Views
from .calendars import CalendarSet
from .diaries import Plan
from .local_time import NoSuchTime, local_instant_us, local_text, zone_named
from .problems import IN_THE_PAST, NO_SUCH_TIME, NOT_OFFERED, OFF_GRID, OUTSIDE_HOURS, SLOT_LENGTH
from .schedules import SERVICES
from .terms import MINUTE_US
from .views import CalendarsView, DaysView

ROOMS_ASKED = 4
"""How many rooms an appointment asks for before it is told that there is none."""


class WantedTime(msgspec.Struct, frozen=True):
    """A time that could be had: at which clinic, on which day of the provider's calendar."""

    clinic_id: str
    day: str
    starts_us: int
    ends_us: int


def provider_calendar(views: Views, provider_id: str, service: str) -> CalendarSet:
    """The calendar of a provider who offers a service. Raises `Problem`."""
    calendar = views.get(CalendarsView).calendars.get(provider_id)
    if calendar is None or calendar.kind != "provider":
        raise Problem(NOT_FOUND, f"there is no provider {provider_id!r}")
    if service not in calendar.services:
        offered = ", ".join(calendar.services) or "nothing"
        raise Problem(NOT_OFFERED, f"{provider_id} offers {offered}, not {service!r}")
    return calendar


def wanted_time(
    views: Views, provider_id: str, service: str, starts: str, now_us: int, minutes: float | None = None
) -> WantedTime:
    """The time that a caller wants. Raises `Problem`, which says what to change."""
    calendar = provider_calendar(views, provider_id, service)
    length_us = SERVICES[service] * calendar.slot_us
    if minutes is not None and round(minutes * MINUTE_US) != length_us:
        raise Problem(SLOT_LENGTH, f"a {service} takes {length_us / MINUTE_US:g} minutes, not {minutes:g}")
    zone = zone_named(calendar.hours.zone)
    try:
        starts_us = local_instant_us(starts, zone)
    except NoSuchTime as error:
        raise Problem(NO_SUCH_TIME, str(error)) from error
    if starts_us <= now_us:
        raise Problem(IN_THE_PAST, f"{starts} has passed: at the clinic it is {local_text(now_us, zone)}")
    ends_us = starts_us + length_us
    day = views.get(DaysView).at(provider_id, starts_us, ends_us)
    if day is None:
        raise Problem(OUTSIDE_HOURS, f"{provider_id} sees nobody at {starts}; search for a free time")
    if all((starts_us - session.starts_us) % calendar.slot_us for session in day.sessions):
        raise Problem(OFF_GRID, f"visits begin every {calendar.slot_us / MINUTE_US:g} minutes; {starts} is in between")
    return WantedTime(calendar.clinic_id, day.day, starts_us, ends_us)


def rooms_for(views: Views, plan: Plan) -> tuple[str, ...]:
    """The rooms to ask, best first: those that seem free then, in an order of the appointment's own."""
    days = views.get(DaysView).days
    rooms = [room.resource_id for room in views.get(CalendarsView).of(plan.clinic_id, "room")]
    rooms.sort(key=lambda room: derived_id(plan.slot.appointment_id, room))

    def seems_busy(room: str) -> bool:
        day = days.get(room, {}).get(plan.day)
        return day is None or not day.free(plan.slot.starts_us, plan.slot.ends_us)

    rooms.sort(key=seems_busy)
    return tuple(rooms[:ROOMS_ASKED])
