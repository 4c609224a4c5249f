"""Clinics and calendars: where, and when, patients are seen. Part of the schedules service.

Aggregate ``clinic``, keyed by clinic_id; aggregate ``calendar``, keyed by the resource that it is for: a provider or a
room. A calendar is replaced whole; each new one has the next version, and opens or closes the resource's days, those
that only the one before had among them.

A calendar carries the clinic's hours and blackouts. The clinic knows its providers and rooms, and tells them when these
change; each then publishes a calendar that follows. Its versions say which of two tidings is the newer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from ..kernel.decider import Decider
from ..kernel.message import Command, Event, Refused
from ..kernel.policy import reacts_to
from .schedules import ChangeDay
from .terms import Terms
from .working_hours import DayRange, Hours, Span, WorkingHours, days_of, sessions_by_day

Kind = Literal["provider", "room"]

# Commands


class SetClinic(Command, frozen=True):
    """Say where a clinic is, when it is open, and on which days it is not."""

    clinic_id: str
    zone: str
    hours: Hours
    blackouts: tuple[str, ...]


class SetCalendar(Command, frozen=True):
    """Say when a provider or a room can be had; ``hours`` take those of the clinic from its ``clinic_version``."""

    resource_id: str
    kind: Kind
    clinic_id: str
    services: tuple[str, ...]
    hours: WorkingHours
    clinic_version: int


class AddResource(Command, frozen=True):
    """A provider or a room has its first calendar; the clinic is to tell it of new hours."""

    clinic_id: str
    resource_id: str


class FollowClinic(Command, frozen=True):
    """The clinic has other hours or blackouts: the calendar takes them over."""

    resource_id: str
    clinic_version: int
    hours: Hours
    blackouts: tuple[str, ...]


# Events


class ClinicSet(Event, frozen=True):
    """The clinic is there, with these hours; ``resources`` are the providers and rooms that they are news to."""

    clinic_id: str
    zone: str
    hours: Hours
    blackouts: tuple[str, ...]
    version: int
    resources: tuple[str, ...]


class ResourceAdded(Event, frozen=True):
    """The clinic has one more provider or room; its hours may have changed since the calendar was written."""

    clinic_id: str
    resource_id: str
    version: int
    hours: Hours
    blackouts: tuple[str, ...]


class CalendarSet(Event, frozen=True):
    """This calendar counts from now on; visits begin on a grid of ``slot_us``. ``before`` are the last one's days."""

    resource_id: str
    kind: Kind
    clinic_id: str
    services: tuple[str, ...]
    hours: WorkingHours
    version: int
    slot_us: int
    clinic_version: int
    before: DayRange | None


class Clinic(msgspec.Struct, frozen=True):
    """What staff have said last of a clinic, and its providers and rooms, in the order in which they came."""

    latest: ClinicSet | None = None
    resources: tuple[str, ...] = ()


class ClinicDecider(Decider[Clinic]):
    """Takes in what staff say of one clinic. Its time zone stays: all its times are told in it."""

    name = "clinic"
    key_field = "clinic_id"
    commands = (SetClinic, AddResource)
    events = (ClinicSet, ResourceAdded)

    def initial(self, key: str) -> Clinic:
        return Clinic()

    def decide(self, clinic: Clinic, command: Command, now_us: int) -> list[Event]:
        match command:
            case SetClinic():
                return _set_clinic(clinic, command)
            case AddResource():
                return _add_resource(clinic, command)
            case _:
                raise TypeError(f"clinic does not decide {type(command).__name__}")

    def evolve(self, clinic: Clinic, event: Event) -> Clinic:
        if isinstance(event, ClinicSet):
            return Clinic(event, event.resources)
        assert isinstance(event, ResourceAdded)
        return Clinic(clinic.latest, (*clinic.resources, event.resource_id))


def _set_clinic(clinic: Clinic, command: SetClinic) -> list[Event]:
    latest = clinic.latest
    if latest is not None and latest.zone != command.zone:
        return [Refused("zone-fixed", f"the clocks of {command.clinic_id} are in {latest.zone}")]
    if latest is not None and (latest.hours, latest.blackouts) == (command.hours, command.blackouts):
        return []
    version = 1 if latest is None else latest.version + 1
    return [ClinicSet(command.clinic_id, command.zone, command.hours, command.blackouts, version, clinic.resources)]


def _add_resource(clinic: Clinic, command: AddResource) -> list[Event]:
    latest = clinic.latest
    if latest is None or command.resource_id in clinic.resources:
        return []
    return [ResourceAdded(command.clinic_id, command.resource_id, latest.version, latest.hours, latest.blackouts)]


class CalendarDecider(Decider[CalendarSet | None]):
    """Decides which calendar of one provider or room counts. The state is that calendar; whose it is, stays."""

    name = "calendar"
    key_field = "resource_id"
    commands = (SetCalendar, FollowClinic)
    events = (CalendarSet,)

    def __init__(self, terms: Terms) -> None:
        self._slot_us = terms.slot_us

    def initial(self, key: str) -> CalendarSet | None:
        return None

    def decide(self, calendar: CalendarSet | None, command: Command, now_us: int) -> list[Event]:
        match command:
            case SetCalendar():
                return self._set(calendar, command)
            case FollowClinic():
                return _follow(calendar, command)
            case _:
                raise TypeError(f"calendar does not decide {type(command).__name__}")

    def evolve(self, calendar: CalendarSet | None, event: Event) -> CalendarSet:
        assert isinstance(event, CalendarSet)
        return event

    def _set(self, calendar: CalendarSet | None, command: SetCalendar) -> list[Event]:
        if calendar is None:
            return [self._calendar(command, 1, None)]
        if (command.kind, command.clinic_id) != (calendar.kind, calendar.clinic_id):
            return [Refused("calendar-taken", f"{command.resource_id} is a {calendar.kind} of {calendar.clinic_id}")]
        event = self._calendar(command, calendar.version + 1, _days(calendar))
        if command.clinic_version >= calendar.clinic_version:
            return [event]
        # Whoever wrote it has not seen yet what the clinic has told since.
        clinic_hours, blackouts = calendar.hours.clinic_hours, calendar.hours.blackouts
        return [_within(event, calendar.clinic_version, clinic_hours, blackouts)]

    def _calendar(self, command: SetCalendar, version: int, before: DayRange | None) -> CalendarSet:
        return CalendarSet(
            command.resource_id,
            command.kind,
            command.clinic_id,
            command.services,
            command.hours,
            version,
            self._slot_us,
            command.clinic_version,
            before,
        )


def _follow(calendar: CalendarSet | None, command: FollowClinic) -> list[Event]:
    if calendar is None or command.clinic_version <= calendar.clinic_version:
        return []
    event = msgspec.structs.replace(calendar, version=calendar.version + 1, before=_days(calendar))
    return [_within(event, command.clinic_version, command.hours, command.blackouts)]


def _within(event: CalendarSet, clinic_version: int, clinic_hours: Hours, blackouts: tuple[str, ...]) -> CalendarSet:
    """The same calendar within these hours of the clinic."""
    hours = msgspec.structs.replace(event.hours, clinic_hours=clinic_hours, blackouts=blackouts)
    return msgspec.structs.replace(event, hours=hours, clinic_version=clinic_version)


def _days(calendar: CalendarSet) -> DayRange:
    return DayRange(calendar.hours.first_day, calendar.hours.last_day)


@reacts_to(CalendarSet)
def change_days(event: CalendarSet) -> Iterator[Command]:
    """Every day of the calendar learns its sessions, and one that the calendar before had alone that it has none."""
    sessions_of: dict[str, tuple[Span, ...]] = {}
    if event.before is not None:
        sessions_of = dict.fromkeys(days_of(event.before), ())
    sessions_of |= sessions_by_day(event.hours)
    for day, sessions in sessions_of.items():
        yield ChangeDay(event.resource_id, day, event.kind, event.clinic_id, event.version, sessions)


@reacts_to(CalendarSet)
def add_resource(event: CalendarSet) -> Iterator[Command]:
    """The clinic learns of each provider and room once."""
    if event.version == 1:
        yield AddResource(event.clinic_id, event.resource_id)


@reacts_to(ClinicSet)
def tell_resources(event: ClinicSet) -> Iterator[Command]:
    """Every provider and room of the clinic learns its new hours."""
    for resource_id in event.resources:
        yield FollowClinic(resource_id, event.version, event.hours, event.blackouts)


@reacts_to(ResourceAdded)
def tell_new_resource(event: ResourceAdded) -> Iterator[Command]:
    """Whoever was added while the hours changed learns them, too."""
    yield FollowClinic(event.resource_id, event.version, event.hours, event.blackouts)


POLICIES = (change_days, add_resource, tell_resources, tell_new_resource)
