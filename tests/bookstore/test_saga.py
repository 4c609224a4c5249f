"""The joints of the saga: what each event makes others do."""

from __future__ import annotations

import pytest
from examples import (
    EXPIRES_US,
    HOODIE,
    HOODIE_HOLD,
    MUG,
    MUG_HOLD,
    ORDER_ID,
    ORDER_PAID,
    ORDER_PLACED,
    PAYMENT_CAPTURED,
    PAYMENT_DECLINED,
    PAYMENT_ID,
    PAYMENT_REFUNDED,
    PAYMENT_REQUESTED,
    PAYMENT_VOIDED,
    REFUND_STARTED,
    STOCK_COMMITTED,
    STOCK_HELD,
    TOTAL_CENTS,
)

from reference_services.bookstore.allowances import (
    AllowanceClaimed,
    AllowanceRefused,
    ClaimAllowance,
    ReleaseAllowance,
)
from reference_services.bookstore.inventory import (
    CommitReservation,
    ReleaseStock,
    ReservationExpired,
    ReserveStock,
    StockRejected,
)
from reference_services.bookstore.order_messages import (
    LineOfCancelled,
    LineReturned,
    OrderCancelled,
    RecordCommit,
    RecordExpiry,
    RecordPayment,
    RecordPaymentFailure,
    RecordRefund,
    RecordReservation,
    RefuseLine,
)
from reference_services.bookstore.saga import POLICIES
from reference_services.kernel.message import Command, Event
from reference_services.shared.payments import AuthorizePayment, CancelPayment

TWO_LINES = (LineOfCancelled(HOODIE, 2, HOODIE_HOLD), LineOfCancelled(MUG, 1, ""))

JOINTS: list[tuple[Event, list[Command]]] = [
    (ORDER_PLACED, [ClaimAllowance("ann", HOODIE, ORDER_ID, 2, 2)]),
    (AllowanceClaimed("ann", HOODIE, ORDER_ID, 2), [ReserveStock(HOODIE, ORDER_ID, HOODIE_HOLD, 2)]),
    (AllowanceRefused("ann", HOODIE, ORDER_ID, 2), [RefuseLine(ORDER_ID, HOODIE, "limit-exceeded")]),
    (STOCK_HELD, [RecordReservation(ORDER_ID, HOODIE, HOODIE_HOLD, EXPIRES_US)]),
    (StockRejected(HOODIE, ORDER_ID, HOODIE_HOLD, 2), [RefuseLine(ORDER_ID, HOODIE, "sold-out")]),
    (ReservationExpired(HOODIE, ORDER_ID, HOODIE_HOLD, 2), [RecordExpiry(ORDER_ID, HOODIE, HOODIE_HOLD)]),
    (PAYMENT_REQUESTED, [AuthorizePayment(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "card-ok")]),
    (PAYMENT_CAPTURED, [RecordPayment(ORDER_ID, PAYMENT_ID, TOTAL_CENTS)]),
    (PAYMENT_DECLINED, [RecordPaymentFailure(ORDER_ID, PAYMENT_ID, "payment-declined")]),
    (PAYMENT_VOIDED, [RecordPaymentFailure(ORDER_ID, PAYMENT_ID, "payment-failed")]),
    (ORDER_PAID, [CommitReservation(HOODIE, ORDER_ID, HOODIE_HOLD, 2)]),
    (STOCK_COMMITTED, [RecordCommit(ORDER_ID, HOODIE, HOODIE_HOLD)]),
    (
        OrderCancelled(ORDER_ID, "ann", "sold-out", TWO_LINES, PAYMENT_ID),
        [
            ReleaseStock(HOODIE, ORDER_ID, HOODIE_HOLD),
            ReleaseAllowance("ann", HOODIE, ORDER_ID),
            ReleaseAllowance("ann", MUG, ORDER_ID),
            CancelPayment(PAYMENT_ID),
        ],
    ),
    (LineReturned(ORDER_ID, MUG, MUG_HOLD), [ReleaseStock(MUG, ORDER_ID, MUG_HOLD)]),
    (REFUND_STARTED, [CancelPayment(PAYMENT_ID)]),
    (PAYMENT_REFUNDED, [RecordRefund(ORDER_ID, PAYMENT_ID)]),
]


def commands_after(event: Event) -> list[Command]:
    return [command for policy in POLICIES if policy.on is type(event) for command in policy.react(event)]


@pytest.mark.parametrize(("event", "commands"), JOINTS, ids=lambda value: type(value).__name__)
def test_when_this_happened_ask_for_that(event: Event, commands: list[Command]) -> None:
    assert commands_after(event) == commands


def test_every_policy_is_shown_at_work() -> None:
    assert {policy.on for policy in POLICIES} == {type(event) for event, _ in JOINTS}


def test_an_order_that_ends_without_a_payment_under_way_cancels_none() -> None:
    ended = OrderCancelled(ORDER_ID, "ann", "sold-out", TWO_LINES)

    assert not any(isinstance(command, CancelPayment) for command in commands_after(ended))
