"""trips, the second half: one ride from dock to dock. Aggregate ``trip``, keyed by trip_id.

Times are those of the devices at the docks, which may tell them late. A ride that was not returned within the limit is
overdue; a return whose device time lies within it ends the trip all the same, however late it arrives.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event
from ..kernel.transitions import TransitionTable
from .pricing import Plan, PlanName
from .terms import Terms

TripOutcome = Literal["ended", "lost"]
"""How a trip is done with: the bike was back in time, or it is charged for."""


class Ride(msgspec.Struct, frozen=True):
    """Who rides which trip on what; it travels with the bike."""

    trip_id: str
    rider_id: str
    pass_id: str
    plan: Plan


# Commands


class StartTrip(Command, frozen=True):
    """The bike has left its dock."""

    trip_id: str
    ride: Ride
    bike_id: str
    station_id: str
    started_at_us: int


class EndTrip(Command, frozen=True):
    """The bike was returned at ``ended_at_us``. Tells the start too, which may not be known yet."""

    trip_id: str
    ride: Ride
    bike_id: str
    from_station_id: str
    started_at_us: int
    station_id: str
    ended_at_us: int


class GrantFreeMinutes(Command, frozen=True):
    """A full station has sent the rider away."""

    trip_id: str
    station_id: str


class DeclareOverdue(Command, frozen=True):
    """The bike should have been back. Sent by time itself."""

    trip_id: str


class CloseTrip(Command, frozen=True):
    """Its fare is known (``ended``), or the lost bike has been charged for (``lost``)."""

    trip_id: str
    outcome: TripOutcome
    fare_cents: int


# Events


class TripStarted(Event, frozen=True):
    """The rider is on the way; the bike is lost if it is not back by ``overdue_at_us``."""

    trip_id: str
    ride: Ride
    bike_id: str
    station_id: str
    started_at_us: int
    overdue_at_us: int


class FreeMinutesGranted(Event, frozen=True):
    """This station was full: time is free to get to another one."""

    trip_id: str
    station_id: str
    bonus_us: int


class TripEnded(Event, frozen=True):
    """The bike was returned in time; ``bonus_us`` is all the free time that full stations gave."""

    trip_id: str
    ride: Ride
    bike_id: str
    station_id: str
    started_at_us: int
    ended_at_us: int
    bonus_us: int


class TripOverdue(Event, frozen=True):
    """The time is over and no return is known."""

    trip_id: str
    rider_id: str
    bike_id: str


class TripClosed(Event, frozen=True):
    """Nothing more is expected of the trip."""

    trip_id: str
    rider_id: str
    outcome: TripOutcome
    fare_cents: int
    plan: PlanName


TRIP = TransitionTable(
    "none",
    {
        ("none", TripStarted): "riding",
        ("riding", FreeMinutesGranted): "riding",
        ("riding", TripEnded): "ended",
        ("riding", TripOverdue): "overdue",
        ("overdue", TripEnded): "ended",
        ("overdue", TripClosed): "lost",
        ("lost", TripEnded): "ended",
        ("ended", TripClosed): "closed",
    },
)


CLOSES_FROM: dict[TripOutcome, str] = {"ended": "ended", "lost": "overdue"}
"""A lost bike's fee can overtake its return; the fare that follows closes the trip then, not the fee."""


class Trip(msgspec.Struct, frozen=True):
    """One trip; ``full_stations`` have sent the rider away."""

    trip_id: str
    status: str = TRIP.initial
    started: TripStarted | None = None
    full_stations: tuple[str, ...] = ()


class TripDecider(Decider[Trip]):
    """Decides when a trip has begun, ended, or gone on for too long."""

    name = "trip"
    key_field = "trip_id"
    commands = (StartTrip, EndTrip, GrantFreeMinutes, DeclareOverdue, CloseTrip)
    events = (TripStarted, FreeMinutesGranted, TripEnded, TripOverdue, TripClosed)
    transitions = TRIP

    def __init__(self, terms: Terms) -> None:
        self._overdue_after_us = terms.overdue_after_us
        self._bonus_us = terms.full_station_bonus_us

    def initial(self, key: str) -> Trip:
        return Trip(key)

    def decide(self, trip: Trip, command: Command, now_us: int) -> list[Event]:
        match command:
            case StartTrip():
                return [self._start(command, command.station_id)] if trip.started is None else []
            case EndTrip():
                return self._end(trip, command)
            case GrantFreeMinutes() if trip.status == "riding" and command.station_id not in trip.full_stations:
                return [FreeMinutesGranted(trip.trip_id, command.station_id, self._bonus_us)]
            case DeclareOverdue():
                return self._declare_overdue(trip, now_us)
            case CloseTrip() if trip.status == CLOSES_FROM[command.outcome] and trip.started is not None:
                ride = trip.started.ride
                return [TripClosed(trip.trip_id, ride.rider_id, command.outcome, command.fare_cents, ride.plan.name)]
            case _:
                return []

    def evolve(self, trip: Trip, event: Event) -> Trip:
        status = TRIP.next(trip.status, event)
        match event:
            case TripStarted():
                return Trip(trip.trip_id, status, event)
            case FreeMinutesGranted():
                full_stations = (*trip.full_stations, event.station_id)
                return msgspec.structs.replace(trip, status=status, full_stations=full_stations)
            case _:
                return msgspec.structs.replace(trip, status=status)

    def deadlines(self, trip: Trip) -> Iterable[Deadline]:
        if trip.status == "riding" and trip.started is not None:
            yield trip.started.overdue_at_us, DeclareOverdue(trip.trip_id)

    def _start(self, command: StartTrip | EndTrip, station_id: str) -> TripStarted:
        overdue_at_us = command.started_at_us + self._overdue_after_us
        ride = command.ride
        return TripStarted(command.trip_id, ride, command.bike_id, station_id, command.started_at_us, overdue_at_us)

    def _end(self, trip: Trip, command: EndTrip) -> list[Event]:
        if trip.status in ("ended", "closed"):
            return []
        started = trip.started or self._start(command, command.from_station_id)
        events: list[Event] = [] if trip.started is not None else [started]
        if command.ended_at_us < started.overdue_at_us:
            bonus_us = len(trip.full_stations) * self._bonus_us
            ended_at_us = max(started.started_at_us, command.ended_at_us)
            ride, bike_id, start_us = started.ride, started.bike_id, started.started_at_us
            station_id = command.station_id
            return [*events, TripEnded(trip.trip_id, ride, bike_id, station_id, start_us, ended_at_us, bonus_us)]
        if trip.status in ("overdue", "lost"):
            return []
        return [*events, TripOverdue(trip.trip_id, started.ride.rider_id, started.bike_id)]

    def _declare_overdue(self, trip: Trip, now_us: int) -> list[Event]:
        started = trip.started
        if trip.status != "riding" or started is None or now_us < started.overdue_at_us:
            return []
        return [TripOverdue(trip.trip_id, started.ride.rider_id, started.bike_id)]
