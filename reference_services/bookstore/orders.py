"""orders: the life of an order.

Aggregate ``order``, keyed by order_id. The order coordinates: the saga (``saga.py``) asks the customer's allowance, the
inventory and the payments for what they alone can decide, and brings their answers back here. In whatever order they
arrive (a dead letter is replayed late), and however often, the order ends in exactly one way, with the goods or the
money where they belong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.edge import decimal_of
from ..kernel.message import Command, Event, Refused
from ..kernel.outside import MOST_CENTS
from ..kernel.transitions import TransitionTable
from .order_messages import (
    CancelOrder,
    CancelUnpicked,
    ConfirmPickup,
    LineCommitted,
    LineOfCancelled,
    LineReserved,
    LineReturned,
    OrderCancelled,
    OrderConfirmed,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    OrderReserved,
    PaymentAttemptFailed,
    PaymentRequested,
    PickedUp,
    PickupReminderDue,
    PlaceOrder,
    ReadyForPickup,
    RecordCommit,
    RecordExpiry,
    RecordPayment,
    RecordPaymentFailure,
    RecordRefund,
    RecordReservation,
    RefundStarted,
    RefuseLine,
    RemindOfPickup,
    ReservationLost,
    RetryPayment,
    SoldLine,
)
from .terms import Terms

ORDER = TransitionTable(
    "none",
    {
        ("none", OrderPlaced): "placed",
        ("placed", LineReserved): "placed",
        ("placed", OrderReserved): "reserved",
        ("placed", OrderCancelled): "cancelled",
        ("reserved", PaymentRequested): "paying",
        ("reserved", OrderCancelled): "cancelled",
        ("paying", ReservationLost): "paying",
        ("paying", PaymentAttemptFailed): "reserved",
        ("paying", OrderPaid): "paid",
        ("paying", OrderCancelled): "cancelled",
        ("paid", LineCommitted): "paid",
        ("paid", OrderConfirmed): "confirmed",
        ("paid", OrderCancelled): "cancelled",
        ("confirmed", ReadyForPickup): "ready",
        ("ready", PickupReminderDue): "ready",
        ("ready", PickedUp): "picked_up",
        ("ready", OrderCancelled): "cancelled",
        ("cancelled", LineReturned): "cancelled",
        ("cancelled", RefundStarted): "refunding",
        ("refunding", LineReturned): "refunding",
        ("refunding", OrderRefunded): "refunded",
        ("refunded", LineReturned): "refunded",
    },
)

# State

LineStatus = Literal["pending", "held", "lost", "committed"]


class Line(msgspec.Struct, frozen=True):
    """A line and how far it has come."""

    sku: str
    units: int
    reservation_id: str = ""
    status: LineStatus = "pending"


class Order(msgspec.Struct, frozen=True):
    """One order. ``payment_id`` is the attempt under way or captured; ``attempts`` counts them."""

    order_id: str
    status: str = ORDER.initial
    customer_id: str = ""
    lines: tuple[Line, ...] = ()
    total_cents: int = 0
    card_token: str = ""
    pickup_code: str = ""
    attempts: int = 0
    payment_id: str = ""
    pickup_by_us: int = 0
    reminded: bool = False


CANCELLABLE = ("placed", "reserved", "paying", "paid", "ready")
PAID_FOR = ("paid", "ready")
ENDED_WITHOUT_SALE = ("cancelled", "refunding", "refunded")


class OrderDecider(Decider[Order]):
    """Decides how one order goes on."""

    name = "order"
    key_field = "order_id"
    commands = (
        PlaceOrder,
        RetryPayment,
        CancelOrder,
        ConfirmPickup,
        RecordReservation,
        RefuseLine,
        RecordExpiry,
        RecordPayment,
        RecordPaymentFailure,
        RecordCommit,
        RecordRefund,
        RemindOfPickup,
        CancelUnpicked,
    )
    events = (
        OrderPlaced,
        LineReserved,
        LineReturned,
        ReservationLost,
        OrderReserved,
        PaymentRequested,
        PaymentAttemptFailed,
        OrderPaid,
        LineCommitted,
        OrderConfirmed,
        ReadyForPickup,
        PickupReminderDue,
        PickedUp,
        OrderCancelled,
        RefundStarted,
        OrderRefunded,
    )
    transitions = ORDER

    def __init__(self, terms: Terms) -> None:
        self._pickup_window_us = terms.pickup_window_us
        self._reminder_before_us = terms.pickup_reminder_before_us

    def initial(self, key: str) -> Order:
        return Order(key)

    def decide(self, order: Order, command: Command, now_us: int) -> list[Event]:
        match command:
            case PlaceOrder():
                return _place(order, command, now_us)
            case RecordReservation():
                return _record_reservation(order, command)
            case RefuseLine():
                return _refuse_line(order, command)
            case RecordPayment():
                return _record_payment(order, command)
            case RecordCommit():
                return self._record_commit(order, command, now_us)
            case RecordPaymentFailure():
                return _record_payment_failure(order, command)
            case RecordExpiry():
                return _record_expiry(order, command)
            case RetryPayment():
                return _retry_payment(order, command)
            case CancelOrder():
                return _cancel_by_customer(order, command)
            case ConfirmPickup():
                return _confirm_pickup(order, command)
            case RemindOfPickup():
                return self._remind(order, now_us)
            case CancelUnpicked():
                return _cancel_unpicked(order, now_us)
            case RecordRefund():
                return _record_refund(order, command)
            case _:
                raise TypeError(f"order does not decide {type(command).__name__}")

    def evolve(self, order: Order, event: Event) -> Order:
        status = ORDER.next(order.status, event)
        change = msgspec.structs.replace
        match event:
            case OrderPlaced():
                lines = tuple(Line(line.sku, line.units) for line in event.lines)
                total, card, code = event.total_cents, event.card_token, event.pickup_code
                return Order(order.order_id, status, event.customer_id, lines, total, card, code)
            case LineReserved():
                return change(order, lines=_with_line(order, event.sku, event.reservation_id, "held"))
            case ReservationLost():
                return change(order, lines=_with_line(order, event.sku, None, "lost"))
            case LineCommitted():
                return change(order, lines=_with_line(order, event.sku, event.reservation_id, "committed"))
            case PaymentRequested():
                return change(order, status=status, attempts=event.attempt, payment_id=event.payment_id)
            case ReadyForPickup():
                return change(order, status=status, pickup_by_us=event.pickup_by_us)
            case PickupReminderDue():
                return change(order, reminded=True)
            case _:
                return order if status == order.status else change(order, status=status)

    def deadlines(self, order: Order) -> Iterable[Deadline]:
        if order.status != "ready":
            return
        if not order.reminded:
            yield order.pickup_by_us - self._reminder_before_us, RemindOfPickup(order.order_id)
        yield order.pickup_by_us, CancelUnpicked(order.order_id)

    def _record_commit(self, order: Order, command: RecordCommit, now_us: int) -> list[Event]:
        if order.status in ENDED_WITHOUT_SALE:
            return [LineReturned(order.order_id, command.sku, command.reservation_id)]
        if order.status != "paid" or _line(order, command.sku).status == "committed":
            return []
        committed = LineCommitted(order.order_id, command.sku, command.reservation_id)
        if any(other.status != "committed" for other in order.lines if other.sku != command.sku):
            return [committed]
        return [
            committed,
            OrderConfirmed(order.order_id, order.customer_id, order.total_cents),
            ReadyForPickup(order.order_id, order.customer_id, now_us + self._pickup_window_us),
        ]

    def _remind(self, order: Order, now_us: int) -> list[Event]:
        due_us = order.pickup_by_us - self._reminder_before_us
        if order.status != "ready" or order.reminded or now_us < due_us:
            return []
        return [PickupReminderDue(order.order_id, order.customer_id, order.pickup_by_us)]


def _place(order: Order, command: PlaceOrder, now_us: int) -> list[Event]:
    if order.status != ORDER.initial:
        return [Refused("order-exists")]
    if not command.lines:
        return [Refused("empty-order", "put something into the cart first")]
    for line in command.lines:
        if now_us < line.opens_us:
            return [Refused("sale-not-open", f"the sale of {line.sku} has not begun")]
        if now_us >= line.closes_us:
            return [Refused("sale-closed", f"the sale of {line.sku} is over")]
        if line.units > line.limit_per_customer:
            return [Refused("limit-exceeded", f"at most {line.limit_per_customer} of {line.sku} a customer")]
    total_cents = sum(line.units * line.unit_price_cents for line in command.lines)
    if total_cents > MOST_CENTS:
        return [Refused("total-too-high", f"a card can be charged with at most {decimal_of(MOST_CENTS)}")]
    return [
        OrderPlaced(
            command.order_id,
            command.customer_id,
            command.lines,
            total_cents,
            command.card_token,
            command.pickup_code,
        )
    ]


def _record_reservation(order: Order, command: RecordReservation) -> list[Event]:
    if order.status in ENDED_WITHOUT_SALE:
        return [LineReturned(order.order_id, command.sku, command.reservation_id)]
    if order.status != "placed" or _line(order, command.sku).status != "pending":
        return []
    reserved = LineReserved(order.order_id, command.sku, command.reservation_id, command.expires_us)
    if any(line.status == "pending" for line in order.lines if line.sku != command.sku):
        return [reserved]
    return [
        reserved,
        OrderReserved(order.order_id, order.customer_id),
        _request_payment(order, order.card_token),
    ]


def _request_payment(order: Order, card_token: str) -> PaymentRequested:
    attempt = order.attempts + 1
    payment_id = f"{order.order_id}/{attempt}"
    return PaymentRequested(order.order_id, payment_id, attempt, order.total_cents, card_token)


def _refuse_line(order: Order, command: RefuseLine) -> list[Event]:
    if order.status not in ("placed", "paid"):
        return []
    return _cancel(order, command.reason)


def _record_expiry(order: Order, command: RecordExpiry) -> list[Event]:
    if order.status not in ("placed", "reserved", "paying"):
        return []
    line = _line(order, command.sku)
    if order.status == "paying":
        return [ReservationLost(order.order_id, command.sku)] if line.status == "held" else []
    return _cancel(order, "reservation-expired")


def _record_payment(order: Order, command: RecordPayment) -> list[Event]:
    if order.status == "paying" and command.payment_id == order.payment_id:
        lines = tuple(SoldLine(line.sku, line.units, line.reservation_id) for line in order.lines)
        return [OrderPaid(order.order_id, command.payment_id, command.amount_cents, lines)]
    if order.status == "cancelled":
        return [RefundStarted(order.order_id, command.payment_id, command.amount_cents)]
    return []


def _record_payment_failure(order: Order, command: RecordPaymentFailure) -> list[Event]:
    if order.status != "paying" or command.payment_id != order.payment_id:
        return []
    failed = PaymentAttemptFailed(order.order_id, command.payment_id, command.reason)
    if any(line.status == "lost" for line in order.lines):
        return [failed, _cancelled(order, "reservation-expired", open_payment_id="")]
    return [failed]


def _retry_payment(order: Order, command: RetryPayment) -> list[Event]:
    if order.customer_id != command.customer_id:
        return [Refused("no-such-order")]
    if order.status != "reserved":
        return [Refused("payment-not-possible", f"the order is {order.status}")]
    return [_request_payment(order, command.card_token)]


def _cancel_by_customer(order: Order, command: CancelOrder) -> list[Event]:
    if order.customer_id != command.customer_id:
        return [Refused("no-such-order")]
    if order.status not in CANCELLABLE:
        return [Refused("not-cancellable", f"the order is {order.status}")]
    return _cancel(order, "cancelled-by-customer")


def _confirm_pickup(order: Order, command: ConfirmPickup) -> list[Event]:
    if order.status == ORDER.initial:
        return [Refused("no-such-order")]
    if order.status != "ready":
        return [Refused("not-ready-for-pickup", f"the order is {order.status}")]
    if command.pickup_code != order.pickup_code:
        return [Refused("wrong-pickup-code")]
    return [PickedUp(order.order_id, command.device_id)]


def _cancel_unpicked(order: Order, now_us: int) -> list[Event]:
    if order.status != "ready" or now_us < order.pickup_by_us:
        return []
    return _cancel(order, "not-picked-up")


def _record_refund(order: Order, command: RecordRefund) -> list[Event]:
    refunded = OrderRefunded(order.order_id, order.customer_id, command.payment_id)
    if order.status == "refunding":
        return [refunded]
    if order.status == "cancelled":
        # The refund overtook the word of the payment that it gives back.
        return [RefundStarted(order.order_id, command.payment_id, order.total_cents), refunded]
    return []


def _cancel(order: Order, reason: str) -> list[Event]:
    """End the order without a sale; money that has come goes back, a payment under way is undone."""
    if order.status in PAID_FOR:
        refund = RefundStarted(order.order_id, order.payment_id, order.total_cents)
        return [_cancelled(order, reason, open_payment_id=""), refund]
    return [_cancelled(order, reason, order.payment_id if order.status == "paying" else "")]


def _cancelled(order: Order, reason: str, open_payment_id: str) -> OrderCancelled:
    lines = tuple(
        LineOfCancelled(line.sku, line.units, line.reservation_id if line.status in ("held", "committed") else "")
        for line in order.lines
    )
    return OrderCancelled(order.order_id, order.customer_id, reason, lines, open_payment_id)


def _line(order: Order, sku: str) -> Line:
    return next(line for line in order.lines if line.sku == sku)


def _with_line(order: Order, sku: str, reservation_id: str | None, status: LineStatus) -> tuple[Line, ...]:
    """The order's lines with one of them moved on; ``reservation_id`` None keeps the one it has."""
    return tuple(
        Line(line.sku, line.units, line.reservation_id if reservation_id is None else reservation_id, status)
        if line.sku == sku
        else line
        for line in order.lines
    )
