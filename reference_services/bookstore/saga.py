"""The saga around an order: when this happened, ask for that.

Orchestrated by orders. Each policy is one joint between two aggregates; read from top to bottom they tell the story of
an order that goes well, then of one that does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..kernel.message import Command
from ..kernel.policy import reacts_to
from ..shared.payments import (
    AuthorizePayment,
    CancelPayment,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
)
from .allowances import AllowanceClaimed, AllowanceRefused, ClaimAllowance, ReleaseAllowance
from .inventory import (
    CommitReservation,
    ReleaseStock,
    ReservationCommitted,
    ReservationExpired,
    ReserveStock,
    StockRejected,
    StockReserved,
)
from .order_messages import (
    LineReturned,
    OrderCancelled,
    OrderPaid,
    OrderPlaced,
    PaymentRequested,
    RecordCommit,
    RecordExpiry,
    RecordPayment,
    RecordPaymentFailure,
    RecordRefund,
    RecordReservation,
    RefundStarted,
    RefuseLine,
)


@reacts_to(OrderPlaced)
def claim_allowances(event: OrderPlaced) -> Iterator[Command]:
    """Every line needs room within the customer's limit."""
    for line in event.lines:
        yield ClaimAllowance(event.customer_id, line.sku, event.order_id, line.units, line.limit_per_customer)


@reacts_to(AllowanceClaimed)
def reserve_stock(event: AllowanceClaimed) -> Iterator[Command]:
    """Within the limit: now the inventory is asked."""
    yield ReserveStock(event.sku, event.order_id, f"{event.order_id}/{event.sku}", event.units)


@reacts_to(AllowanceRefused)
def refuse_line_over_limit(event: AllowanceRefused) -> Iterator[Command]:
    """Beyond the limit: the order cannot be had."""
    yield RefuseLine(event.order_id, event.sku, "limit-exceeded")


@reacts_to(StockRejected)
def refuse_line_sold_out(event: StockRejected) -> Iterator[Command]:
    """No units: the order cannot be had, or not any more."""
    yield RefuseLine(event.order_id, event.sku, "sold-out")


@reacts_to(StockReserved)
def record_reservation(event: StockReserved) -> Iterator[Command]:
    """The order learns that a line is held."""
    yield RecordReservation(event.order_id, event.sku, event.reservation_id, event.expires_us)


@reacts_to(ReservationExpired)
def record_expiry(event: ReservationExpired) -> Iterator[Command]:
    """The order learns that a hold ran out."""
    yield RecordExpiry(event.order_id, event.sku, event.reservation_id)


@reacts_to(PaymentRequested)
def authorize_payment(event: PaymentRequested) -> Iterator[Command]:
    """The card is charged with the price on the order."""
    yield AuthorizePayment(event.payment_id, event.order_id, event.amount_cents, event.card_token)


@reacts_to(PaymentCaptured)
def record_payment(event: PaymentCaptured) -> Iterator[Command]:
    """The order learns that the money is here."""
    yield RecordPayment(event.reference, event.payment_id, event.amount_cents)


@reacts_to(PaymentDeclined)
def record_decline(event: PaymentDeclined) -> Iterator[Command]:
    """The order learns that the card was declined."""
    yield RecordPaymentFailure(event.reference, event.payment_id, "payment-declined")


@reacts_to(PaymentVoided)
def record_void(event: PaymentVoided) -> Iterator[Command]:
    """The order learns that the payment came to nothing."""
    yield RecordPaymentFailure(event.reference, event.payment_id, "payment-failed")


@reacts_to(OrderPaid)
def commit_reservations(event: OrderPaid) -> Iterator[Command]:
    """Paid: the held units become the customer's."""
    for line in event.lines:
        yield CommitReservation(line.sku, event.order_id, line.reservation_id, line.units)


@reacts_to(ReservationCommitted)
def record_commit(event: ReservationCommitted) -> Iterator[Command]:
    """The order learns that a line is the customer's."""
    yield RecordCommit(event.order_id, event.sku, event.reservation_id)


@reacts_to(OrderCancelled)
def release_stock(event: OrderCancelled) -> Iterator[Command]:
    """A cancelled order gives back what is held or sold to it."""
    for line in event.lines:
        if line.reservation_id:
            yield ReleaseStock(line.sku, event.order_id, line.reservation_id)


@reacts_to(LineReturned)
def release_returned_line(event: LineReturned) -> Iterator[Command]:
    """Units that came too late for a cancelled order go back."""
    yield ReleaseStock(event.sku, event.order_id, event.reservation_id)


@reacts_to(OrderCancelled)
def release_allowances(event: OrderCancelled) -> Iterator[Command]:
    """A cancelled order no longer counts against the customer's limit."""
    for line in event.lines:
        yield ReleaseAllowance(event.customer_id, line.sku, event.order_id)


@reacts_to(OrderCancelled)
def cancel_open_payment(event: OrderCancelled) -> Iterator[Command]:
    """A cancelled order wants no payment that is still under way."""
    if event.open_payment_id:
        yield CancelPayment(event.open_payment_id)


@reacts_to(RefundStarted)
def refund_payment(event: RefundStarted) -> Iterator[Command]:
    """Money that came for a cancelled order goes back."""
    yield CancelPayment(event.payment_id)


@reacts_to(PaymentRefunded)
def record_refund(event: PaymentRefunded) -> Iterator[Command]:
    """The order learns that the money is back with the customer."""
    yield RecordRefund(event.reference, event.payment_id)


POLICIES = (
    claim_allowances,
    reserve_stock,
    refuse_line_over_limit,
    refuse_line_sold_out,
    record_reservation,
    record_expiry,
    authorize_payment,
    record_payment,
    record_decline,
    record_void,
    commit_reservations,
    record_commit,
    release_stock,
    release_returned_line,
    release_allowances,
    cancel_open_payment,
    refund_payment,
    record_refund,
)
