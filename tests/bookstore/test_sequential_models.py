"""What clients saw of the bookstore: told by hand, right and wrong, under clocks that are believed and that are not."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from examples import CODE, HOODIE, MUG, NOW_US, TERMS
from hypothesis import given
from hypothesis import strategies as st

from reference_services.bookstore.client_orders import client_orders
from reference_services.bookstore.pickup_model import pickup_history
from reference_services.bookstore.stock_model import Action, StockModel
from reference_services.bookstore.terms import SECOND_US
from reference_services.kernel.client_history import ClientCall
from reference_services.kernel.edge import rfc3339
from reference_services.kernel.invariant import Finding
from reference_services.kernel.linearizability import Operation, Timing, check
from reference_services.kernel.message import derived_id
from reference_services.registry import linearizability_findings, load_sequential_models

PICKUP_BY_US = NOW_US + TERMS.pickup_window_us
CLOCKS_AGREE, NO_CLOCK = 0, None
KINDS = ("received", "maybe-received", "asked", "promised", "held", "maybe-back", "freed", "sold-out")
numbers = count()


def order_id_of(customer: str) -> str:
    return "o-" + derived_id("o", f"c-{customer}")


def call(client: str, operation: str, at_s: float, until_s: float | None, **members: Any) -> ClientCall:
    """A call from ``at_s`` to ``until_s`` seconds after the sale began; without an end it was never answered."""
    returned_us = None if until_s is None else NOW_US + round(until_s * SECOND_US)
    defaults = {
        "outcome": "unknown" if until_s is None else "ok",
        "command_id": f"c-{client}-{operation}-{next(numbers)}",
    }
    return ClientCall(
        client=client,
        operation=operation,
        invoked_us=NOW_US + round(at_s * SECOND_US),
        returned_us=returned_us,
        **{**defaults, **members},
    )


def shown(customer: str, status: str, lines: dict[str, int], **more: str) -> dict[str, Any]:
    """An order as the API shows it."""
    return {
        "order_id": order_id_of(customer),
        "status": status,
        "lines": [{"sku": sku, "units": units} for sku, units in lines.items()],
        **more,
    }


def received(units: int, at_s: float = 0, until_s: float | None = 1, sku: str = HOODIE) -> ClientCall:
    answer = None if until_s is None else {"sku": sku, "available": units}
    return call("staff", "receive_stock", at_s, until_s, path={"sku": sku}, body={"units": units}, answer=answer)


def placed(customer: str, at_s: float, until_s: float | None, lines: dict[str, int], **members: Any) -> ClientCall:
    body = {"lines": [{"sku": sku, "units": units} for sku, units in lines.items()], "card_token": "card"}
    return call(customer, "place_order", at_s, until_s, body=body, command_id=f"c-{customer}", **members)


def confirmed(customer: str, at_s: float, until_s: float, units: int = 1, sku: str = HOODIE) -> ClientCall:
    answer = shown(customer, "ready", {sku: units}, pickup_by=rfc3339(PICKUP_BY_US))
    return placed(customer, at_s, until_s, {sku: units}, answer=answer, status=201)


def refused(customer: str, at_s: float, until_s: float, reason: str = "sold-out", **lines: int) -> ClientCall:
    return placed(customer, at_s, until_s, lines or {HOODIE: 1}, outcome="refused", reason=reason, status=409)


def picked_up(customer: str, at_s: float, until_s: float | None, units: int = 1) -> ClientCall:
    answer = None if until_s is None else shown(customer, "picked_up", {HOODIE: units})
    return about(customer, "confirm_pickup", at_s, until_s, answer=answer, client="counter-1")


def cancelled(customer: str, at_s: float, until_s: float | None, units: int = 1) -> ClientCall:
    answer = None if until_s is None else shown(customer, "refunding", {HOODIE: units})
    return about(customer, "cancel_order", at_s, until_s, answer=answer)


def about(
    customer: str, operation: str, at_s: float, until_s: float | None, *, client: str = "", **members: Any
) -> ClientCall:
    path = {"order_id": order_id_of(customer)}
    return call(client or customer, operation, at_s, until_s, path=path, body={"pickup_code": CODE}, **members)


def findings(clock_error_us: int | None, *calls: ClientCall) -> dict[str, Finding]:
    judged = linearizability_findings("bookstore", {}, calls, clock_error_us)
    return {finding.name: finding for finding in judged}


def stock(clock_error_us: int | None, *calls: ClientCall) -> str:
    """Empty if the calls tell of right stock, otherwise the first violation in words."""
    finding = findings(clock_error_us, *calls)["stock-linearizable"]
    assert finding.status != "crashed", finding.error
    return finding.samples[0].message if finding.samples else ""


def pickup(*calls: ClientCall, clock_error_us: int | None = NO_CLOCK) -> str:
    """Empty if the calls tell of right pickups, otherwise the first violation in words."""
    finding = findings(clock_error_us, *calls)["pickup-linearizable"]
    assert finding.status != "crashed", finding.error
    return finding.samples[0].message if finding.samples else ""


both_clocks = pytest.mark.parametrize("clocks", [CLOCKS_AGREE, NO_CLOCK], ids=["clocks agree", "no clock"])


# Stock


@both_clocks
def test_the_last_unit_goes_to_one_and_the_other_is_refused(clocks: int | None):
    assert not stock(clocks, received(1), confirmed("ann", 2, 4), refused("bob", 2, 3))


def test_the_last_unit_promised_twice_is_overselling():
    told = stock(CLOCKS_AGREE, received(1), confirmed("ann", 2, 4), confirmed("bob", 3, 5))
    assert "hoodie: bob saw an order of 1 promised" in told
    assert "1 of 1 units must have been taken by then" in told


def test_more_units_handed_over_than_received_is_overselling_whatever_the_clocks_say():
    sales = [confirmed(name, 2, 4) for name in ("ann", "bob", "cyd")]
    handed_over = [picked_up(name, 10, 11) for name in ("ann", "bob", "cyd")]
    assert not stock(NO_CLOCK, received(3), *sales, *handed_over)
    assert stock(NO_CLOCK, received(2), *sales, *handed_over)


def test_units_of_a_cancelled_order_can_be_sold_again():
    calls = [received(1), confirmed("ann", 2, 4), cancelled("ann", 5, 6)]
    assert not stock(CLOCKS_AGREE, *calls, confirmed("bob", 7, 8))
    assert stock(CLOCKS_AGREE, *calls, confirmed("bob", 4.2, 4.8))


def test_a_cancellation_that_nobody_heard_of_may_have_been_carried_out():
    calls = [received(1), confirmed("ann", 2, 4), cancelled("ann", 5, None)]
    assert not stock(CLOCKS_AGREE, *calls, confirmed("bob", 7, 8))


def test_units_not_picked_up_can_be_sold_again_when_the_time_is_over_by_the_most_advanced_clock():
    window_s = TERMS.pickup_window_us // SECOND_US
    later = confirmed("bob", window_s - 10, window_s - 5)
    assert stock(CLOCKS_AGREE, received(1), confirmed("ann", 2, 4), later)
    assert not stock(20 * SECOND_US, received(1), confirmed("ann", 2, 4), later)


def test_a_declined_order_may_hold_its_units_for_as_long_as_nobody_knows_better():
    declined = refused("ann", 2, 4, "payment-declined")
    assert not stock(CLOCKS_AGREE, received(1), declined, refused("bob", 5, 6), confirmed("cyd", 700, 701))


def test_a_hold_that_was_shown_keeps_its_units_until_it_runs_out():
    until = rfc3339(NOW_US + 600 * SECOND_US)
    listed = call(
        "ann",
        "list_orders",
        5,
        6,
        command_id="",
        answer={"orders": [shown("ann", "reserved", {HOODIE: 1}, reserved_until=until)]},
    )
    calls = [received(1), refused("ann", 2, 4, "payment-declined"), listed]
    assert stock(CLOCKS_AGREE, *calls, confirmed("bob", 7, 8))
    assert not stock(CLOCKS_AGREE, *calls, confirmed("bob", 599, 601))


@both_clocks
def test_sold_out_while_there_must_be_units_left_is_a_stale_answer(clocks: int | None):
    told = stock(clocks, received(5), confirmed("ann", 2, 4, units=2), refused("bob", 5, 6))
    assert "bob saw an order of 1 refused as sold-out" in told
    assert "of 5 units must have been taken by then" in told


@both_clocks
def test_sold_out_is_right_while_an_order_without_an_answer_may_hold_the_units(clocks: int | None):
    silent = placed("ann", 2, None, {HOODIE: 2})
    assert not stock(clocks, received(2), silent, refused("bob", 50, 51), confirmed("cyd", 80, 81))


@both_clocks
def test_an_error_is_no_answer(clocks: int | None):
    failed = placed("ann", 2, 3, {HOODIE: 1}, outcome="error", status=503, reason="overloaded")
    assert not stock(clocks, received(1), failed, refused("bob", 50, 51))


def test_two_refused_at_once_do_not_excuse_each_other_unless_a_hold_can_have_run_out_meanwhile():
    calls = [received(2), confirmed("ann", 1, 2), refused("bob", 3, 5), refused("cyd", 3, 5)]
    assert stock(CLOCKS_AGREE, *calls)
    assert not stock(NO_CLOCK, *calls)


@both_clocks
def test_a_receipt_without_an_answer_may_count_or_not(clocks: int | None):
    late = received(1, at_s=2, until_s=None)
    assert not stock(clocks, received(1), late, confirmed("ann", 3, 4), confirmed("bob", 5, 6))
    assert not stock(clocks, received(1), late, confirmed("ann", 3, 4), refused("bob", 5, 6))


@both_clocks
def test_a_refused_basket_tells_of_none_of_its_products_but_may_hold_each(clocks: int | None):
    basket = refused("ann", 2, 3, **{HOODIE: 1, MUG: 1})
    assert not stock(clocks, received(1), received(1, sku=MUG), basket, refused("bob", 4, 5))


@both_clocks
def test_an_order_from_a_cart_wants_at_most_what_was_put_into_it(clocks: int | None):
    def put(units: int) -> ClientCall:
        return call("ann", "set_cart_line", 1, 2, path={"cart_id": "cart-1", "sku": HOODIE}, body={"units": units})

    ordered = call(
        "ann",
        "place_order",
        3,
        4,
        command_id="c-ann",
        body={"cart_id": "cart-1", "card_token": "card"},
        outcome="refused",
        reason="sold-out",
    )
    assert not stock(clocks, received(2), put(3), put(2), ordered)
    assert stock(clocks, received(2), put(2), ordered)


@both_clocks
def test_a_repeated_request_is_one_order(clocks: int | None):
    lost = placed("ann", 2, None, {HOODIE: 1})
    assert not stock(clocks, received(1), lost, confirmed("ann", 8, 9), picked_up("ann", 10, 11))


# Pickup


def test_goods_are_handed_over_once():
    calls = [received(1), confirmed("ann", 1, 2)]
    assert not pickup(*calls, picked_up("ann", 10, 11))
    told = pickup(*calls, picked_up("ann", 10, 11), picked_up("ann", 12, 13))
    assert "counter-1 was told that the goods were handed over now" in told
    assert "it had been handed over before" in told


def test_a_pickup_and_a_cancellation_do_not_both_win():
    calls = [received(1), confirmed("ann", 1, 2), picked_up("ann", 10, 12)]
    assert pickup(*calls, cancelled("ann", 11, 13))
    too_late = about("ann", "cancel_order", 11, 13, outcome="refused", reason="not-cancellable")
    assert not pickup(*calls, too_late)


def test_an_order_handed_over_is_not_seen_cancelled_by_the_shop():
    seen = about("ann", "view_order", 20, 21, command_id="", answer=shown("ann", "refunded", {HOODIE: 1}))
    calls = [received(1), confirmed("ann", 1, 2)]
    assert pickup(*calls, picked_up("ann", 10, 12), seen)
    not_ready = about("ann", "confirm_pickup", 10, 12, outcome="refused", reason="not-ready-for-pickup")
    assert not pickup(*calls, not_ready, seen)


def test_a_view_may_lag_behind():
    seen = about("ann", "view_order", 20, 21, command_id="", answer=shown("ann", "ready", {HOODIE: 1}))
    assert not pickup(received(1), confirmed("ann", 1, 2), picked_up("ann", 10, 12), seen)


def test_a_pickup_that_nobody_heard_of_may_have_taken_place_or_not():
    calls = [received(1), confirmed("ann", 1, 2), picked_up("ann", 10, None)]
    too_late = about("ann", "cancel_order", 20, 21, outcome="refused", reason="not-cancellable")
    assert not pickup(*calls, too_late)
    assert not pickup(*calls, cancelled("ann", 20, 21))


def test_an_order_that_was_ready_is_not_refused_before_its_time_is_over():
    calls = [
        received(1),
        confirmed("ann", 1, 2),
        about("ann", "confirm_pickup", 10, 12, outcome="refused", reason="not-ready-for-pickup"),
    ]
    assert pickup(*calls, clock_error_us=CLOCKS_AGREE)
    assert not pickup(*calls, clock_error_us=NO_CLOCK)


def test_an_order_needs_no_search_if_the_shop_may_simply_have_given_it_up():
    gone = about("ann", "view_order", 3, 4, command_id="", answer=shown("ann", "cancelled", {HOODIE: 1}))
    for calls in ([refused("ann", 1, 2)], [refused("ann", 1, 2), gone], [placed("ann", 1, None, {HOODIE: 1}), gone]):
        (order,) = client_orders(calls)
        assert pickup_history(order, NO_CLOCK) is None
    for calls in ([confirmed("ann", 1, 2), gone], [placed("ann", 1, None, {HOODIE: 1}), picked_up("ann", 10, 12)]):
        (order,) = client_orders(calls)
        assert pickup_history(order, NO_CLOCK) is not None


# All together


class UnhintedStockModel(StockModel):
    """The same model without hints: the search tries every order."""

    def timing(self, argument: Action, result: Any) -> Timing:
        return "any"


@st.composite
def any_stock_operation(draw: st.DrawFn) -> Operation:
    kind = draw(st.sampled_from(KINDS))
    invoked_us = draw(st.integers(0, 8))
    lasts_us = draw(st.integers(0, 8))
    return Operation("any", invoked_us, invoked_us + lasts_us, Action(kind, draw(st.integers(1, 2))), "told")


@given(st.lists(any_stock_operation(), max_size=7), st.integers(0, 3))
def test_the_hints_of_the_stock_model_are_true(operations: list[Operation], units: int):
    history = [Operation("staff", 0, 0, Action("received", units), "told"), *operations]
    assert check(StockModel(), history).linearizable == check(UnhintedStockModel(), history).linearizable


def test_both_rules_are_judged_and_named():
    judged = findings(NO_CLOCK)
    assert {name: finding.status for name, finding in judged.items()} == {
        "stock-linearizable": "held",
        "pickup-linearizable": "held",
    }


def test_a_call_that_cannot_be_read_is_a_crashed_check_and_no_pass():
    judged = findings(NO_CLOCK, received(1), call("ann", "confirm_pickup", 1, 2))
    assert {finding.status for finding in judged.values()} == {"crashed"}
    assert "order_id" in judged["pickup-linearizable"].error


def test_the_models_name_the_operations_that_a_recorder_must_keep():
    models = load_sequential_models("bookstore", {})
    assert models is not None
    assert "browse_catalog" not in models.operations
    assert {"place_order", "receive_stock", "confirm_pickup"} <= models.operations


def test_a_system_without_sequential_models_has_nothing_to_judge():
    assert load_sequential_models("tests.hosting_streams.turnstile", {}) is None
    assert linearizability_findings("tests.hosting_streams.turnstile", {}, [received(1)]) == []
