"""The bike share's read models: what the API and the public feed show, folded from events."""

from __future__ import annotations

from ..kernel.message import Message
from ..kernel.observer import on
from ..kernel.projection import View
from .account_messages import (
    ChargeFailed,
    ChargeRefunded,
    ChargeRequested,
    ChargeSucceeded,
    DisputeOpened,
    DisputeSettled,
    RefundStarted,
)
from .bike_messages import (
    BikeDocked,
    BikeFlagged,
    BikeHandedIn,
    BikeLoaded,
    BikeMissing,
    BikeRepaired,
    BikeReserved,
    BikeUnlocked,
    UnlockFailed,
)
from .passes import (
    PassActivated,
    PassExpired,
    PassPaid,
    PassPurchased,
    PassRenewed,
    PassUnpaid,
    RenewalDue,
    RenewalFailed,
)
from .riders import BikeOffered, UnlockRefused, UnlockRequested
from .stations import (
    DockFreed,
    ReturnIgnored,
    ReturnOverflowed,
    ReturnRefused,
    ReturnTaken,
    StationChanged,
    StationOpened,
)
from .trips import TripClosed, TripEnded, TripOverdue, TripStarted


class PassEntry:
    """A pass as its owner sees it."""

    __slots__ = ("pass_id", "plan", "reason", "rider_id", "status", "until_us")

    def __init__(self, bought: PassPurchased) -> None:
        self.pass_id = bought.pass_id
        self.rider_id = bought.rider_id
        self.plan = bought.plan
        self.status = "unpaid"
        self.reason = ""
        self.until_us = 0


class PassesView(View):
    """Passes by pass_id, and each rider's, oldest first."""

    def __init__(self) -> None:
        self.passes: dict[str, PassEntry] = {}
        self.by_rider: dict[str, list[str]] = {}

    @on(PassPurchased)
    def purchased(self, message: Message[PassPurchased]) -> None:
        event = message.data
        self.passes[event.pass_id] = PassEntry(event)
        self.by_rider.setdefault(event.rider_id, []).append(event.pass_id)

    @on(PassActivated, PassRenewed)
    def works(self, message: Message[PassActivated | PassRenewed]) -> None:
        entry = self.passes[message.data.pass_id]
        entry.status, entry.until_us = "active", message.data.until_us

    @on(PassUnpaid)
    def unpaid(self, message: Message[PassUnpaid]) -> None:
        entry = self.passes[message.data.pass_id]
        entry.status, entry.reason = "failed", message.data.reason

    @on(PassPaid, RenewalDue, RenewalFailed, PassExpired)
    def moved_on(self, message: Message[PassPaid]) -> None:
        self.passes[message.data.pass_id].status = PASS_STATUS_AFTER[type(message.data)]


PASS_STATUS_AFTER: dict[type, str] = {
    PassPaid: "paid",
    RenewalDue: "renewing",
    RenewalFailed: "lapsed",
    PassExpired: "expired",
}


class TripEntry:
    """A trip as its rider sees it, from the request to unlock on."""

    __slots__ = (
        "bike_id",
        "ended_at_us",
        "fare_cents",
        "from_station_id",
        "overdue_at_us",
        "reason",
        "rider_id",
        "started_at_us",
        "status",
        "to_station_id",
        "trip_id",
    )

    def __init__(self, requested: UnlockRequested) -> None:
        self.trip_id = requested.trip_id
        self.rider_id = requested.rider_id
        self.bike_id = requested.bike_id
        self.status = "requested"
        self.reason = ""
        self.from_station_id = ""
        self.to_station_id = ""
        self.started_at_us = 0
        self.ended_at_us = 0
        self.overdue_at_us = 0
        self.fare_cents: int | None = None


class TripsView(View):
    """Trips by trip_id, and each rider's, oldest first.

    Guard and trip are told by different logs, so what the trip tells counts whenever it comes.
    """

    def __init__(self) -> None:
        self.trips: dict[str, TripEntry] = {}
        self.by_rider: dict[str, list[str]] = {}

    @on(UnlockRequested)
    def requested(self, message: Message[UnlockRequested]) -> None:
        event = message.data
        self._entry(event.trip_id, event.rider_id, event.bike_id)

    @on(BikeOffered)
    def offered(self, message: Message[BikeOffered]) -> None:
        event = message.data
        entry = self.trips[event.trip_id]
        entry.from_station_id = event.station_id
        if entry.status == "requested":
            entry.status = "unlocking"

    @on(UnlockRefused)
    def refused(self, message: Message[UnlockRefused]) -> None:
        event = message.data
        entry = self.trips[event.trip_id]
        entry.status, entry.reason = "refused", event.reason

    @on(TripStarted)
    def started(self, message: Message[TripStarted]) -> None:
        event = message.data
        entry = self._entry(event.trip_id, event.ride.rider_id, event.bike_id)
        entry.status, entry.from_station_id = "riding", event.station_id
        entry.started_at_us, entry.overdue_at_us = event.started_at_us, event.overdue_at_us

    @on(TripEnded)
    def ended(self, message: Message[TripEnded]) -> None:
        event = message.data
        entry = self.trips[event.trip_id]
        entry.status, entry.to_station_id, entry.ended_at_us = "ended", event.station_id, event.ended_at_us

    @on(TripOverdue)
    def overdue(self, message: Message[TripOverdue]) -> None:
        self.trips[message.data.trip_id].status = "overdue"

    @on(TripClosed)
    def closed(self, message: Message[TripClosed]) -> None:
        event = message.data
        entry = self.trips[event.trip_id]
        lost = event.outcome == "lost"
        entry.status, entry.fare_cents = ("lost", None) if lost else ("closed", event.fare_cents)

    def _entry(self, trip_id: str, rider_id: str, bike_id: str) -> TripEntry:
        entry = self.trips.get(trip_id)
        if entry is None:
            entry = self.trips[trip_id] = TripEntry(UnlockRequested(rider_id, trip_id, bike_id))
            self.by_rider.setdefault(rider_id, []).append(trip_id)
        return entry


class StationEntry:
    """A station as the public sees it: which bikes stand there, and when it was last heard of."""

    __slots__ = ("bikes", "heard_us", "opened")

    def __init__(self, opened: StationOpened) -> None:
        self.opened = opened
        self.bikes = dict.fromkeys(opened.bikes, True)
        self.heard_us = opened.opened_at_us


class StationsView(View):
    """Stations by station_id, and what became of the last return of each bike: ``(station, device time, outcome)``."""

    def __init__(self) -> None:
        self.stations: dict[str, StationEntry] = {}
        self.returns: dict[str, tuple[str, int, str]] = {}

    @on(StationOpened)
    def opened(self, message: Message[StationOpened]) -> None:
        self.stations[message.data.station_id] = StationEntry(message.data)

    @on(ReturnTaken, ReturnOverflowed, ReturnIgnored)
    def told(self, message: Message[ReturnTaken | ReturnOverflowed | ReturnIgnored]) -> None:
        event = message.data
        self.returns[event.bike_id] = (event.station_id, event.docked_at_us, RETURN_OUTCOMES[type(event)])
        self.stations[event.station_id].heard_us = message.time_us
        if isinstance(event, ReturnTaken):
            self.stations[event.station_id].bikes[event.bike_id] = True

    @on(ReturnRefused)
    def refused(self, message: Message[ReturnRefused]) -> None:
        event = message.data
        self.returns[event.bike_id] = (event.station_id, event.at_us, "refused")
        self.stations[event.station_id].heard_us = message.time_us

    @on(DockFreed)
    def freed(self, message: Message[DockFreed]) -> None:
        self.stations[message.data.station_id].bikes.pop(message.data.bike_id, None)

    @on(StationChanged)
    def changed(self, message: Message[StationChanged]) -> None:
        self.stations[message.data.station_id].heard_us = message.time_us


RETURN_OUTCOMES: dict[type, str] = {ReturnTaken: "docked", ReturnOverflowed: "handed-in", ReturnIgnored: "known"}


class BikeEntry:
    """A bike as the public sees it."""

    __slots__ = ("flagged", "heard_us", "station_id", "status")

    def __init__(self) -> None:
        self.status = ""
        self.station_id = ""
        self.flagged = False
        self.heard_us = 0


class BikesView(View):
    """Where each bike is: ``docked, reserved, riding, handed-in, van`` or ``missing``."""

    def __init__(self) -> None:
        self.bikes: dict[str, BikeEntry] = {}

    @on(BikeDocked)
    def docked(self, message: Message[BikeDocked]) -> None:
        event = message.data
        entry = self.bikes.get(event.bike_id)
        if entry is None:
            entry = self.bikes[event.bike_id] = BikeEntry()
        entry.status, entry.station_id, entry.heard_us = "docked", event.station_id, message.time_us

    @on(BikeReserved, UnlockFailed, BikeUnlocked, BikeLoaded, BikeHandedIn, BikeMissing)
    def moved(self, message: Message[BikeReserved]) -> None:
        entry = self.bikes[message.data.bike_id]
        entry.status, entry.heard_us = BIKE_STATUS_AFTER[type(message.data)], message.time_us
        if isinstance(message.data, BikeHandedIn):
            entry.station_id = message.data.station_id

    @on(BikeFlagged, BikeRepaired)
    def flagged(self, message: Message[BikeFlagged | BikeRepaired]) -> None:
        self.bikes[message.data.bike_id].flagged = isinstance(message.data, BikeFlagged)

    def can_be_had(self, bike_id: str) -> bool:
        """Whether the bike could be unlocked, by what is known here."""
        entry = self.bikes.get(bike_id)
        return entry is not None and entry.status == "docked" and not entry.flagged

    def is_disabled(self, bike_id: str) -> bool:
        """Whether the bike has to be repaired first; one that is only reserved does not."""
        entry = self.bikes.get(bike_id)
        return entry is not None and entry.flagged


BIKE_STATUS_AFTER: dict[type, str] = {
    BikeReserved: "reserved",
    UnlockFailed: "docked",
    BikeUnlocked: "riding",
    BikeLoaded: "van",
    BikeHandedIn: "handed-in",
    BikeMissing: "missing",
}


class ChargeEntry:
    """A charge as the rider sees it."""

    __slots__ = ("disputed", "request", "status")

    def __init__(self, request: ChargeRequested) -> None:
        self.request = request
        self.status = "requested"
        self.disputed = False


class AccountsView(View):
    """Charges by charge_id, and each rider's, oldest first."""

    def __init__(self) -> None:
        self.charges: dict[str, ChargeEntry] = {}
        self.by_rider: dict[str, list[str]] = {}

    @on(ChargeRequested)
    def requested(self, message: Message[ChargeRequested]) -> None:
        event = message.data
        if event.charge_id not in self.charges:
            self.by_rider.setdefault(event.rider_id, []).append(event.charge_id)
        self.charges[event.charge_id] = ChargeEntry(event)

    @on(ChargeSucceeded, ChargeFailed, RefundStarted, ChargeRefunded)
    def moved_on(self, message: Message[ChargeSucceeded]) -> None:
        self.charges[message.data.charge_id].status = CHARGE_STATUS_AFTER[type(message.data)]

    @on(DisputeOpened, DisputeSettled)
    def disputed(self, message: Message[DisputeOpened | DisputeSettled]) -> None:
        self.charges[message.data.charge_id].disputed = isinstance(message.data, DisputeOpened)


CHARGE_STATUS_AFTER: dict[type, str] = {
    ChargeSucceeded: "paid",
    ChargeFailed: "failed",
    RefundStarted: "refunding",
    ChargeRefunded: "refunded",
}
