"""The rules of an order, by example: when it can be placed, paid, cancelled, and what becomes of it."""

from __future__ import annotations

import msgspec
import pytest
from examples import (
    ATTEMPT_FAILED,
    CANCELLED,
    CLOSES_US,
    CODE,
    EXPIRES_US,
    HOODIE,
    HOODIE_HOLD,
    LINE_COMMITTED,
    LINE_RESERVED,
    MUG,
    MUG_HOLD,
    NOW_US,
    OPENS_US,
    ORDER_CONFIRMED,
    ORDER_ID,
    ORDER_PAID,
    ORDER_PLACED,
    ORDER_REFUNDED,
    ORDER_RESERVED,
    ORDER_STORIES,
    PAID,
    PAYING,
    PAYMENT_ID,
    PAYMENT_REQUESTED,
    PICKUP_BY_US,
    PLACED,
    READY,
    READY_FOR_PICKUP,
    REFUND_STARTED,
    REFUNDING,
    REMIND_AT_US,
    RESERVED,
    TERMS,
    TOTAL_CENTS,
    cancelled,
    offered,
    place,
)
from given_when_then import Given, given

from reference_services.bookstore.order_messages import (
    CancelOrder,
    CancelUnpicked,
    ConfirmPickup,
    LineCommitted,
    LineOfCancelled,
    LineReserved,
    LineReturned,
    OfferedLine,
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
    RefuseLine,
    RemindOfPickup,
    ReservationLost,
    RetryPayment,
    SoldLine,
)
from reference_services.bookstore.orders import ORDER, Order, OrderDecider
from reference_services.kernel.message import Command, Event, Refused
from reference_services.kernel.outside import MOST_CENTS

CANCEL = CancelOrder(ORDER_ID, "ann")
RETRY = RetryPayment(ORDER_ID, "ann", "card-2")
RESERVATION = RecordReservation(ORDER_ID, HOODIE, HOODIE_HOLD, EXPIRES_US)
EXPIRY = RecordExpiry(ORDER_ID, HOODIE, HOODIE_HOLD)
PAYMENT = RecordPayment(ORDER_ID, PAYMENT_ID, TOTAL_CENTS)
FAILURE = RecordPaymentFailure(ORDER_ID, PAYMENT_ID, "payment-declined")
COMMIT = RecordCommit(ORDER_ID, HOODIE, HOODIE_HOLD)
REFUND = RecordRefund(ORDER_ID, PAYMENT_ID)

TWO_LINES = (offered(HOODIE, 1, 2_500), offered(MUG, 2, 800))
TWO_PLACED = OrderPlaced(ORDER_ID, "ann", TWO_LINES, 4_100, "card-ok", CODE)
ONE_OF_TWO_RESERVED = (TWO_PLACED, LINE_RESERVED)
MUG_RESERVED = LineReserved(ORDER_ID, MUG, MUG_HOLD, EXPIRES_US)
TWO_REQUESTED = PaymentRequested(ORDER_ID, PAYMENT_ID, 1, 4_100, "card-ok")
TWO_PAYING = (*ONE_OF_TWO_RESERVED, MUG_RESERVED, ORDER_RESERVED, TWO_REQUESTED)
TWO_SOLD = (SoldLine(HOODIE, 1, HOODIE_HOLD), SoldLine(MUG, 2, MUG_HOLD))
TWO_PAID = (*TWO_PAYING, OrderPaid(ORDER_ID, PAYMENT_ID, 4_100, TWO_SOLD))


def two_cancelled(reason: str, hoodie_hold: str, mug_hold: str) -> OrderCancelled:
    """The order of two lines has ended; what is held under the given names is given back."""
    lines = (LineOfCancelled(HOODIE, 1, hoodie_hold), LineOfCancelled(MUG, 2, mug_hold))
    return OrderCancelled(ORDER_ID, "ann", reason, lines)


def an_order(*events: Event) -> Given[Order]:
    """Ann's order, and what has happened to it."""
    return given(OrderDecider(TERMS), *events, key=ORDER_ID)


# What each command leads to in each status. "-": nothing; "!reason": refused.

EVERY_STATUS = tuple(ORDER_STORIES)
REFUSED_AS_UNKNOWN = {"none": "!no-such-order"}
TABLE: list[tuple[Command, dict[str, str]]] = [
    (place(), {"none": "placed", **{status: "!order-exists" for status in EVERY_STATUS if status != "none"}}),
    (
        RETRY,
        {**dict.fromkeys(EVERY_STATUS, "!payment-not-possible"), **REFUSED_AS_UNKNOWN, "reserved": "paying"},
    ),
    (
        CANCEL,
        {
            **dict.fromkeys(EVERY_STATUS, "!not-cancellable"),
            **REFUSED_AS_UNKNOWN,
            "placed": "cancelled",
            "paying": "cancelled",
            "reserved": "cancelled",
            "paid": "refunding",
            "ready": "refunding",
        },
    ),
    (
        ConfirmPickup(ORDER_ID, CODE, "counter"),
        {**dict.fromkeys(EVERY_STATUS, "!not-ready-for-pickup"), **REFUSED_AS_UNKNOWN, "ready": "picked_up"},
    ),
    (
        RESERVATION,
        {"placed": "paying", "cancelled": "cancelled", "refunding": "refunding", "refunded": "refunded"},
    ),
    (RefuseLine(ORDER_ID, HOODIE, "sold-out"), {"placed": "cancelled", "paid": "refunding"}),
    (EXPIRY, {"placed": "cancelled", "reserved": "cancelled", "paying": "paying"}),
    (PAYMENT, {"paying": "paid", "cancelled": "refunding"}),
    (FAILURE, {"paying": "reserved"}),
    (COMMIT, {"paid": "ready", "cancelled": "cancelled", "refunding": "refunding", "refunded": "refunded"}),
    (REFUND, {"cancelled": "refunded", "refunding": "refunded"}),
    (RemindOfPickup(ORDER_ID), {"ready": "ready"}),
    (CancelUnpicked(ORDER_ID), {"ready": "refunding"}),
]


@pytest.mark.parametrize(("command", "outcomes"), TABLE, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("status", ORDER_STORIES)
def test_what_a_command_leads_to(status: str, command: Command, outcomes: dict[str, str]) -> None:
    order = an_order(*ORDER_STORIES[status])
    at_us = PICKUP_BY_US if isinstance(command, RemindOfPickup | CancelUnpicked) else NOW_US

    decided = order.when(command, at_us)

    assert order.state.status == status
    assert outcome_of(decided.events, decided.after.state.status) == outcomes.get(status, "-")


def outcome_of(events: list[Event], status: str) -> str:
    if not events:
        return "-"
    return f"!{events[0].reason}" if isinstance(events[0], Refused) else status


def test_the_table_covers_every_command_and_every_status() -> None:
    assert {type(command) for command, _ in TABLE} == set(OrderDecider.commands)
    assert set(ORDER_STORIES) == set(ORDER.statuses) - {"confirmed"}, "confirmed and ready are one decision"


# Placing: the sale window, the limit, the price


@pytest.mark.parametrize(
    ("at_us", "reason"),
    [
        (OPENS_US - 1, "sale-not-open"),
        (OPENS_US, None),
        (CLOSES_US - 1, None),
        (CLOSES_US, "sale-closed"),
    ],
)
def test_the_sale_window_includes_its_start_and_not_its_end(at_us: int, reason: str | None) -> None:
    decided = an_order().when(place(), at_us)

    if reason is None:
        decided.then(ORDER_PLACED)
    else:
        decided.then_refused(reason)


def test_every_line_must_be_on_sale() -> None:
    later = OfferedLine(MUG, 1, 800, 2, CLOSES_US, CLOSES_US + 1)

    an_order().when(place(offered(), later), NOW_US).then_refused("sale-not-open")


@pytest.mark.parametrize(("units", "reason"), [(1, None), (2, None), (3, "limit-exceeded")])
def test_no_line_may_exceed_the_limit(units: int, reason: str | None) -> None:
    decided = an_order().when(place(offered(units=units)), NOW_US)

    assert outcome_of(decided.events, "placed") == (f"!{reason}" if reason else "placed")


def test_an_order_of_nothing_is_refused() -> None:
    nothing = msgspec.structs.replace(place(), lines=())

    an_order().when(nothing, NOW_US).then_refused("empty-order")


@pytest.mark.parametrize(("cents_more", "placed"), [(0, True), (1, False)])
def test_no_order_comes_to_more_than_a_card_can_be_charged_with(cents_more: int, placed: bool) -> None:
    lines = offered(units=1, unit_price_cents=MOST_CENTS - 1), offered(MUG, 1, 1 + cents_more)
    decided = an_order().when(place(*lines), NOW_US)

    assert outcome_of(decided.events, "placed") == ("placed" if placed else "!total-too-high")


def test_the_total_is_the_sum_of_the_offered_prices_and_that_is_charged() -> None:
    order = an_order().when(place(*TWO_LINES), NOW_US).then(TWO_PLACED)
    order = order.when(RESERVATION, NOW_US).then(LINE_RESERVED)

    order.when(RecordReservation(ORDER_ID, MUG, MUG_HOLD, EXPIRES_US), NOW_US).then(
        MUG_RESERVED, ORDER_RESERVED, TWO_REQUESTED
    )


# Reserving


def test_one_refused_line_ends_the_order_and_gives_the_others_back() -> None:
    an_order(*ONE_OF_TWO_RESERVED).when(RefuseLine(ORDER_ID, MUG, "sold-out")).then(
        two_cancelled("sold-out", HOODIE_HOLD, "")
    )


@pytest.mark.parametrize("status", ["cancelled", "refunding", "refunded"])
def test_units_that_come_for_an_order_that_has_ended_go_back(status: str) -> None:
    returned = LineReturned(ORDER_ID, HOODIE, "o-1/hoodie/again")
    order = an_order(*ORDER_STORIES[status])

    order.when(RecordReservation(ORDER_ID, HOODIE, "o-1/hoodie/again", EXPIRES_US)).then(returned)
    order.when(RecordCommit(ORDER_ID, HOODIE, "o-1/hoodie/again")).then(returned)


def test_a_reservation_told_twice_counts_once() -> None:
    an_order(*ONE_OF_TWO_RESERVED).when(RESERVATION).then_nothing()


# Paying


def test_a_declined_payment_leaves_the_reservation() -> None:
    order = an_order(*PAYING).when(FAILURE, NOW_US).then(ATTEMPT_FAILED)

    assert [line.status for line in order.state.lines] == ["held"]


def test_a_second_attempt_is_a_new_payment_with_the_new_card_and_the_old_price() -> None:
    second = PaymentRequested(ORDER_ID, "o-1/2", 2, TOTAL_CENTS, "card-2")
    order = an_order(*RESERVED).when(RETRY).then(second)

    order.when(FAILURE).then_nothing()
    order.when(RecordPayment(ORDER_ID, "o-1/2", TOTAL_CENTS)).then(
        OrderPaid(ORDER_ID, "o-1/2", TOTAL_CENTS, (SoldLine(HOODIE, 2, HOODIE_HOLD),))
    )


def test_a_hold_that_runs_out_after_a_decline_ends_the_order() -> None:
    an_order(*RESERVED).when(EXPIRY).then(cancelled("reservation-expired"))


def test_a_hold_that_runs_out_while_a_payment_is_under_way_leaves_the_order_to_the_payment() -> None:
    lost = ReservationLost(ORDER_ID, HOODIE)
    order = an_order(*PAYING).when(EXPIRY).then(lost)

    order.when(EXPIRY).then_nothing()
    order.when(PAYMENT).then(ORDER_PAID)
    order.when(FAILURE).then(ATTEMPT_FAILED, cancelled("reservation-expired", hold=""))


def test_the_lines_still_held_go_back_when_a_payment_fails_after_one_was_lost() -> None:
    order = an_order(*TWO_PAYING, ReservationLost(ORDER_ID, HOODIE))

    order.when(FAILURE).then(ATTEMPT_FAILED, two_cancelled("reservation-expired", "", MUG_HOLD))


def test_money_that_comes_after_a_cancellation_goes_back() -> None:
    order = an_order(*CANCELLED).when(PAYMENT).then(REFUND_STARTED)

    order.when(PAYMENT).then_nothing()
    order.when(REFUND).then(ORDER_REFUNDED)


def test_goods_sold_out_after_the_money_came_end_the_order_with_a_refund() -> None:
    an_order(*PAID).when(RefuseLine(ORDER_ID, HOODIE, "sold-out")).then(cancelled("sold-out"), REFUND_STARTED)


# Confirming


def test_an_order_is_confirmed_and_ready_once_its_last_line_is_committed() -> None:
    order = an_order(*PAID).when(COMMIT, NOW_US).then(LINE_COMMITTED, ORDER_CONFIRMED, READY_FOR_PICKUP)

    order.when(COMMIT, NOW_US).then_nothing()


def test_a_line_committed_under_a_new_reservation_is_known_by_it() -> None:
    again = "o-1/mug/again"
    order = an_order(*TWO_PAID).when(RecordCommit(ORDER_ID, MUG, again)).then(LineCommitted(ORDER_ID, MUG, again))
    order = order.when(RecordCommit(ORDER_ID, HOODIE, HOODIE_HOLD), NOW_US).after

    cancellation = order.when(CANCEL).events[0]

    assert cancellation == two_cancelled("cancelled-by-customer", HOODIE_HOLD, again)


# Cancelling


@pytest.mark.parametrize(
    ("story", "events"),
    [
        (PLACED, (cancelled("cancelled-by-customer", hold=""),)),
        (RESERVED, (cancelled("cancelled-by-customer"),)),
        (PAYING, (cancelled("cancelled-by-customer", open_payment_id=PAYMENT_ID),)),
        (PAID, (cancelled("cancelled-by-customer"), REFUND_STARTED)),
        (READY, (cancelled("cancelled-by-customer"), REFUND_STARTED)),
    ],
    ids=["placed", "reserved", "paying", "paid", "ready"],
)
def test_a_customer_cancels(story: tuple[Event, ...], events: tuple[Event, ...]) -> None:
    an_order(*story).when(CANCEL).then(*events)


@pytest.mark.parametrize("command", [CancelOrder(ORDER_ID, "bob"), RetryPayment(ORDER_ID, "bob", "card-2")])
@pytest.mark.parametrize("status", ORDER_STORIES)
def test_nobody_touches_the_order_of_another(status: str, command: Command) -> None:
    an_order(*ORDER_STORIES[status]).when(command).then_refused("no-such-order")


@pytest.mark.parametrize("status", [status for status in ORDER_STORIES if status != "ready"])
def test_only_a_ready_order_waits_for_time(status: str) -> None:
    an_order(*ORDER_STORIES[status]).waits_for()


def test_a_ready_order_waits_for_its_reminder_and_then_for_its_end() -> None:
    an_order(*READY).waits_for((REMIND_AT_US, RemindOfPickup(ORDER_ID)), (PICKUP_BY_US, CancelUnpicked(ORDER_ID)))


def test_a_refund_that_overtakes_its_payment_ends_the_order_all_the_same() -> None:
    refunded = an_order(*CANCELLED).when(REFUND, NOW_US).then(REFUND_STARTED, ORDER_REFUNDED)

    refunded.when(PAYMENT, NOW_US).then_nothing()


def test_payments_and_refunds_that_are_told_twice_count_once() -> None:
    an_order(*PAYING, ORDER_PAID).when(PAYMENT).then_nothing()
    an_order(*REFUNDING, ORDER_REFUNDED).when(REFUND).then_nothing()


def test_the_examples_tell_of_the_events_that_they_are_named_for() -> None:
    assert PAYMENT_REQUESTED in PAYING
    assert ATTEMPT_FAILED in RESERVED
    assert all(an_order(*story).state.status == status for status, story in ORDER_STORIES.items())
