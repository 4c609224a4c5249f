"""The bookstore's API calls, without HTTP: who may, whose things one sees, and what one is answered."""

from __future__ import annotations

from typing import Any

import pytest
from examples import NOW_US, OPENS_US, PICKUP_BY_US, TERMS
from good_day import ANN, BOB, COUNTER, STAFF, Shop, offer

from reference_services.bookstore.operations import (
    ORDERS_LISTED,
    CartLineRequest,
    OrderLineRequest,
    OrderRequest,
    PaymentRequest,
    PickupRequest,
    ReceiptRequest,
)
from reference_services.bookstore.order_messages import PaymentRequested
from reference_services.bookstore.system import build
from reference_services.kernel.edge import rfc3339
from reference_services.kernel.operation import ANYONE, Principal
from reference_services.kernel.problem import Problem

PUBLIC = Principal("anyone", ANYONE)

API = {
    "browse_catalog": ("GET", "/catalog", ("anyone",)),
    "view_product": ("GET", "/catalog/{sku}", ("anyone",)),
    "list_product": ("PUT", "/catalog/{sku}", ("staff",)),
    "open_cart": ("POST", "/carts", ("customer",)),
    "set_cart_line": ("PUT", "/carts/{cart_id}/lines/{sku}", ("customer",)),
    "place_order": ("POST", "/orders", ("customer",)),
    "list_orders": ("GET", "/orders", ("customer",)),
    "view_order": ("GET", "/orders/{order_id}", ("customer", "device", "staff")),
    "retry_payment": ("POST", "/orders/{order_id}/payments", ("customer",)),
    "cancel_order": ("POST", "/orders/{order_id}/cancellation", ("customer",)),
    "confirm_pickup": ("POST", "/orders/{order_id}/pickup", ("device",)),
    "receive_stock": ("POST", "/stock/{sku}/receipts", ("staff",)),
    "take_payment_report": ("POST", "/webhooks/payments", ("provider",)),
}


def test_who_may_call_what() -> None:
    assert {
        operation.name: (operation.method, operation.path, operation.roles)
        for _, operation in build(TERMS).operations()
    } == API


@pytest.fixture
def shop() -> Shop:
    return Shop()


def slug_of(call: Any) -> str:
    with pytest.raises(Problem) as raised:
        call()
    return raised.value.kind.slug


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price": "0.00"}, "at least 0.01"),
        ({"sale_closes": rfc3339(OPENS_US)}, "must be after"),
        ({"sale_opens": "2026-13-01T10:00:00Z"}, "month"),
        ({"sale_opens": "2026-09-01T10:00:00.000"}, "no offset"),
        ({"sale_opens": "0001-01-01T00:00:00+01:00"}, "between the years"),
        ({"sale_closes": "9999-12-31T23:59:59-01:00"}, "between the years"),
        ({"sale_opens": "the first of September"}, "is not an instant; write e.g."),
    ],
)
def test_an_offer_that_makes_no_sense_is_unprocessable(shop: Shop, changes: dict[str, str], words: str) -> None:
    with pytest.raises(Problem, match=words) as raised:
        shop.ask("list_product", STAFF, {"sku": "hoodie"}, offer(**changes))

    assert raised.value.kind.slug == "unprocessable"


def test_everybody_sees_what_is_on_offer(shop: Shop) -> None:
    products = shop.read("browse_catalog", PUBLIC, {}).body.products

    assert [(product.sku, product.price, product.available) for product in products] == [
        ("hoodie", "25.00", 3),
        ("mug", "25.00", 1),
    ]
    assert shop.read("view_product", PUBLIC, {"sku": "mug"}).body == products[1]
    assert products[0].sale_opens == rfc3339(OPENS_US)


def test_everybody_sees_a_changed_offer(shop: Shop) -> None:
    changed = {"title": "Warm hoodie", "price": "26.00", "limit_per_customer": 3, "sale_closes": rfc3339(NOW_US)}
    command = shop.ask("list_product", STAFF, {"sku": "hoodie"}, offer(**changed))

    seen = shop.read("view_product", PUBLIC, {"sku": "hoodie"}).body

    assert {name: getattr(seen, name) for name in changed} == changed
    assert shop.outcome("list_product", command).body == seen


@pytest.mark.parametrize(
    "body",
    [
        OrderRequest("card-ok"),
        OrderRequest("card-ok", cart_id="cart-1", lines=(OrderLineRequest("hoodie", 1),)),
        OrderRequest("card-ok", lines=(OrderLineRequest("hoodie", 1), OrderLineRequest("hoodie", 1))),
    ],
    ids=["neither cart nor lines", "both", "a sku twice"],
)
def test_an_order_says_once_what_it_wants(shop: Shop, body: OrderRequest) -> None:
    assert slug_of(lambda: shop.ask("place_order", ANN, {}, body)) == "unprocessable"


@pytest.mark.parametrize(
    ("name", "principal", "path", "body"),
    [
        ("place_order", ANN, {}, OrderRequest("card-ok", lines=(OrderLineRequest("bicycle", 1),))),
        ("place_order", ANN, {}, OrderRequest("card-ok", cart_id="cart-9")),
        ("set_cart_line", ANN, {"cart_id": "cart-1", "sku": "bicycle"}, CartLineRequest(1)),
        ("receive_stock", STAFF, {"sku": "bicycle"}, ReceiptRequest(1)),
        ("retry_payment", ANN, {"order_id": "o-9"}, PaymentRequest("card-ok")),
        ("cancel_order", ANN, {"order_id": "o-9"}, None),
    ],
)
def test_what_is_not_there_is_not_found(
    shop: Shop, name: str, principal: Principal, path: dict[str, str], body: Any
) -> None:
    assert slug_of(lambda: shop.ask(name, principal, path, body)) == "not-found"


@pytest.mark.parametrize(("name", "path"), [("view_product", {"sku": "bicycle"}), ("view_order", {"order_id": "o-9"})])
def test_reading_what_is_not_there(shop: Shop, name: str, path: dict[str, str]) -> None:
    assert slug_of(lambda: shop.read(name, ANN, path)) == "not-found"


# Carts


def test_a_cart_is_ordered_as_it_stands(shop: Shop) -> None:
    cart = shop.ask("open_cart", ANN, {}, None)
    path = {"cart_id": cart.data.cart_id}
    for sku, units in (("hoodie", 2), ("mug", 1), ("mug", 0), ("hoodie", 1)):
        line = shop.ask("set_cart_line", ANN, {**path, "sku": sku}, CartLineRequest(units))

    assert [(each.sku, each.units) for each in shop.outcome("set_cart_line", line).body.lines] == [("hoodie", 1)]
    order = shop.ask("place_order", ANN, {}, OrderRequest("card-ok", cart_id=cart.data.cart_id))
    assert [(each.sku, each.units) for each in order.data.lines] == [("hoodie", 1)]


def test_nobody_uses_the_cart_of_another(shop: Shop) -> None:
    cart_id = shop.ask("open_cart", ANN, {}, None).data.cart_id

    line = shop.ask("set_cart_line", BOB, {"cart_id": cart_id, "sku": "mug"}, CartLineRequest(1))

    assert shop.reasons(line) == ["no-such-cart"]
    assert slug_of(lambda: shop.ask("place_order", BOB, {}, OrderRequest("card-ok", cart_id=cart_id))) == "not-found"


def test_an_empty_cart_orders_nothing(shop: Shop) -> None:
    cart_id = shop.ask("open_cart", ANN, {}, None).data.cart_id

    order = shop.ask("place_order", ANN, {}, OrderRequest("card-ok", cart_id=cart_id))

    assert shop.reasons(order) == ["empty-order"]


def test_a_cart_that_no_card_can_pay_is_not_ordered(shop: Shop) -> None:
    shop.ask("list_product", STAFF, {"sku": "hoodie"}, offer(price="999999.99"))
    cart_id = shop.ask("open_cart", ANN, {}, None).data.cart_id
    shop.ask("set_cart_line", ANN, {"cart_id": cart_id, "sku": "hoodie"}, CartLineRequest(2))

    order = shop.ask("place_order", ANN, {}, OrderRequest("card-ok", cart_id=cart_id))

    assert shop.reasons(order) == ["total-too-high"]


# Orders


@pytest.mark.parametrize("name", ["retry_payment", "cancel_order"])
def test_the_order_of_another_is_not_there(shop: Shop, name: str) -> None:
    path = {"order_id": shop.order(ANN).data.order_id}
    body = PaymentRequest("card-ok") if name == "retry_payment" else None

    assert slug_of(lambda: shop.ask(name, BOB, path, body)) == "not-found"
    assert slug_of(lambda: shop.read("view_order", BOB, path)) == "not-found"
    assert shop.read("list_orders", BOB, {}).body.orders == []


@pytest.mark.parametrize("principal", [COUNTER, STAFF], ids=["device", "staff"])
def test_the_store_sees_orders_but_not_their_codes(shop: Shop, principal: Principal) -> None:
    order = shop.order()
    path = {"order_id": order.data.order_id}

    assert shop.read("view_order", principal, path).body.pickup_code == ""
    assert shop.read("view_order", ANN, path).body.pickup_code == order.data.pickup_code != ""


def test_the_same_key_asks_for_the_same_order(shop: Shop) -> None:
    body = OrderRequest("card-ok", lines=(OrderLineRequest("hoodie", 1),))
    first, again, other = (shop.ask("place_order", ANN, {}, body, key=key) for key in ("k-1", "k-1", "k-2"))
    of_bob = shop.ask("place_order", BOB, {}, body, key="k-1")

    assert first.data == again.data
    assert len({order.data.order_id for order in (first, other, of_bob)}) == 3
    assert len({order.data.pickup_code for order in (first, other, of_bob)}) == 3
    assert len(shop.read("list_orders", ANN, {}).body.orders) == 2


def test_the_price_on_the_order_is_charged_whatever_the_catalog_says_later(shop: Shop) -> None:
    body = OrderRequest("card-ok", lines=(OrderLineRequest("hoodie", 2),))
    shop.request("place_order", ANN, {}, body, "k-1")
    shop.request("list_product", STAFF, {"sku": "hoodie"}, offer(price="99.99"), "k-2")
    shop.work()

    requested = [event.data for record in shop.records for event in record if type(event.data) is PaymentRequested]
    assert [event.amount_cents for event in requested] == [5_000]
    assert shop.read("view_product", PUBLIC, {"sku": "hoodie"}).body.price == "99.99"
    assert shop.read("list_orders", ANN, {}).body.orders[0].total == "50.00"


def test_an_order_is_settled_once_it_is_paid(shop: Shop) -> None:
    order = shop.order()
    path = {"order_id": order.data.order_id}
    assert not shop.outcome("place_order", order).settled
    assert not shop.read("view_order", ANN, path).settled

    shop.pay(order)

    settled = shop.outcome("place_order", order)
    assert (settled.settled, settled.refused, settled.body.status) == (True, "", "ready")
    assert settled.body.pickup_by == rfc3339(PICKUP_BY_US)
    assert shop.read("view_order", ANN, path).body == settled.body


def test_a_decline_is_told_with_its_reason_and_can_be_tried_again(shop: Shop) -> None:
    order = shop.order()
    shop.report(order, "declined", reason="card-declined")

    declined = shop.outcome("place_order", order)
    assert (declined.settled, declined.refused, declined.body.status) == (True, "payment-declined", "reserved")
    assert declined.body.reserved_until == rfc3339(NOW_US + TERMS.reservation_ttl_us)

    again = shop.ask("retry_payment", ANN, {"order_id": order.data.order_id}, PaymentRequest("card-2"))
    assert not shop.outcome("retry_payment", again).settled
    assert shop.outcome("retry_payment", again).body.status == "paying"


@pytest.mark.parametrize(
    ("sku", "units", "reason"), [("mug", 2, "sold-out"), ("hoodie", 3, "limit-exceeded"), ("mug", 1, "")]
)
def test_an_order_that_cannot_be_had_says_why(shop: Shop, sku: str, units: int, reason: str) -> None:
    order = shop.order(sku=sku, units=units)

    refused = shop.reasons(order) or [shop.outcome("place_order", order).refused]

    assert refused == [reason]


def test_the_limit_counts_over_two_devices(shop: Shop) -> None:
    phone, laptop = shop.order(ANN, "hoodie", 2), shop.order(ANN, "hoodie", 1)

    assert shop.outcome("place_order", phone).refused == ""
    assert shop.outcome("place_order", laptop).refused == "limit-exceeded"
    assert shop.outcome("place_order", shop.order(BOB)).refused == ""


def test_a_cancellation_is_settled_once_the_money_is_back(shop: Shop) -> None:
    order = shop.order()
    shop.pay(order)

    cancellation = shop.ask("cancel_order", ANN, {"order_id": order.data.order_id}, None)
    assert not shop.outcome("cancel_order", cancellation).settled

    shop.report(order, "refunded", captured_cents=2_500, refunded_cents=2_500, refund_id="refund-1")
    assert shop.outcome("cancel_order", cancellation).settled
    assert shop.outcome("cancel_order", cancellation).body.status == "refunded"
    assert shop.read("view_product", PUBLIC, {"sku": "hoodie"}).body.available == 3


def test_a_pickup_is_answered_with_the_order_as_it_now_is(shop: Shop) -> None:
    order = shop.order()
    shop.pay(order)
    path = {"order_id": order.data.order_id}

    wrong = shop.ask("confirm_pickup", COUNTER, path, PickupRequest("WRONG"))
    right = shop.ask("confirm_pickup", COUNTER, path, PickupRequest(order.data.pickup_code))

    assert shop.reasons(wrong) == ["wrong-pickup-code"]
    assert shop.outcome("confirm_pickup", right).body.status == "picked_up"


def test_a_pickup_of_nothing_is_refused(shop: Shop) -> None:
    assert shop.reasons(shop.ask("confirm_pickup", COUNTER, {"order_id": "o-9"}, PickupRequest("X"))) == [
        "no-such-order"
    ]


def test_a_customer_sees_the_latest_orders_newest_first(shop: Shop) -> None:
    orders = [shop.order(ANN, "hoodie", 1).data.order_id for _ in range(ORDERS_LISTED + 1)]

    assert [order.order_id for order in shop.read("list_orders", ANN, {}).body.orders] == orders[:0:-1]
