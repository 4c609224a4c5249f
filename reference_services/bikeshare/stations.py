"""fleet, the first half: docks. Aggregate ``station``, keyed by station_id: the authority on whether a dock is free.

An online dock asks before it closes, and a full station says no. A dock that was offline tells what it did: the bike
is there, whatever our books say, and if they say that all docks are taken it goes to the operator's hands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from ..kernel.decider import Decider
from ..kernel.message import Command, Event, Refused

Hands = Literal["dock", "van"]
"""Who put the bike into the dock: a rider, or the operator's van."""

# Commands


class OpenStation(Command, frozen=True):
    """A station opens with so many docks and these bikes in them."""

    station_id: str
    name: str
    latitude_e6: int
    longitude_e6: int
    docks: int
    bikes: tuple[str, ...]


class ReturnBike(Command, frozen=True):
    """A bike stands at a dock since ``docked_at_us``, by the device's clock.

    ``buffered``: the dock was offline and has closed already. ``maintenance``: it is one for bikes to be repaired.
    """

    station_id: str
    bike_id: str
    docked_at_us: int
    buffered: bool
    maintenance: bool
    hands: Hands


class FreeDock(Command, frozen=True):
    """The bike that was docked at ``docked_at_us`` is not there any more."""

    station_id: str
    bike_id: str
    docked_at_us: int


# Events


class StationOpened(Event, frozen=True):
    """The station takes and gives bikes."""

    station_id: str
    name: str
    latitude_e6: int
    longitude_e6: int
    docks: int
    bikes: tuple[str, ...]
    opened_at_us: int


class ReturnTaken(Event, frozen=True):
    """A dock has closed on the bike."""

    station_id: str
    bike_id: str
    docked_at_us: int
    maintenance: bool
    hands: Hands


class ReturnRefused(Event, frozen=True):
    """All docks are taken: the bike has to go elsewhere."""

    station_id: str
    bike_id: str
    at_us: int


class ReturnOverflowed(Event, frozen=True):
    """An offline dock has taken the bike though by our books all are taken; the operator takes care of it."""

    station_id: str
    bike_id: str
    docked_at_us: int
    maintenance: bool


class ReturnIgnored(Event, frozen=True):
    """The same return was told before."""

    station_id: str
    bike_id: str
    docked_at_us: int


class DockFreed(Event, frozen=True):
    """A dock is free again."""

    station_id: str
    bike_id: str


class StationChanged(Event, frozen=True):
    """How many docks are taken now; ``empty_change`` and ``full_change`` are 1 if it became so, -1 if it ended."""

    station_id: str
    bikes: int
    docks: int
    empty_change: int
    full_change: int


class Station(msgspec.Struct, frozen=True):
    """One station and when each of its bikes was docked."""

    station_id: str
    docks: int = 0
    bikes: Mapping[str, int] = {}


class StationDecider(Decider[Station]):
    """Decides which docks are taken."""

    name = "station"
    key_field = "station_id"
    commands = (OpenStation, ReturnBike, FreeDock)
    events = (StationOpened, ReturnTaken, ReturnRefused, ReturnOverflowed, ReturnIgnored, DockFreed, StationChanged)

    def initial(self, key: str) -> Station:
        return Station(key)

    def decide(self, station: Station, command: Command, now_us: int) -> list[Event]:
        match command:
            case OpenStation():
                return _open(station, command, now_us)
            case ReturnBike():
                return _return(station, command)
            case FreeDock():
                if station.bikes.get(command.bike_id) != command.docked_at_us:
                    return []
                return [DockFreed(station.station_id, command.bike_id), _changed(station, len(station.bikes) - 1)]
            case _:
                raise TypeError(f"station does not decide {type(command).__name__}")

    def evolve(self, station: Station, event: Event) -> Station:
        change = msgspec.structs.replace
        match event:
            case StationOpened():
                return Station(event.station_id, event.docks, dict.fromkeys(event.bikes, event.opened_at_us))
            case ReturnTaken():
                return change(station, bikes={**station.bikes, event.bike_id: event.docked_at_us})
            case DockFreed():
                return change(station, bikes={bike: at for bike, at in station.bikes.items() if bike != event.bike_id})
            case _:
                return station


def _open(station: Station, command: OpenStation, now_us: int) -> list[Event]:
    if station.docks:
        return [Refused("station-exists")]
    if len(command.bikes) > command.docks:
        return [Refused("station-full", f"{len(command.bikes)} bikes do not fit into {command.docks} docks")]
    opened = StationOpened(
        command.station_id,
        command.name,
        command.latitude_e6,
        command.longitude_e6,
        command.docks,
        command.bikes,
        now_us,
    )
    bikes, docks = len(command.bikes), command.docks
    return [opened, StationChanged(command.station_id, bikes, docks, int(bikes == 0), int(bikes == docks))]


def _return(station: Station, command: ReturnBike) -> list[Event]:
    if not station.docks:
        return [Refused("no-such-station")]
    station_id, bike_id, docked_at_us = command.station_id, command.bike_id, command.docked_at_us
    known_at_us = station.bikes.get(bike_id)
    if known_at_us is not None and docked_at_us <= known_at_us:
        return [ReturnIgnored(station_id, bike_id, docked_at_us)]
    taken = ReturnTaken(station_id, bike_id, docked_at_us, command.maintenance, command.hands)
    if known_at_us is not None:
        return [taken]  # it left and came back before anybody told us that it left
    if len(station.bikes) < station.docks:
        return [taken, _changed(station, len(station.bikes) + 1)]
    if command.buffered:
        return [ReturnOverflowed(station_id, bike_id, docked_at_us, command.maintenance)]
    return [ReturnRefused(station_id, bike_id, docked_at_us)]


def _changed(station: Station, bikes: int) -> StationChanged:
    before, docks = len(station.bikes), station.docks
    empty_change = int(bikes == 0) - int(before == 0)
    full_change = int(bikes == docks) - int(before == docks)
    return StationChanged(station.station_id, bikes, docks, empty_change, full_change)
