"""The API calls of the schedules: what staff say of clinics and calendars, and the search for free times."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice

from ..kernel.edge import instant_us
from ..kernel.operation import ANYONE, Action, Call, Outcome, Query
from ..kernel.problem import NOT_FOUND, UNPROCESSABLE, Problem
from ..kernel.projection import Views
from .calendars import CalendarSet, ClinicSet, SetCalendar, SetClinic
from .local_time import BadZone, local_text, zone_named
from .requests import (
    AvailabilityBody,
    AvailabilityParameters,
    CalendarBody,
    CalendarRequest,
    ClinicBody,
    ClinicRequest,
    OpeningBody,
)
from .roles import FRONT_DESK
from .schedules import SERVICES
from .terms import DAY_US, MINUTE_US
from .times import provider_calendar
from .views import CalendarsView, DaysView
from .working_hours import BadHours, DayRange, Hours, WorkingHours, check_hours, check_working_hours, day_named

SEARCHED_US = 92 * DAY_US
"""How far ahead a search looks if it is not told when to stop."""

RESOURCES_AT_MOST = 500
"""How many providers and rooms a clinic has at most: when its hours change, one message names them all."""


def set_clinic(call: Call, views: Views) -> SetClinic:
    request: ClinicRequest = call.body
    hours = Hours(request.hours.opens, request.hours.closes)
    try:
        zone_named(request.zone)
        check_hours(hours)
        for day in request.blackouts:
            day_named(day)
    except (BadZone, BadHours) as error:
        raise Problem(UNPROCESSABLE, str(error)) from error
    return SetClinic(call.path["clinic_id"], request.zone, hours, request.blackouts)


def clinic_outcome(command: SetClinic, views: Views) -> Outcome:
    return Outcome(ClinicBody(command.clinic_id, command.zone, command.hours.opens, command.hours.closes))


def set_calendar(call: Call, views: Views) -> SetCalendar:
    request: CalendarRequest = call.body
    clinic = _clinic(request.clinic_id, views)
    unknown = [service for service in request.services if service not in SERVICES]
    if unknown:
        raise Problem(UNPROCESSABLE, f"there is no service {unknown[0]!r}; choose from {', '.join(SERVICES)}")
    hours = WorkingHours(
        clinic.zone,
        request.rule,
        request.first_day,
        request.last_day,
        Hours(request.hours.opens, request.hours.closes),
        clinic.hours,
        tuple(DayRange(away.first, away.last) for away in request.away),
        clinic.blackouts,
    )
    try:
        check_working_hours(hours)
    except BadHours as error:
        raise Problem(UNPROCESSABLE, str(error)) from error
    resource_id = call.path["resource_id"]
    _check_size(resource_id, request.clinic_id, views)
    return SetCalendar(resource_id, request.kind, request.clinic_id, request.services, hours, clinic.version)


def _check_size(resource_id: str, clinic_id: str, views: Views) -> None:
    calendars = views.get(CalendarsView).calendars
    if resource_id in calendars:
        return
    if sum(each.clinic_id == clinic_id for each in calendars.values()) >= RESOURCES_AT_MOST:
        raise Problem(UNPROCESSABLE, f"{clinic_id} has {RESOURCES_AT_MOST} providers and rooms, and no clinic has more")


def calendar_outcome(command: SetCalendar, views: Views) -> Outcome:
    calendar = views.get(CalendarsView).calendars[command.resource_id]
    minutes = calendar.slot_us / MINUTE_US
    return Outcome(CalendarBody(command.resource_id, calendar.kind, calendar.clinic_id, calendar.version, minutes))


def _clinic(clinic_id: str, views: Views) -> ClinicSet:
    clinic = views.get(CalendarsView).clinics.get(clinic_id)
    if clinic is None:
        raise Problem(NOT_FOUND, f"there is no clinic {clinic_id!r}")
    return clinic


def search_availability(call: Call, views: Views) -> Outcome:
    """The earliest free times. What is shown may be gone a moment later: only a booking decides."""
    wanted: AvailabilityParameters = call.body
    clinic = _clinic(wanted.clinic_id, views)
    if wanted.service not in SERVICES:
        raise Problem(NOT_FOUND, f"there is no service {wanted.service!r}; choose from {', '.join(SERVICES)}")
    earliest_us = max(call.now_us + 1, _instant(wanted.earliest, call.now_us + 1))
    latest_us = _instant(wanted.latest, earliest_us + SEARCHED_US)
    found = merge(*(_openings(views, each, wanted.service, earliest_us, latest_us) for each in _asked(views, wanted)))
    zone = zone_named(clinic.zone)
    openings = [
        OpeningBody(
            wanted.clinic_id, provider_id, wanted.service, local_text(starts_us, zone), local_text(ends_us, zone)
        )
        for starts_us, provider_id, ends_us in islice(found, wanted.limit)
    ]
    return Outcome(AvailabilityBody(openings))


def _asked(views: Views, wanted: AvailabilityParameters) -> list[CalendarSet]:
    if wanted.provider_id is not None:
        calendar = provider_calendar(views, wanted.provider_id, wanted.service)
        return [calendar] if calendar.clinic_id == wanted.clinic_id else []
    providers = views.get(CalendarsView).of(wanted.clinic_id, "provider")
    return [calendar for calendar in providers if wanted.service in calendar.services]


def _openings(
    views: Views, calendar: CalendarSet, service: str, earliest_us: int, latest_us: int
) -> Iterator[tuple[int, str, int]]:
    """The times at which the provider is free, and some room of the clinic, too."""
    length_us = SERVICES[service] * calendar.slot_us
    view = views.get(DaysView)
    rooms = [view.days.get(room.resource_id, {}) for room in views.get(CalendarsView).of(calendar.clinic_id, "room")]
    for day in view.of(calendar.resource_id):
        places = [days[day.day] for days in rooms if day.day in days]
        for starts_us in day.openings(length_us, calendar.slot_us, earliest_us, latest_us):
            ends_us = starts_us + length_us
            if any(place.free(starts_us, ends_us) for place in places):
                yield starts_us, calendar.resource_id, ends_us


def _instant(text: str | None, otherwise_us: int) -> int:
    if text is None:
        return otherwise_us
    try:
        return instant_us(text)
    except ValueError as error:
        raise Problem(UNPROCESSABLE, str(error)) from error


SCHEDULES: tuple[Action | Query, ...] = (
    Action(
        "set_clinic",
        "PUT",
        "/clinics/{clinic_id}",
        "Say where a clinic is and when it is open",
        (FRONT_DESK,),
        set_clinic,
        clinic_outcome,
        ClinicBody,
        body=ClinicRequest,
    ),
    Action(
        "set_calendar",
        "PUT",
        "/calendars/{resource_id}",
        "Say when a provider or a room can be had",
        (FRONT_DESK,),
        set_calendar,
        calendar_outcome,
        CalendarBody,
        body=CalendarRequest,
    ),
    Query(
        "search_availability",
        "/availability",
        "Search for free times",
        (ANYONE,),
        search_availability,
        AvailabilityBody,
        parameters=AvailabilityParameters,
    ),
)
