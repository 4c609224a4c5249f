"""trips, the first half: at most one trip a rider. Aggregate ``rider``, keyed by rider_id: the rider's guard.

An unlock passes the guard first, then the entitlement, then the bike; whoever says no gives the guard back.
"""

from __future__ import annotations

import msgspec

from ..kernel.decider import Decider
from ..kernel.message import Command, Event, Refused
from ..kernel.transitions import TransitionTable

# Commands


class RequestUnlock(Command, frozen=True):
    """A rider stands at a dock and wants this bike."""

    rider_id: str
    trip_id: str
    bike_id: str


class OfferBike(Command, frozen=True):
    """The bike is kept for the rider and its dock opens."""

    rider_id: str
    trip_id: str
    station_id: str


class RefuseUnlock(Command, frozen=True):
    """The trip cannot begin."""

    rider_id: str
    trip_id: str
    reason: str


class BeginRide(Command, frozen=True):
    """The trip has begun."""

    rider_id: str
    trip_id: str


class EndRide(Command, frozen=True):
    """The trip is over, or the bike is given up for lost."""

    rider_id: str
    trip_id: str


# Events


class UnlockRequested(Event, frozen=True):
    """The rider has no other trip, and wants this bike."""

    rider_id: str
    trip_id: str
    bike_id: str


class BikeOffered(Event, frozen=True):
    """The dock opens: the rider may pull the bike out."""

    rider_id: str
    trip_id: str
    bike_id: str
    station_id: str


class UnlockRefused(Event, frozen=True):
    """The trip came to nothing; the rider may ask for another bike."""

    rider_id: str
    trip_id: str
    bike_id: str
    reason: str


class RideBegan(Event, frozen=True):
    """The rider is on the way."""

    rider_id: str
    trip_id: str


class RideEnded(Event, frozen=True):
    """The rider may begin another trip."""

    rider_id: str
    trip_id: str


RIDER = TransitionTable(
    "idle",
    {
        ("idle", UnlockRequested): "unlocking",
        ("unlocking", BikeOffered): "offered",
        ("unlocking", RideBegan): "riding",
        ("unlocking", UnlockRefused): "idle",
        ("unlocking", RideEnded): "idle",
        ("offered", RideBegan): "riding",
        ("offered", UnlockRefused): "idle",
        ("offered", RideEnded): "idle",
        ("riding", RideEnded): "idle",
    },
)


class Rider(msgspec.Struct, frozen=True):
    """A rider and the one trip that there may be; ``trip_id`` is that of the last trip while idle."""

    rider_id: str
    status: str = RIDER.initial
    trip_id: str = ""
    bike_id: str = ""


class RiderDecider(Decider[Rider]):
    """Decides whether a rider may ask for a bike now."""

    name = "rider"
    key_field = "rider_id"
    commands = (RequestUnlock, OfferBike, RefuseUnlock, BeginRide, EndRide)
    events = (UnlockRequested, BikeOffered, UnlockRefused, RideBegan, RideEnded)
    transitions = RIDER

    def initial(self, key: str) -> Rider:
        return Rider(key)

    def decide(self, rider: Rider, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, RequestUnlock):
            if rider.status != RIDER.initial:
                return [Refused("trip-under-way", f"return {rider.bike_id} first")]
            return [UnlockRequested(command.rider_id, command.trip_id, command.bike_id)]
        event = _what_happened(rider, command)
        if rider.trip_id != getattr(command, "trip_id", "") or not RIDER.allows(rider.status, type(event)):
            return []
        return [event]

    def evolve(self, rider: Rider, event: Event) -> Rider:
        status = RIDER.next(rider.status, event)
        if isinstance(event, UnlockRequested):
            return Rider(rider.rider_id, status, event.trip_id, event.bike_id)
        return msgspec.structs.replace(rider, status=status)


def _what_happened(rider: Rider, command: Command) -> Event:
    match command:
        case OfferBike():
            return BikeOffered(rider.rider_id, command.trip_id, rider.bike_id, command.station_id)
        case RefuseUnlock():
            return UnlockRefused(rider.rider_id, command.trip_id, rider.bike_id, command.reason)
        case BeginRide():
            return RideBegan(rider.rider_id, command.trip_id)
        case EndRide():
            return RideEnded(rider.rider_id, command.trip_id)
        case _:
            raise TypeError(f"rider does not decide {type(command).__name__}")
