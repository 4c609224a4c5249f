"""The goods: no unit is promised twice, and none leaves or comes back but for a reason."""

from __future__ import annotations

from collections import defaultdict

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..allowances import AllowanceClaimed, AllowanceReleased
from ..catalog import ProductListed, SaleScheduled
from ..inventory import ReservationCommitted, ReservationExpired, StockReceived, StockReleased, StockReserved
from ..order_messages import OrderCancelled, OrderConfirmed, OrderPlaced, OrderReserved, PickedUp, ReadyForPickup
from ..terms import Terms
from .quotes import Quotes


class NoOversell(Invariant):
    """Counts units twice over: by reservations, and by what orders say they have sold."""

    name = "no-oversell"
    statement = "Per product, units held and sold never exceed units received, and no count is ever negative."

    def __init__(self) -> None:
        super().__init__()
        self._received: dict[str, int] = defaultdict(int)
        self._taken: dict[str, int] = defaultdict(int)
        self._sold: dict[str, int] = defaultdict(int)
        self._placed: dict[str, OrderPlaced] = {}
        self._confirmed: set[str] = set()

    @on(StockReceived)
    def received(self, message: Message[StockReceived]) -> None:
        event = message.data
        self._received[event.sku] += event.units

    @on(StockReserved)
    def reserved(self, message: Message[StockReserved]) -> None:
        event = message.data
        sku = event.sku
        taken = self._taken[sku] = self._taken[sku] + event.units
        if taken > self._received[sku]:
            self.violate(f"{sku}: {taken} units held or sold, {self._received[sku]} received", message)

    @on(StockReleased, ReservationExpired)
    def given_back(self, message: Message[StockReleased | ReservationExpired]) -> None:
        event = message.data
        self._taken[event.sku] -= event.units
        if self._taken[event.sku] < 0:
            self.violate(f"{event.sku}: more units given back than were taken", message)

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        self._placed[event.order_id] = event

    @on(OrderConfirmed)
    def confirmed(self, message: Message[OrderConfirmed]) -> None:
        event = message.data
        self._confirmed.add(event.order_id)
        for line in self._placed[event.order_id].lines:
            sold = self._sold[line.sku] = self._sold[line.sku] + line.units
            if sold > self._received[line.sku]:
                self.violate(f"{line.sku}: {sold} units sold, {self._received[line.sku]} received", message)

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        order_id = message.data.order_id
        order = self._placed.pop(order_id, None)
        if order_id not in self._confirmed:
            return
        self._confirmed.discard(order_id)
        for line in order.lines if order is not None else ():
            self._sold[line.sku] -= line.units


class OneEnding(Invariant):
    """Follows each reservation from its hold to its one ending."""

    name = "one-ending"
    statement = (
        "Each reservation ends exactly once: committed, released or expired; it expires at its time, not before, and "
        "outlives it by no more than the bound."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._ttl_us = terms.reservation_ttl_us
        self._bound_us = terms.settlement_bound_us
        self._held: dict[str, StockReserved] = {}
        self._committed: dict[str, int] = {}
        self._seen: set[str] = set()

    @on(StockReserved)
    def reserved(self, message: Message[StockReserved]) -> None:
        event = message.data
        if event.reservation_id in self._seen:
            self.violate(f"{event.reservation_id} is reserved a second time", message)
        self._seen.add(event.reservation_id)
        if event.expires_us != message.time_us + self._ttl_us:
            self.violate(f"{event.reservation_id} is not held for the reservation time", message)
        self._held[event.reservation_id] = event

    @on(ReservationCommitted)
    def committed(self, message: Message[ReservationCommitted]) -> None:
        event = message.data
        hold = self._end(event.reservation_id, event.units, message)
        if hold is not None and message.time_us > hold.expires_us + self._bound_us:
            self.violate(f"{event.reservation_id} is sold long after its hold ran out", message)
        self._committed[event.reservation_id] = event.units

    @on(StockReleased)
    def released(self, message: Message[StockReleased]) -> None:
        event = message.data
        if event.was == "held":
            hold = self._end(event.reservation_id, event.units, message)
            if hold is not None and message.time_us > hold.expires_us + self._bound_us:
                self.violate(f"{event.reservation_id} is released long after its hold ran out", message)
        elif self._committed.pop(event.reservation_id, None) != event.units:
            self.violate(f"{event.reservation_id} is returned but was not sold, or not with these units", message)

    @on(ReservationExpired)
    def expired(self, message: Message[ReservationExpired]) -> None:
        event = message.data
        hold = self._end(event.reservation_id, event.units, message)
        if hold is None:
            return
        if message.time_us < hold.expires_us:
            self.violate(f"{event.reservation_id} expired {hold.expires_us - message.time_us} us early", message)
        if message.time_us > hold.expires_us + self._bound_us:
            self.violate(f"{event.reservation_id} expired {message.time_us - hold.expires_us} us late", message)

    def finish(self, end_us: int) -> None:
        for hold in self._held.values():
            if end_us > hold.expires_us + self._bound_us:
                self.violate(f"{hold.reservation_id} outlived its time", subject=f"stock/{hold.sku}", time_us=end_us)

    def _end(self, reservation_id: str, units: int, message: Message) -> StockReserved | None:
        hold = self._held.pop(reservation_id, None)
        if hold is None:
            self.violate(f"{reservation_id} ends but is not held", message)
        elif hold.units != units:
            self.violate(f"{reservation_id} ends with {units} units, held {hold.units}", message)
        return hold


class CustomerLimit(Invariant):
    """Adds up what each customer has in live orders, from the orders alone.

    Where the limit was changed between a customer's orders, the highest that they were placed under counts. What was
    claimed under the limit for an order that is cancelled must be released, or the customer is refused for nothing.
    """

    name = "customer-limit"
    statement = (
        "Units of a product in a customer's live orders never exceed the limit, which is one that was published, and "
        "those of a cancelled order count no more once the bound is over."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._published: Quotes[int] = Quotes()
        self._placed: dict[str, OrderPlaced] = {}
        self._live: set[str] = set()
        self._units: dict[tuple[str, str], int] = defaultdict(int)
        self._limits: dict[tuple[str, str], int] = defaultdict(int)
        self._claimed: dict[str, tuple[str, ...]] = {}
        self._to_release_us: dict[tuple[str, str], int] = {}

    @on(ProductListed, SaleScheduled)
    def limited(self, message: Message[ProductListed | SaleScheduled]) -> None:
        event = message.data
        self._published.publish(event.sku, event.limit_per_customer)

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        self._placed[event.order_id] = event
        for line in event.lines:
            self._published.quote(line.sku, line.limit_per_customer, message)

    @on(AllowanceClaimed)
    def claimed(self, message: Message[AllowanceClaimed]) -> None:
        event = message.data
        if event.order_id in self._placed:
            self._claimed[event.order_id] = (*self._claimed.get(event.order_id, ()), event.sku)
        else:
            self._to_release_us[event.order_id, event.sku] = message.time_us

    @on(AllowanceReleased)
    def released(self, message: Message[AllowanceReleased]) -> None:
        event = message.data
        since_us = self._to_release_us.pop((event.order_id, event.sku), message.time_us)
        if message.time_us > since_us + self._bound_us:
            late_us = message.time_us - since_us
            self.violate(f"{event.sku} of {event.order_id} counts {late_us} us after it was cancelled", message)

    @on(OrderReserved)
    def reserved(self, message: Message[OrderReserved]) -> None:
        event = message.data
        order = self._placed[event.order_id]
        self._live.add(event.order_id)
        for line in order.lines:
            key = (order.customer_id, line.sku)
            units = self._units[key] = self._units[key] + line.units
            limit = self._limits[key] = max(self._limits[key], line.limit_per_customer)
            if units > limit:
                self.violate(f"{order.customer_id} has {units} of {line.sku}, limit {limit}", message)

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        order_id = message.data.order_id
        order = self._placed.pop(order_id)
        for sku in self._claimed.pop(order_id, ()):
            self._to_release_us[order_id, sku] = message.time_us
        if order_id not in self._live:
            return
        self._live.discard(order_id)
        for line in order.lines:
            self._units[order.customer_id, line.sku] -= line.units

    def finish(self, end_us: int) -> None:
        for sku, limit, order in self._published.unfounded():
            self.violate(f"{order.data.order_id} has {sku} under a limit of {limit}, which it never had", order)
        for (order_id, sku), since_us in self._to_release_us.items():
            if end_us > since_us + self._bound_us:
                text = f"{sku} of {order_id} still counts, {end_us - since_us} us after it was cancelled"
                self.violate(text, subject=f"order/{order_id}", time_us=end_us)


class SaleWindow(Invariant):
    """Holds the time of each order against the sale of what it orders, and that against what the catalog says."""

    name = "sale-window"
    statement = (
        "No order is placed before the sale of one of its products opens, nor when it has closed, and each sale is one "
        "that was published."
    )

    def __init__(self) -> None:
        super().__init__()
        self._published: Quotes[tuple[int, int]] = Quotes()

    @on(SaleScheduled)
    def scheduled(self, message: Message[SaleScheduled]) -> None:
        event = message.data
        self._published.publish(event.sku, (event.opens_us, event.closes_us))

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        for line in event.lines:
            self._published.quote(line.sku, (line.opens_us, line.closes_us), message)
            if message.time_us < line.opens_us:
                early_us = line.opens_us - message.time_us
                self.violate(f"{event.order_id} is placed {early_us} us before the sale of {line.sku} opens", message)
            elif message.time_us >= line.closes_us:
                late_us = message.time_us - line.closes_us
                self.violate(f"{event.order_id} is placed {late_us} us after the sale of {line.sku} closed", message)

    def finish(self, end_us: int) -> None:
        for sku, _, order in self._published.unfounded():
            self.violate(f"{order.data.order_id} is placed in a sale of {sku} that was never published", order)


class PickupXorCancel(Invariant):
    """An order's two endings exclude each other, and the pickup window says when which of them is due.

    Whichever is decided first at the end of the window wins, so a pickup may come a little late.
    """

    name = "pickup-xor-cancel"
    statement = (
        "An order is never both picked up and cancelled, and sold goods return only when it is cancelled. They wait at "
        "the store for the pickup window: no shorter, and no longer than the bound."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._window_us = terms.pickup_window_us
        self._bound_us = terms.settlement_bound_us
        self._pickup_by_us: dict[str, int] = {}
        self._picked_up: set[str] = set()
        self._cancelled: set[str] = set()

    @on(ReadyForPickup)
    def ready(self, message: Message[ReadyForPickup]) -> None:
        event = message.data
        if event.pickup_by_us != message.time_us + self._window_us:
            self.violate(f"{event.order_id} does not wait at the store for the pickup window", message)
        self._pickup_by_us[event.order_id] = event.pickup_by_us

    @on(PickedUp)
    def picked_up(self, message: Message[PickedUp]) -> None:
        event = message.data
        if event.order_id in self._cancelled:
            self.violate(f"{event.order_id} is picked up after it was cancelled", message)
        if event.order_id in self._picked_up:
            self.violate(f"{event.order_id} is picked up twice", message)
        self._picked_up.add(event.order_id)
        self._leave(event.order_id, message)

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        event = message.data
        order_id = event.order_id
        if order_id in self._picked_up:
            self.violate(f"{order_id} is cancelled after it was picked up", message)
        self._cancelled.add(order_id)
        left_us = self._leave(order_id, message)
        if event.reason == "not-picked-up" and left_us > 0:
            self.violate(f"{order_id} is cancelled as not picked up {left_us} us early", message)

    @on(StockReleased)
    def released(self, message: Message[StockReleased]) -> None:
        event = message.data
        if event.was == "committed" and event.order_id not in self._cancelled:
            self.violate(f"goods of {event.order_id} return to stock though it is not cancelled", message)

    def _leave(self, order_id: str, message: Message) -> int:
        """The goods wait no more. Returns how much was left of their time, in microseconds; negative if they are late.

        0 for an order that did not wait.
        """
        left_us = self._pickup_by_us.pop(order_id, message.time_us) - message.time_us
        if left_us < -self._bound_us:
            self.violate(f"{order_id} waited at the store for {-left_us} us too long", message)
        return left_us
