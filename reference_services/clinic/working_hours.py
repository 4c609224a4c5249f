"""When a provider sees patients, or a room is open: a weekly rule in local time, and what takes days out of it.

The weekly template is an RRULE (RFC 5545, section 3.3.10), expanded by dateutil; opening hours are times of the wall
clock. Everything here is a function of its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from dateutil.rrule import rrulestr

from .local_time import wall_instant_us, zone_named

DAYS_AT_ONCE = 62
"""How many days one calendar covers at most."""

_DAYS = r"(MO|TU|WE|TH|FR|SA|SU)(,(MO|TU|WE|TH|FR|SA|SU)){0,6}"
_NTH_DAYS = r"[+-]?[1-4](MO|TU|WE|TH|FR|SA|SU)(,[+-]?[1-4](MO|TU|WE|TH|FR|SA|SU)){0,6}"
_UP_TO_A_YEAR = r"[1-9]|[1-4][0-9]|5[0-2]"
_PARTS = {
    "FREQ=DAILY": {"INTERVAL": _UP_TO_A_YEAR},
    "FREQ=WEEKLY": {"INTERVAL": _UP_TO_A_YEAR, "WKST": "MO|TU|WE|TH|FR|SA|SU", "BYDAY": _DAYS},
    "FREQ=MONTHLY": {"INTERVAL": _UP_TO_A_YEAR, "BYDAY": _NTH_DAYS},
}
"""What a rule may say. Every such rule comes to a next day soon: the library looks for it until there is one, for ever
with INTERVAL=0, until the year 9999 for the second of one Monday the 31st, and whoever decides would look with it."""

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00")


class BadHours(ValueError):
    """The working hours cannot be; the text says why."""


class Hours(msgspec.Struct, frozen=True):
    """From ``opens`` to ``closes`` on the wall clock, e.g. ``08:00`` and ``17:30``; ``24:00`` is the end of the day."""

    opens: str
    closes: str


class DayRange(msgspec.Struct, frozen=True):
    """The days from ``first`` to ``last``, both included, as ISO dates."""

    first: str
    last: str


class WorkingHours(msgspec.Struct, frozen=True):
    """The days of ``rule`` from ``first_day`` to ``last_day``, within ``hours`` and the clinic's own.

    ``away`` are vacations and sick leave; ``blackouts`` are days on which the whole clinic is closed.
    """

    zone: str
    rule: str
    first_day: str
    last_day: str
    hours: Hours
    clinic_hours: Hours
    away: tuple[DayRange, ...]
    blackouts: tuple[str, ...]


class Span(msgspec.Struct, frozen=True):
    """From ``starts_us`` (inclusive) to ``ends_us`` (exclusive)."""

    starts_us: int
    ends_us: int


def check_working_hours(hours: WorkingHours) -> None:
    """Raises `BadHours` or `BadZone` for what cannot be expanded."""
    zone_named(hours.zone)
    for each in (hours.hours, hours.clinic_hours):
        check_hours(each)
    first, last = (day_named(day) for day in (hours.first_day, hours.last_day))
    if not 0 <= (last - first).days < DAYS_AT_ONCE:
        raise BadHours(f"{hours.first_day} to {hours.last_day} is not 1 to {DAYS_AT_ONCE} days")
    for day in (*hours.blackouts, *(each for away in hours.away for each in (away.first, away.last))):
        day_named(day)
    check_rule(hours.rule)


def check_rule(rule: str) -> None:
    """Raises `BadHours` unless ``rule`` is an RRULE that names a day in each of its periods."""
    frequency, *parts = rule.split(";")
    allowed = _PARTS.get(frequency)
    if allowed is None:
        raise BadHours(f"{rule!r} is not a rule of days; write e.g. FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    if len({part.partition("=")[0] for part in parts}) < len(parts):
        raise BadHours(f"{rule!r} is not an RRULE: it says something twice")
    for part in parts:
        name, _, value = part.partition("=")
        if name not in allowed or re.fullmatch(allowed[name], value) is None:
            raise BadHours(f"{rule!r} is not an RRULE of days: change {part}; with {frequency} go {', '.join(allowed)}")


def check_hours(hours: Hours) -> None:
    """Raises `BadHours` unless both are times and the first is earlier."""
    for text in (hours.opens, hours.closes):
        if _TIME.fullmatch(text) is None:
            raise BadHours(f"{text!r} is not a time of day; write e.g. 08:00")
    if hours.opens >= hours.closes:
        raise BadHours(f"{hours.opens} is not before {hours.closes}")


def day_named(text: str) -> date:
    """The day of an ISO date. Raises `BadHours`."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadHours(f"{text!r} is not a day; write e.g. 2026-10-26") from error
    if not 1971 <= day.year <= 9998:
        raise BadHours(f"{text!r} is not between the years 1971 and 9998")
    return day


def days_of(days: DayRange) -> Iterator[str]:
    """Every day from the first to the last, as ISO dates."""
    first, last = date.fromisoformat(days.first), date.fromisoformat(days.last)
    return ((first + timedelta(days=offset)).isoformat() for offset in range((last - first).days + 1))


def sessions_by_day(hours: WorkingHours) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """Every day that the hours cover, with its sessions: none, or one."""
    zone = zone_named(hours.zone)
    first, last = date.fromisoformat(hours.first_day), date.fromisoformat(hours.last_day)
    begins, ends = datetime.combine(first, time()), datetime.combine(last, time())
    working = {moment.date() for moment in rrulestr(hours.rule, dtstart=begins).between(begins, ends, inc=True)}
    for text in days_of(DayRange(hours.first_day, hours.last_day)):
        day = date.fromisoformat(text)
        yield text, _sessions(hours, day, zone) if day in working and not _closed(hours, text) else ()


def _closed(hours: WorkingHours, day: str) -> bool:
    return day in hours.blackouts or any(away.first <= day <= away.last for away in hours.away)


def _sessions(hours: WorkingHours, day: date, zone: ZoneInfo) -> tuple[Span, ...]:
    opens = max(hours.hours.opens, hours.clinic_hours.opens)
    closes = min(hours.hours.closes, hours.clinic_hours.closes)
    starts_us, ends_us = wall_instant_us(_wall(day, opens), zone), wall_instant_us(_wall(day, closes), zone)
    return (Span(starts_us, ends_us),) if starts_us < ends_us else ()


def _wall(day: date, text: str) -> datetime:
    if text == "24:00":
        return datetime.combine(day + timedelta(days=1), time())
    return datetime.combine(day, time.fromisoformat(text))
