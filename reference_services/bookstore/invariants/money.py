"""The money: the right amount, once, and never without the goods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ...shared.invariants import BooksAgree
from ...shared.payments import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
    RefundRequested,
)
from ..catalog import PriceChanged, ProductListed
from ..inventory import ReservationCommitted, StockReleased
from ..order_messages import OfferedLine, OrderCancelled, OrderConfirmed, OrderPlaced, PickedUp
from ..terms import Terms
from .quotes import Quotes


class PriceKept(Invariant):
    """Compares what was captured with the prices under which the order was placed, and those with the catalog's."""

    name = "price-kept"
    statement = "The amount captured is the price on the order, and each price there is one that was published."

    def __init__(self) -> None:
        super().__init__()
        self._totals: dict[str, int] = {}
        self._prices: Quotes[int] = Quotes()

    @on(ProductListed, PriceChanged)
    def priced(self, message: Message[ProductListed | PriceChanged]) -> None:
        event = message.data
        self._prices.publish(event.sku, event.price_cents)

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        total_cents = 0
        for line in event.lines:
            total_cents += line.units * line.unit_price_cents
            self._prices.quote(line.sku, line.unit_price_cents, message)
        self._totals[event.order_id] = total_cents
        if event.total_cents != total_cents:
            self.violate(f"total {event.total_cents} cents, lines add up to {total_cents}", message)

    @on(PaymentCaptured)
    def captured(self, message: Message[PaymentCaptured]) -> None:
        event = message.data
        total_cents = self._totals.get(event.reference)
        if event.amount_cents != total_cents:
            self.violate(f"captured {event.amount_cents} cents, the order says {total_cents}", message)

    def finish(self, end_us: int) -> None:
        for sku, price_cents, order in self._prices.unfounded():
            self.violate(f"{order.data.order_id} has {sku} at {price_cents} cents, which it never cost", order)


NOTHING_AUTHORIZED: Mapping[str, int] = MappingProxyType({})


class _Account(msgspec.Struct, gc=False):
    """The money of one order, as its payments' events tell, and what it is for.

    ``authorized`` and ``gone`` are about single payments; ``changed_at_us`` is when either side last had to move, and
    ``asked_at_us`` when its money was last asked back. Every order has an account for good, since money may come for it
    at any time; so an account without a payment is small.
    """

    total_cents: int
    lines: tuple[OfferedLine, ...]
    authorized: Mapping[str, int] = NOTHING_AUTHORIZED
    gone: tuple[str, ...] = ()
    captured_cents: int = 0
    refunded_cents: int = 0
    changed_at_us: int = 0
    asked_at_us: int = 0
    cancelled: bool = False
    settled: bool = False

    @property
    def kept_cents(self) -> int:
        """What we have of the customer's money."""
        return self.captured_cents - self.refunded_cents

    @property
    def stands(self) -> bool:
        """Whether it was confirmed, and nothing has been taken back since."""
        return self.settled and not self.cancelled

    def ordered(self, sku: str) -> int:
        """How many units of ``sku`` it is for."""
        units = 0
        for line in self.lines:
            if line.sku == sku:
                units += line.units
        return units


class MoneyFollowsGoods(Invariant):
    """Keeps the money and the goods of each order side by side.

    How long a refund takes is not ours to promise: the provider may be away. But whenever it has been silent, it is
    asked again; so the next word, ours or its, must come within the bound.
    """

    name = "money-follows-goods"
    statement = (
        "An order is confirmed if and only if its total is captured and exactly its goods are committed; money without "
        "goods and goods without money go back within the bound, and no money while the order stands; refunded <= "
        "captured <= authorized; nothing is captured after a void or refund."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._accounts: dict[str, _Account] = {}
        self._committed_units: dict[tuple[str, str], int] = defaultdict(int)

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        self._accounts[event.order_id] = _Account(event.total_cents, event.lines)

    @on(PaymentAuthorized)
    def authorized(self, message: Message[PaymentAuthorized]) -> None:
        event = message.data
        account = self._accounts[event.reference]
        if event.payment_id in account.gone:
            self.violate(f"{event.payment_id} is authorized after it had ended", message)
        account.authorized = {**account.authorized, event.payment_id: event.amount_cents}

    @on(PaymentVoided, PaymentDeclined)
    def ended(self, message: Message[PaymentVoided | PaymentDeclined]) -> None:
        event = message.data
        self._accounts[event.reference].gone += (event.payment_id,)

    @on(PaymentCaptured)
    def captured(self, message: Message[PaymentCaptured]) -> None:
        event = message.data
        account = self._accounts[event.reference]
        if event.payment_id in account.gone:
            self.violate(f"{event.payment_id} is captured after it had ended", message)
        if event.amount_cents > account.authorized.get(event.payment_id, 0):
            self.violate(f"{event.payment_id}: captured more than was authorized", message)
        account.gone += (event.payment_id,)
        account.captured_cents += event.amount_cents
        account.changed_at_us = message.time_us
        account.settled = False

    @on(RefundRequested)
    def asked_back(self, message: Message[RefundRequested]) -> None:
        account = self._accounts[message.data.reference]
        self._judge_pace(account, message, "asked back")
        account.asked_at_us = message.time_us

    @on(PaymentRefunded)
    def refunded(self, message: Message[PaymentRefunded]) -> None:
        event = message.data
        order_id = event.reference
        account = self._accounts[order_id]
        account.refunded_cents += event.amount_cents
        if account.refunded_cents > account.captured_cents:
            refunded_cents, captured_cents = account.refunded_cents, account.captured_cents
            self.violate(f"{order_id}: {refunded_cents} cents refunded, {captured_cents} captured", message)
        if not account.cancelled:
            self.violate(f"{order_id} is refunded though it is not cancelled", message)
        self._judge_pace(account, message, "back")
        account.settled = not account.kept_cents

    @on(ReservationCommitted)
    def goods_sold(self, message: Message[ReservationCommitted]) -> None:
        event = message.data
        order_id, sku = event.order_id, event.sku
        account = self._accounts[order_id]
        account.changed_at_us = message.time_us
        units = self._committed_units[order_id, sku] = self._committed_units[order_id, sku] + event.units
        ordered = account.ordered(sku)
        if units > ordered:
            self.violate(f"{order_id}: {units} units of {sku} sold, {ordered} ordered", message)

    @on(StockReleased)
    def goods_back(self, message: Message[StockReleased]) -> None:
        event = message.data
        if event.was != "committed":
            return
        self._committed_units[event.order_id, event.sku] -= event.units
        account = self._accounts[event.order_id]
        late_us = message.time_us - account.changed_at_us - self._bound_us
        if account.cancelled and late_us > 0:
            self.violate(f"{event.order_id}: {event.units} units of {event.sku} go back {late_us} us late", message)

    @on(OrderConfirmed)
    def confirmed(self, message: Message[OrderConfirmed]) -> None:
        event = message.data
        account = self._accounts[event.order_id]
        if account.kept_cents != account.total_cents:
            kept_cents, total_cents = account.kept_cents, account.total_cents
            self.violate(f"{event.order_id} is confirmed with {kept_cents} of {total_cents} cents", message)
        if not self._has_its_goods(event.order_id, account):
            self.violate(f"{event.order_id} is confirmed without all its goods", message)
        account.settled = True

    @on(PickedUp)
    def picked_up(self, message: Message[PickedUp]) -> None:
        event = message.data
        account = self._accounts[event.order_id]
        if account.kept_cents != account.total_cents:
            kept_cents, total_cents = account.kept_cents, account.total_cents
            self.violate(f"{event.order_id} is handed over for {kept_cents} of {total_cents} cents", message)

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        account = self._accounts[message.data.order_id]
        account.cancelled = True
        account.settled = account.captured_cents == account.refunded_cents
        account.changed_at_us = message.time_us

    def finish(self, end_us: int) -> None:
        for order_id, account in self._accounts.items():
            subject = f"order/{order_id}"
            if account.stands and not self._has_its_goods(order_id, account):
                self.violate(f"{order_id} stands without all its goods", subject=subject, time_us=end_us)
            if end_us <= account.changed_at_us + self._bound_us:
                continue
            if account.captured_cents and not account.settled:
                text = f"{order_id}: {account.kept_cents} cents kept without goods"
                self.violate(text, subject=subject, time_us=end_us)
            units = self._units_of(order_id, account) if account.cancelled else 0
            if units:
                self.violate(f"{order_id}: {units} units kept though it is cancelled", subject=subject, time_us=end_us)

    def _judge_pace(self, account: _Account, message: Message, done: str) -> None:
        """``message`` must come within the bound of what it follows: why the money goes back, or the last asking."""
        late_us = message.time_us - max(account.changed_at_us, account.asked_at_us) - self._bound_us
        if late_us > 0:
            self.violate(f"{message.data.reference}: the money is {done} {late_us} us late", message)

    def _has_its_goods(self, order_id: str, account: _Account) -> bool:
        for line in account.lines:
            if self._committed_units.get((order_id, line.sku), 0) != account.ordered(line.sku):
                return False
        return True

    def _units_of(self, order_id: str, account: _Account) -> int:
        return sum(self._committed_units.get((order_id, sku), 0) for sku in {line.sku for line in account.lines})


class CaptureOnce(BooksAgree):
    """Knows which payments have been captured."""

    name = "capture-once"
    statement = "A capture changes a payment at most once, and at the end the provider's books and ours agree."

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms.settlement_bound_us)
        self._captured_payments: set[str] = set()

    @on(PaymentCaptured)
    def captured(self, message: Message[PaymentCaptured]) -> None:
        super().captured(message)
        payment_id = message.data.payment_id
        if payment_id in self._captured_payments:
            self.violate(f"payment {payment_id} is captured twice", message)
        self._captured_payments.add(payment_id)
