"""The hours of each day: as the published calendar says, by the clocks of the clinic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from dateutil.rrule import rrulestr

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..calendars import CalendarSet, ClinicSet
from ..schedules import CalendarChanged
from ..terms import SECOND_US, Terms
from ..working_hours import Span, WorkingHours, days_of

DayOf = tuple[str, str]
"""A resource and one of its days."""

Sessions = tuple[Span, ...]


class _Published(msgspec.Struct, gc=False):
    """What the newest calendar says of a day. ``since_us``: since when the day is told otherwise (0: it is not)."""

    version: int
    sessions: Sessions
    since_us: int = 0


class DaysAsPublished(Invariant):
    """Reads each calendar on its own, with dateutil and the clocks of the clinic, and knows what its days were told.

    A day that only the calendar before had is closed. One that has its hours already need not be told.
    """

    name = "days-as-published"
    statement = (
        "Within the bound each day of a published calendar has the hours that its rule, the clinic's hours and clocks, "
        "vacations and blackout dates come to; what a calendar says of the clinic, the clinic has said."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._clinics: dict[str, list[ClinicSet]] = defaultdict(list)
        self._published: dict[DayOf, _Published] = {}
        self._told: dict[DayOf, Sessions] = {}

    @on(ClinicSet)
    def clinic_set(self, message: Message[ClinicSet]) -> None:
        self._clinics[message.data.clinic_id].append(message.data)

    @on(CalendarSet)
    def published(self, message: Message[CalendarSet]) -> None:
        event = message.data
        if not any(_is_of(event.hours, clinic) for clinic in self._clinics[event.clinic_id]):
            self.violate(f"{event.resource_id} keeps hours that are not those of {event.clinic_id}", message)
        sessions_of: dict[str, Sessions] = dict.fromkeys(days_of(event.before), ()) if event.before is not None else {}
        sessions_of.update(_read(event.hours))
        for day, sessions in sessions_of.items():
            key = (event.resource_id, day)
            since_us = message.time_us if self._told.get(key, ()) != sessions else 0
            self._published[key] = _Published(event.version, sessions, since_us)

    @on(CalendarChanged)
    def changed(self, message: Message[CalendarChanged]) -> None:
        event = message.data
        key = (event.resource_id, event.day)
        self._told[key] = event.sessions
        published = self._published.get(key)
        if published is None or event.calendar_version > published.version:
            self.violate(f"{event.resource_id} has hours on {event.day} that nobody published", message)
        elif event.sessions != published.sessions:
            if event.calendar_version == published.version:
                self.violate(f"{event.resource_id} has other hours on {event.day} than published", message)
            published.since_us = published.since_us or message.time_us
        elif published.since_us:
            late_us = message.time_us - published.since_us - self._bound_us
            if late_us > 0:
                self.violate(f"{event.resource_id} has its hours on {event.day} {late_us} us late", message)
            published.since_us = 0

    def finish(self, end_us: int) -> None:
        for (resource_id, day), published in self._published.items():
            if published.since_us and end_us > published.since_us + self._bound_us:
                text = f"{resource_id} never got the hours on {day} that were published"
                self.violate(text, subject=f"day/{resource_id}/{day}", time_us=end_us)


def _is_of(hours: WorkingHours, clinic: ClinicSet) -> bool:
    return (hours.zone, hours.clinic_hours, hours.blackouts) == (clinic.zone, clinic.hours, clinic.blackouts)


def _read(hours: WorkingHours) -> Iterator[tuple[str, Sessions]]:
    """Each day of ``hours`` and its sessions. Adding to a time with a zone moves the hands of the clock, as wanted."""
    zone = ZoneInfo(hours.zone)
    first, last = (datetime.fromisoformat(day).replace(tzinfo=zone) for day in (hours.first_day, hours.last_day))
    opens = max(_since_midnight(hours.hours.opens), _since_midnight(hours.clinic_hours.opens))
    closes = min(_since_midnight(hours.hours.closes), _since_midnight(hours.clinic_hours.closes))
    working = set(rrulestr(hours.rule, dtstart=first).between(first, last, inc=True))
    for number in range((last - first).days + 1):
        midnight = first + timedelta(days=number)
        day = midnight.strftime("%Y-%m-%d")
        off = day in hours.blackouts or any(away.first <= day <= away.last for away in hours.away)
        span = Span(_instant_us(midnight + opens), _instant_us(midnight + closes))
        is_open = midnight in working and not off and span.starts_us < span.ends_us
        yield day, (span,) if is_open else ()


def _since_midnight(wall_clock: str) -> timedelta:
    hours, minutes, *seconds = (int(part) for part in wall_clock.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


def _instant_us(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND_US
