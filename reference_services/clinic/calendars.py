"""Clinics and calendars: where, and when, patients are seen. Part of the schedules service.

Aggregate ``clinic``, keyed by clinic_id; aggregate ``calendar``, keyed by the resource that it is for: a provider or a
room. A calendar is replaced whole; each new one has the next version, and opens or closes the resource's days, those
that only the one before had among them.
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
    """Say when a provider or a room of a clinic can be had."""

    resource_id: str
    kind: Kind
    clinic_id: str
    services: tuple[str, ...]
    hours: WorkingHours


# Events


class ClinicSet(Event, frozen=True):
    """The clinic is there, with these hours."""

    clinic_id: str
    zone: str
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
    before: DayRange | None = None


class ClinicDecider(Decider[str]):
    """Takes in what staff say of one clinic. The state is its time zone, which stays: all its times are told in it."""

    name = "clinic"
    key_field = "clinic_id"
    commands = (SetClinic,)
    events = (ClinicSet,)

    def initial(self, key: str) -> str:
        return ""

    def decide(self, zone: str, command: Command, now_us: int) -> list[Event]:
        assert isinstance(command, SetClinic)
        if zone not in ("", command.zone):
            return [Refused("zone-fixed", f"the clocks of {command.clinic_id} are in {zone}")]
        return [ClinicSet(command.clinic_id, command.zone, command.hours, command.blackouts)]

    def evolve(self, zone: str, event: Event) -> str:
        assert isinstance(event, ClinicSet)
        return event.zone


class Calendar(msgspec.Struct, frozen=True):
    """The version of the calendar that counts (0: none yet), its days, and whose it is, which stays."""

    version: int = 0
    kind: str = ""
    clinic_id: str = ""
    days: DayRange | None = None


class CalendarDecider(Decider[Calendar]):
    """Decides which calendar of one provider or room counts."""

    name = "calendar"
    key_field = "resource_id"
    commands = (SetCalendar,)
    events = (CalendarSet,)

    def __init__(self, terms: Terms) -> None:
        self._slot_us = terms.slot_us

    def initial(self, key: str) -> Calendar:
        return Calendar()

    def decide(self, calendar: Calendar, command: Command, now_us: int) -> list[Event]:
        assert isinstance(command, SetCalendar)
        if calendar.version and (command.kind, command.clinic_id) != (calendar.kind, calendar.clinic_id):
            return [Refused("calendar-taken", f"{command.resource_id} is a {calendar.kind} of {calendar.clinic_id}")]
        return [
            CalendarSet(
                command.resource_id,
                command.kind,
                command.clinic_id,
                command.services,
                command.hours,
                calendar.version + 1,
                self._slot_us,
                calendar.days,
            )
        ]

    def evolve(self, calendar: Calendar, event: Event) -> Calendar:
        assert isinstance(event, CalendarSet)
        days = DayRange(event.hours.first_day, event.hours.last_day)
        return Calendar(event.version, event.kind, event.clinic_id, days)


@reacts_to(CalendarSet)
def change_days(event: CalendarSet) -> Iterator[Command]:
    """Every day of the calendar learns its sessions, and one that the calendar before had alone that it has none."""
    sessions_of: dict[str, tuple[Span, ...]] = {}
    if event.before is not None:
        sessions_of = dict.fromkeys(days_of(event.before), ())
    sessions_of |= sessions_by_day(event.hours)
    for day, sessions in sessions_of.items():
        yield ChangeDay(event.resource_id, day, event.kind, event.clinic_id, event.version, sessions)


POLICIES = (change_days,)
