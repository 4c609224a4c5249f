"""Pickup by example: with the code only, until the deadline, and exactly one of pickup and auto-cancel wins."""

from __future__ import annotations

import pytest
from examples import (
    CODE,
    ORDER_ID,
    ORDER_PICKED_UP,
    PICKUP_BY_US,
    READY,
    REFUND_STARTED,
    REMIND_AT_US,
    TERMS,
    cancelled,
)
from given_when_then import Given, given

from reference_services.bookstore.order_messages import (
    CancelUnpicked,
    ConfirmPickup,
    PickupReminderDue,
    RemindOfPickup,
)
from reference_services.bookstore.orders import Order, OrderDecider
from reference_services.kernel.message import Event

PICK_UP = ConfirmPickup(ORDER_ID, CODE, "counter")
AUTO_CANCEL = CancelUnpicked(ORDER_ID)
REMINDER_DUE = PickupReminderDue(ORDER_ID, "ann", PICKUP_BY_US)


def an_order(*events: Event) -> Given[Order]:
    """Ann's order, and what has happened to it."""
    return given(OrderDecider(TERMS), *events, key=ORDER_ID)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(CODE, None), ("", "wrong-pickup-code"), (CODE.lower(), "wrong-pickup-code"), (CODE + "0", "wrong-pickup-code")],
)
def test_goods_are_handed_over_for_the_right_code_only(code: str, reason: str | None) -> None:
    decided = an_order(*READY).when(ConfirmPickup(ORDER_ID, code, "counter"))

    if reason is None:
        decided.then(ORDER_PICKED_UP)
    else:
        decided.then_refused(reason)


def test_goods_are_handed_over_once() -> None:
    order = an_order(*READY).when(PICK_UP).then(ORDER_PICKED_UP)

    order.when(PICK_UP).then_refused("not-ready-for-pickup")


@pytest.mark.parametrize(("at_us", "cancels"), [(PICKUP_BY_US - 1, False), (PICKUP_BY_US, True)])
def test_an_order_is_cancelled_at_its_deadline_and_not_before(at_us: int, cancels: bool) -> None:
    decided = an_order(*READY).when(AUTO_CANCEL, at_us)

    assert decided.events == ([cancelled("not-picked-up"), REFUND_STARTED] if cancels else [])


def test_pickup_first_at_the_very_instant_of_the_deadline() -> None:
    order = an_order(*READY).when(PICK_UP, PICKUP_BY_US).then(ORDER_PICKED_UP)

    order.when(AUTO_CANCEL, PICKUP_BY_US).then_nothing().waits_for()


def test_auto_cancel_first_at_the_very_instant_of_the_deadline() -> None:
    order = an_order(*READY).when(AUTO_CANCEL, PICKUP_BY_US).then(cancelled("not-picked-up"), REFUND_STARTED)

    order.when(PICK_UP, PICKUP_BY_US).then_refused("not-ready-for-pickup")


@pytest.mark.parametrize(("at_us", "reminds"), [(REMIND_AT_US - 1, False), (REMIND_AT_US, True)])
def test_the_reminder_comes_four_hours_before_the_deadline_and_not_before(at_us: int, reminds: bool) -> None:
    assert TERMS.pickup_reminder_before_us == 4 * 3_600_000_000

    decided = an_order(*READY).when(RemindOfPickup(ORDER_ID), at_us)

    assert decided.events == ([REMINDER_DUE] if reminds else [])


def test_a_customer_is_reminded_once() -> None:
    order = an_order(*READY).when(RemindOfPickup(ORDER_ID), REMIND_AT_US).then(REMINDER_DUE)

    order.waits_for((PICKUP_BY_US, AUTO_CANCEL))
    order.when(RemindOfPickup(ORDER_ID), REMIND_AT_US).then_nothing()


def test_whoever_has_picked_up_is_not_reminded() -> None:
    an_order(*READY, ORDER_PICKED_UP).when(RemindOfPickup(ORDER_ID), REMIND_AT_US).then_nothing()
