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
from ...shared.payments import PaymentAuthorized, PaymentCaptured, PaymentDeclined, PaymentRefunded, PaymentVoided
from ..catalog import PriceChanged, ProductListed
from ..inventory import ReservationCommitted, StockReleased
from ..order_messages import OrderCancelled, OrderConfirmed, OrderPlaced, PickedUp
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
    """The money of one order, as its payments' events tell, and how many units it is for.

    ``authorized`` and ``gone`` are about single payments; ``changed_at_us`` is when either side last had to move. Every
    order has an account for good, since money may come for it at any time; so an account without a payment is small.
    """

    total_cents: int
    units: int
    authorized: Mapping[str, int] = NOTHING_AUTHORIZED
    gone: tuple[str, ...] = ()
    captured_cents: int = 0
    refunded_cents: int = 0
    changed_at_us: int = 0
    cancelled: bool = False
    settled: bool = False

    @property
    def kept_cents(self) -> int:
        """What we have of the customer's money."""
        return self.captured_cents - self.refunded_cents


class MoneyFollowsGoods(Invariant):
    """Keeps the money and the goods of each order side by side."""

    name = "money-follows-goods"
    statement = (
        "An order is confirmed if and only if its total is captured and its goods are committed; money without goods "
        "and goods without money go back within the bound, and no money while the order stands; refunded <= captured "
        "<= authorized; nothing is captured after a void or refund."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._accounts: dict[str, _Account] = {}
        self._committed_units: dict[str, int] = defaultdict(int)

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        units = 0
        for line in event.lines:
            units += line.units
        self._accounts[event.order_id] = _Account(event.total_cents, units)

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
        account.settled = not account.kept_cents

    @on(ReservationCommitted)
    def goods_sold(self, message: Message[ReservationCommitted]) -> None:
        event = message.data
        self._committed_units[event.order_id] += event.units
        self._accounts[event.order_id].changed_at_us = message.time_us

    @on(StockReleased)
    def goods_back(self, message: Message[StockReleased]) -> None:
        event = message.data
        if event.was == "committed":
            self._committed_units[event.order_id] -= event.units

    @on(OrderConfirmed)
    def confirmed(self, message: Message[OrderConfirmed]) -> None:
        event = message.data
        account = self._accounts[event.order_id]
        if account.kept_cents != account.total_cents:
            kept_cents, total_cents = account.kept_cents, account.total_cents
            self.violate(f"{event.order_id} is confirmed with {kept_cents} of {total_cents} cents", message)
        if self._committed_units[event.order_id] != account.units:
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
            if end_us <= account.changed_at_us + self._bound_us:
                continue
            subject = f"order/{order_id}"
            if account.captured_cents and not account.settled:
                text = f"{order_id}: {account.kept_cents} cents kept without goods"
                self.violate(text, subject=subject, time_us=end_us)
            units = self._committed_units.get(order_id)
            if account.cancelled and units:
                self.violate(f"{order_id}: {units} units kept though it is cancelled", subject=subject, time_us=end_us)


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
