"""The tight spots that a good rehearsal goes through, marked as a history passes them."""

from __future__ import annotations

from collections import defaultdict

from ..kernel.invariant import Coverage
from ..kernel.message import Message, Refused
from ..kernel.observer import on
from ..shared.payments import PaymentCaptured, PaymentDeclined, ReportIgnored
from .inventory import (
    ReservationCommitted,
    ReservationExpired,
    StockReceived,
    StockRejected,
    StockReleased,
    StockReserved,
)
from .order_messages import OrderCancelled, PickedUp, ReadyForPickup
from .terms import Terms

EXPIRY_RACE_SHARE = 100
"""A capture and an expiry race if they are closer than this part of the reservation time (10 min: 6 s)."""

PICKUP_RACE_SHARE = 10_000
"""A pickup and the auto-cancel race if they are closer than this part of the pickup window (24 h: 8.64 s)."""

CONTENTION_US = 1_000_000
"""The last unit is contended if somebody is refused within this time after it was taken."""


class TightSpots(Coverage):
    """The situations in which shops like this one have gone wrong."""

    names = (
        "sold-out",
        "last-unit-contended",
        "capture-after-expiry-rereserved",
        "capture-after-expiry-refunded",
        "duplicate-capture-dropped",
        "retry-after-decline-succeeded",
        "expiry-race-won-by-expiry",
        "expiry-race-won-by-capture",
        "pickup-race-won-by-pickup",
        "pickup-race-won-by-cancel",
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._expiry_race_us = terms.reservation_ttl_us // EXPIRY_RACE_SHARE
        self._pickup_race_us = terms.pickup_window_us // PICKUP_RACE_SHARE
        self._available: dict[str, int] = defaultdict(int)
        self._last_taken_us: dict[str, int] = {}
        self._expires_us: dict[str, int] = {}
        self._expired_us: dict[str, int] = {}
        self._captured: set[str] = set()
        self._declined: dict[str, str] = {}
        self._pickup_by_us: dict[str, int] = {}
        self._unpicked: set[str] = set()

    @on(StockReceived, StockReleased)
    def more(self, message: Message[StockReceived | StockReleased]) -> None:
        event = message.data
        self._available[event.sku] += event.units

    @on(StockReserved)
    def reserved(self, message: Message[StockReserved]) -> None:
        event = message.data
        self._available[event.sku] -= event.units
        self._expires_us[event.order_id] = event.expires_us
        if event.order_id in self._captured:
            self.mark("capture-after-expiry-rereserved")
        if self._available[event.sku] == 0:
            self._last_taken_us[event.sku] = message.time_us
            self.mark("sold-out")

    @on(StockRejected)
    def rejected(self, message: Message[StockRejected]) -> None:
        event = message.data
        if event.order_id in self._captured:
            self.mark("capture-after-expiry-refunded")
        taken_us = self._last_taken_us.get(event.sku)
        if taken_us is None or self._available[event.sku]:
            return  # there never was a last unit, or there is one now
        if message.time_us - taken_us <= CONTENTION_US:
            self.mark("last-unit-contended")

    @on(ReservationExpired)
    def expired(self, message: Message[ReservationExpired]) -> None:
        event = message.data
        self._available[event.sku] += event.units
        self._expired_us[event.order_id] = message.time_us
        if event.order_id in self._captured:
            self.mark("expiry-race-won-by-expiry")

    @on(PaymentDeclined)
    def declined(self, message: Message[PaymentDeclined]) -> None:
        event = message.data
        self._declined[event.reference] = event.payment_id

    @on(PaymentCaptured)
    def captured(self, message: Message[PaymentCaptured]) -> None:
        event = message.data
        self._captured.add(event.reference)
        expired_us = self._expired_us.get(event.reference)
        if expired_us is not None and message.time_us - expired_us <= self._expiry_race_us:
            self.mark("expiry-race-won-by-expiry")
        if self._declined.get(event.reference, event.payment_id) != event.payment_id:
            self.mark("retry-after-decline-succeeded")

    @on(ReservationCommitted)
    def committed(self, message: Message[ReservationCommitted]) -> None:
        event = message.data
        if event.order_id in self._expired_us:
            return
        if self._expires_us[event.order_id] - message.time_us <= self._expiry_race_us:
            self.mark("expiry-race-won-by-capture")

    @on(ReportIgnored)
    def report_ignored(self, message: Message[ReportIgnored]) -> None:
        if message.data.reason == "duplicate":
            self.mark("duplicate-capture-dropped")

    @on(ReadyForPickup)
    def ready(self, message: Message[ReadyForPickup]) -> None:
        event = message.data
        self._pickup_by_us[message.subject] = event.pickup_by_us

    @on(PickedUp)
    def picked_up(self, message: Message) -> None:
        if self._pickup_by_us.pop(message.subject) - message.time_us <= self._pickup_race_us:
            self.mark("pickup-race-won-by-pickup")

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        if message.data.reason == "not-picked-up":
            self._unpicked.add(message.subject)

    @on(Refused)
    def refused(self, message: Message[Refused]) -> None:
        if message.data.reason != "not-ready-for-pickup" or message.subject not in self._unpicked:
            return
        if message.time_us - self._pickup_by_us[message.subject] <= self._pickup_race_us:
            self.mark("pickup-race-won-by-cancel")
