"""The tight spots that a good rehearsal goes through, marked as a history passes them."""

from __future__ import annotations

from ..kernel.invariant import Coverage
from ..kernel.message import Message, Refused
from ..kernel.observer import on
from .account_messages import DisputeOpened, FeeReversed, HoldReleased, RefundStarted
from .bike_messages import (
    BikeReserved,
    BikeReturned,
    BikeUnlocked,
    UnlockFailed,
    UnlockRejected,
    UnlockUnconfirmed,
)
from .passes import RenewalFailed
from .riders import UnlockRequested
from .stations import ReturnIgnored, ReturnOverflowed, ReturnRefused
from .terms import Terms
from .trips import TripEnded, TripOverdue, TripStarted

DEADLINE_RACE_SHARE = 1_000
"""A return and the limit race if they are closer than this part of it (24 h: 86 s)."""

CONTENTION_US = 2_000_000
"""Two riders want one bike, or a rider a second one, if no is said within this time after the first yes."""


class TightSpots(Coverage):
    """The situations in which bike shares have gone wrong."""

    names = (
        "two-docks-one-rider",
        "two-riders-one-bike",
        "return-just-in-time",
        "return-just-too-late",
        "in-time-return-told-after-the-limit",
        "fee-reversed",
        "hold-released",
        "return-before-start",
        "return-told-twice",
        "renewal-failed-during-a-trip",
        "station-full",
        "offline-dock-overflowed",
        "lock-did-not-answer",
        "lock-stuck",
        "money-given-back",
        "charge-disputed",
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._race_us = terms.overdue_after_us // DEADLINE_RACE_SHARE
        self._requested_us: dict[str, int] = {}
        self._reserved: dict[str, BikeReserved] = {}
        self._riding: dict[str, TripStarted] = {}
        self._passes: dict[str, int] = {}
        self._overdue_at_us: dict[str, int] = {}

    @on(UnlockRequested)
    def requested(self, message: Message[UnlockRequested]) -> None:
        self._requested_us[message.subject] = message.time_us

    @on(Refused)
    def refused(self, message: Message[Refused]) -> None:
        first_us = self._requested_us.get(message.subject)
        if message.data.reason != "trip-under-way" or first_us is None:
            return
        if message.time_us - first_us <= CONTENTION_US:
            self.mark("two-docks-one-rider")

    @on(BikeReserved)
    def reserved(self, message: Message[BikeReserved]) -> None:
        self._reserved[message.data.bike_id] = message.data

    @on(UnlockRejected)
    def rejected(self, message: Message[UnlockRejected]) -> None:
        first = self._reserved.get(message.data.bike_id)
        if first is not None and message.time_us - first.reserved_at_us <= CONTENTION_US:
            self.mark("two-riders-one-bike")

    @on(TripStarted)
    def started(self, message: Message[TripStarted]) -> None:
        event = message.data
        self._overdue_at_us[event.trip_id] = event.overdue_at_us
        self._riding[event.trip_id] = event
        self._passes[event.ride.pass_id] = self._passes.get(event.ride.pass_id, 0) + 1

    @on(BikeReturned)
    def returned(self, message: Message[BikeReturned]) -> None:
        event = message.data
        limit_us = self._overdue_at_us.get(event.ride.trip_id)
        if limit_us is None:
            return
        if 0 < limit_us - event.returned_at_us <= self._race_us:
            self.mark("return-just-in-time")
        if 0 <= event.returned_at_us - limit_us <= self._race_us:
            self.mark("return-just-too-late")
        if event.returned_at_us < limit_us <= message.time_us:
            self.mark("in-time-return-told-after-the-limit")

    @on(BikeUnlocked)
    def unlocked(self, message: Message[BikeUnlocked]) -> None:
        if ":dock-bike:" in message.causation_id:
            self.mark("return-before-start")

    @on(TripEnded)
    def ended(self, message: Message[TripEnded]) -> None:
        self._over(message.data.trip_id)

    @on(TripOverdue)
    def overdue(self, message: Message[TripOverdue]) -> None:
        self._over(message.data.trip_id)

    @on(RenewalFailed)
    def renewal_failed(self, message: Message[RenewalFailed]) -> None:
        if self._passes.get(message.data.pass_id):
            self.mark("renewal-failed-during-a-trip")

    @on(ReturnIgnored)
    def told_twice(self, message: Message[ReturnIgnored]) -> None:
        self.mark("return-told-twice")

    @on(ReturnRefused)
    def full(self, message: Message[ReturnRefused]) -> None:
        self.mark("station-full")

    @on(ReturnOverflowed)
    def overflowed(self, message: Message[ReturnOverflowed]) -> None:
        self.mark("offline-dock-overflowed")

    @on(UnlockUnconfirmed)
    def silent(self, message: Message[UnlockUnconfirmed]) -> None:
        self.mark("lock-did-not-answer")

    @on(UnlockFailed)
    def stuck(self, message: Message[UnlockFailed]) -> None:
        if message.data.reason == "lock-stuck":
            self.mark("lock-stuck")

    @on(FeeReversed)
    def reversed_fee(self, message: Message[FeeReversed]) -> None:
        self.mark("fee-reversed")

    @on(HoldReleased)
    def released(self, message: Message[HoldReleased]) -> None:
        self.mark("hold-released")

    @on(RefundStarted)
    def given_back(self, message: Message[RefundStarted]) -> None:
        self.mark("money-given-back")

    @on(DisputeOpened)
    def disputed(self, message: Message[DisputeOpened]) -> None:
        self.mark("charge-disputed")

    def _over(self, trip_id: str) -> None:
        trip = self._riding.pop(trip_id, None)
        if trip is not None:
            self._passes[trip.ride.pass_id] -= 1
