"""One trip a rider, one a bike; every bike somewhere."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..bike_messages import (
    BikeDocked,
    BikeFound,
    BikeHandedIn,
    BikeLeftUnseen,
    BikeLoaded,
    BikeMissing,
    BikeReturned,
    BikeUnlocked,
)
from ..stations import DockFreed, ReturnTaken, StationOpened
from ..trips import TripEnded, TripOverdue, TripStarted


class OneTripARider(Invariant):
    """Remembers the trip that each rider is on."""

    name = "one-trip-a-rider"
    statement = "No rider begins a trip while another one of theirs is neither ended nor overdue."

    def __init__(self) -> None:
        super().__init__()
        self._riding: dict[str, str] = {}

    @on(TripStarted)
    def started(self, message: Message[TripStarted]) -> None:
        event = message.data
        rider_id = event.ride.rider_id
        if rider_id in self._riding:
            self.violate(f"{rider_id} begins {event.trip_id} while on {self._riding[rider_id]}", message)
        self._riding[rider_id] = event.trip_id

    @on(TripEnded)
    def ended(self, message: Message[TripEnded]) -> None:
        self._over(message.data.ride.rider_id, message.data.trip_id)

    @on(TripOverdue)
    def overdue(self, message: Message[TripOverdue]) -> None:
        self._over(message.data.rider_id, message.data.trip_id)

    def _over(self, rider_id: str, trip_id: str) -> None:
        if self._riding.get(rider_id) == trip_id:
            del self._riding[rider_id]


class OneTripABike(Invariant):
    """Remembers the trip that each bike is on."""

    name = "one-trip-a-bike"
    statement = "No bike leaves for a trip while it is out on another one, and it returns from the one it is on."

    def __init__(self) -> None:
        super().__init__()
        self._trips: dict[str, str] = {}

    @on(BikeUnlocked)
    def unlocked(self, message: Message[BikeUnlocked]) -> None:
        event = message.data
        if event.bike_id in self._trips:
            self.violate(f"{event.bike_id} leaves on {event.ride.trip_id} and {self._trips[event.bike_id]}", message)
        self._trips[event.bike_id] = event.ride.trip_id

    @on(BikeReturned)
    def returned(self, message: Message[BikeReturned]) -> None:
        event = message.data
        if self._trips.pop(event.bike_id, "") != event.ride.trip_id:
            self.violate(f"{event.bike_id} returns from {event.ride.trip_id}, on which it is not", message)


class BikesConserved(Invariant):
    """Keeps the place of each bike and the docks of each station, from what either says."""

    name = "bikes-conserved"
    statement = (
        "Each bike is in exactly one of dock, trip, van and missing; a station never has more bikes than docks, and at "
        "the end stations and bikes agree."
    )

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[str, str] = {}
        self._docks: dict[str, int] = {}
        self._docked: dict[str, set[str]] = {}

    @on(StationOpened)
    def opened(self, message: Message[StationOpened]) -> None:
        event = message.data
        self._docks[event.station_id] = event.docks
        self._docked[event.station_id] = set(event.bikes)

    @on(ReturnTaken)
    def taken(self, message: Message[ReturnTaken]) -> None:
        event = message.data
        docked = self._docked[event.station_id]
        docked.add(event.bike_id)
        if len(docked) > self._docks[event.station_id]:
            self.violate(f"{event.station_id}: {len(docked)} bikes in {self._docks[event.station_id]} docks", message)

    @on(DockFreed)
    def freed(self, message: Message[DockFreed]) -> None:
        event = message.data
        if event.bike_id not in self._docked[event.station_id]:
            self.violate(f"{event.station_id} frees a dock of {event.bike_id}, which has none", message)
        self._docked[event.station_id].discard(event.bike_id)

    @on(BikeUnlocked)
    def unlocked(self, message: Message[BikeUnlocked]) -> None:
        self._move(message, message.data.bike_id, f"dock {message.data.station_id}", "trip")

    @on(BikeReturned)
    def returned(self, message: Message[BikeReturned]) -> None:
        self._move(message, message.data.bike_id, "trip", "")

    @on(BikeMissing)
    def missing(self, message: Message[BikeMissing]) -> None:
        self._move(message, message.data.bike_id, "trip", "missing")

    @on(BikeFound)
    def found(self, message: Message[BikeFound]) -> None:
        self._move(message, message.data.bike_id, "missing", "trip")

    @on(BikeLoaded)
    def loaded(self, message: Message[BikeLoaded]) -> None:
        self._move(message, message.data.bike_id, f"dock {message.data.station_id}", "van")

    @on(BikeLeftUnseen)
    def left(self, message: Message[BikeLeftUnseen]) -> None:
        self._move(message, message.data.bike_id, f"dock {message.data.station_id}", "")

    @on(BikeDocked)
    def docked(self, message: Message[BikeDocked]) -> None:
        self._put_down(message, message.data.bike_id, f"dock {message.data.station_id}")

    @on(BikeHandedIn)
    def handed_in(self, message: Message[BikeHandedIn]) -> None:
        self._put_down(message, message.data.bike_id, "van")

    def finish(self, end_us: int) -> None:
        said = {bike: f"dock {station}" for station, bikes in self._docked.items() for bike in bikes}
        for bike, place in self._places.items():
            if place == "" or said.pop(bike, place if not place.startswith("dock ") else "") != place:
                self.violate(f"{bike} is at {place!r}, no station says so", subject=f"bike/{bike}", time_us=end_us)
        for bike, place in said.items():
            self.violate(f"{bike} stands in {place}, the bike does not", subject=f"bike/{bike}", time_us=end_us)

    def _put_down(self, message: Message, bike_id: str, place: str) -> None:
        before = self._places.get(bike_id, "")
        if before not in ("", "van"):
            self.violate(f"{bike_id} comes to {place}, but is at {before}", message)
        self._places[bike_id] = place

    def _move(self, message: Message, bike_id: str, before: str, after: str) -> None:
        if self._places.get(bike_id) != before:
            self.violate(f"{bike_id} moves from {before}, but is at {self._places.get(bike_id)!r}", message)
        self._places[bike_id] = after
