"""The bookstore's API calls, each described once: who may call, what is sent, which command that is, what is answered.

HTTP routes, the simulated gateway and the customers' journeys are all made from these.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from ..kernel.edge import cents_of, decimal_of, instant_us, rfc3339, whole
from ..kernel.message import derived_id
from ..kernel.operation import ANYONE, Action, Call, Outcome, Query
from ..kernel.problem import NOT_FOUND, UNPROCESSABLE, Problem
from ..kernel.projection import Views
from .carts import LINES_PER_CART, OpenCart, SetCartLine
from .catalog import ListProduct
from .inventory import ReceiveStock
from .order_messages import CancelOrder, ConfirmPickup, OfferedLine, PlaceOrder, RetryPayment
from .views import CartsView, CatalogView, Offer, OrderEntry, OrdersView, StockView

CUSTOMER, DEVICE, STAFF = "customer", "device", "staff"
ORDERS_LISTED = 100

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
CardToken = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=whole(r"[A-Za-z0-9_-]+"))]
Instant = Annotated[str, msgspec.Meta(min_length=20, max_length=35, description="RFC 3339 with an offset")]
Amount = Annotated[str, msgspec.Meta(pattern=whole(r"[0-9]{1,6}\.[0-9]{2}"), description="a decimal with two places")]
OrderedUnits = Annotated[int, msgspec.Meta(ge=1, le=100)]

# Requests


class ProductRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An offer: the sale runs from ``sale_opens`` (inclusive) to ``sale_closes`` (exclusive)."""

    title: Text
    price: Amount
    limit_per_customer: Annotated[int, msgspec.Meta(ge=1, le=100)]
    sale_opens: Instant
    sale_closes: Instant


class CartLineRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many units; 0 takes the product out."""

    units: Annotated[int, msgspec.Meta(ge=0, le=100)]


class OrderLineRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many units of a product."""

    sku: Text
    units: OrderedUnits


class OrderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to order, either the contents of a cart or lines given here, and the card to charge."""

    card_token: CardToken
    cart_id: Text | None = None
    lines: Annotated[tuple[OrderLineRequest, ...], msgspec.Meta(max_length=LINES_PER_CART)] = ()


class PaymentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card to try next."""

    card_token: CardToken


class PickupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code that the customer shows."""

    pickup_code: Text


class ReceiptRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units delivered to the store."""

    units: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


# Answers


class ProductBody(msgspec.Struct, frozen=True):
    """A product on offer. ``available`` is a hint: only an order's reservation decides."""

    sku: str
    title: str
    price: str
    limit_per_customer: int
    sale_opens: str
    sale_closes: str
    available: int


class CatalogBody(msgspec.Struct, frozen=True):
    """Everything on offer."""

    products: list[ProductBody]


class LineBody(msgspec.Struct, frozen=True):
    """A line of a cart or order."""

    sku: str
    units: int


class CartBody(msgspec.Struct, frozen=True):
    """A cart."""

    cart_id: str
    lines: list[LineBody]


class OrderBody(msgspec.Struct, frozen=True):
    """An order as its owner sees it. ``reason`` tells why it was cancelled or why the last payment failed.

    ``pickup_code`` is for the customer to show: store devices and staff read it empty.
    """

    order_id: str
    status: str
    lines: list[LineBody]
    total: str
    pickup_code: str
    reason: str | None = None
    reserved_until: str | None = None
    pickup_by: str | None = None


class OrdersBody(msgspec.Struct, frozen=True):
    """A customer's latest orders, newest first."""

    orders: list[OrderBody]


class StockBody(msgspec.Struct, frozen=True):
    """Units that can still be had."""

    sku: str
    available: int


# Catalog


def read_catalog(call: Call, views: Views) -> Outcome:
    stock = views.get(StockView).available
    offers = views.get(CatalogView).offers.values()
    return Outcome(CatalogBody([_product_body(offer, stock.get(offer.sku, 0)) for offer in offers]))


def read_product(call: Call, views: Views) -> Outcome:
    return _product_outcome(call.path["sku"], views)


def list_product(call: Call, views: Views) -> ListProduct:
    body: ProductRequest = call.body
    try:
        price_cents, opens_us, closes_us = (
            cents_of(body.price),
            instant_us(body.sale_opens),
            instant_us(body.sale_closes),
        )
    except ValueError as error:
        raise Problem(UNPROCESSABLE, str(error)) from error
    if not price_cents:
        raise Problem(UNPROCESSABLE, "price must be at least 0.01")
    if closes_us <= opens_us:
        raise Problem(UNPROCESSABLE, "sale_closes must be after sale_opens")
    return ListProduct(call.path["sku"], body.title, price_cents, body.limit_per_customer, opens_us, closes_us)


def product_outcome(command: ListProduct, views: Views) -> Outcome:
    return _product_outcome(command.sku, views)


def _product_outcome(sku: str, views: Views) -> Outcome:
    offer = _offer(sku, views)
    return Outcome(_product_body(offer, views.get(StockView).available.get(sku, 0)))


def _offer(sku: str, views: Views) -> Offer:
    offer = views.get(CatalogView).offers.get(sku)
    if offer is None:
        raise Problem(NOT_FOUND, f"there is no product {sku!r}; GET /catalog lists them")
    return offer


def _product_body(offer: Offer, available: int) -> ProductBody:
    return ProductBody(
        offer.sku,
        offer.title,
        decimal_of(offer.price_cents),
        offer.limit_per_customer,
        rfc3339(offer.opens_us),
        rfc3339(offer.closes_us),
        available,
    )


# Carts


def open_cart(call: Call, views: Views) -> OpenCart:
    return OpenCart(call.new_id("cart"), call.principal.subject)


def set_cart_line(call: Call, views: Views) -> SetCartLine:
    sku = call.path["sku"]
    _offer(sku, views)
    return SetCartLine(call.path["cart_id"], call.principal.subject, sku, call.body.units)


def cart_outcome(command: OpenCart | SetCartLine, views: Views) -> Outcome:
    cart = views.get(CartsView).carts[command.cart_id]
    return Outcome(CartBody(cart.cart_id, [LineBody(sku, units) for sku, units in cart.units.items()]))


# Orders


def place_order(call: Call, views: Views) -> PlaceOrder:
    request: OrderRequest = call.body
    if (request.cart_id is None) == (not request.lines):
        raise Problem(UNPROCESSABLE, "send either cart_id or lines")
    wanted = _wanted_units(request, call.principal.subject, views)
    lines = tuple(_offered_line(_offer(sku, views), units) for sku, units in wanted.items())
    order_id = call.new_id("o")
    pickup_code = derived_id("pickup-code", call.command_id)[:6].upper()
    return PlaceOrder(order_id, call.principal.subject, lines, request.card_token, pickup_code)


def _wanted_units(request: OrderRequest, customer_id: str, views: Views) -> dict[str, int]:
    if request.cart_id is None:
        wanted = {line.sku: line.units for line in request.lines}
        if len(wanted) < len(request.lines):
            raise Problem(UNPROCESSABLE, "name each sku once and sum up its units")
        return wanted
    cart = views.get(CartsView).carts.get(request.cart_id)
    if cart is None or cart.customer_id != customer_id:
        raise Problem(NOT_FOUND, f"you have no cart {request.cart_id!r}")
    return cart.units


def _offered_line(offer: Offer, units: int) -> OfferedLine:
    return OfferedLine(offer.sku, units, offer.price_cents, offer.limit_per_customer, offer.opens_us, offer.closes_us)


def retry_payment(call: Call, views: Views) -> RetryPayment:
    _own_order(call, views)
    return RetryPayment(call.path["order_id"], call.principal.subject, call.body.card_token)


def cancel_order(call: Call, views: Views) -> CancelOrder:
    _own_order(call, views)
    return CancelOrder(call.path["order_id"], call.principal.subject)


def confirm_pickup(call: Call, views: Views) -> ConfirmPickup:
    return ConfirmPickup(call.path["order_id"], call.body.pickup_code, call.principal.subject)


def order_location(command: PlaceOrder | RetryPayment | CancelOrder | ConfirmPickup) -> str:
    return f"/orders/{command.order_id}"


def payment_outcome(command: PlaceOrder | RetryPayment, views: Views) -> Outcome:
    """Settled once the order is ready, cancelled, or waits for the customer to try another card."""
    order = views.get(OrdersView).orders[command.order_id]
    body = _order_body(order)
    if order.status in ("cancelled", "refunding", "refunded") or (order.status == "reserved" and order.reason):
        return Outcome(body, settled=True, refused=order.reason)
    return Outcome(body, settled=order.status in ("ready", "picked_up"))


def cancellation_outcome(command: CancelOrder, views: Views) -> Outcome:
    order = views.get(OrdersView).orders[command.order_id]
    return Outcome(_order_body(order), settled=order.status in ("cancelled", "refunded"))


def pickup_outcome(command: ConfirmPickup, views: Views) -> Outcome:
    return Outcome(_order_body(views.get(OrdersView).orders[command.order_id]))


def read_order(call: Call, views: Views) -> Outcome:
    order = _own_order(call, views)
    settled = order.status not in ("placed", "paying", "paid", "refunding")
    body = _order_body(order)
    if call.principal.role != CUSTOMER:
        body = msgspec.structs.replace(body, pickup_code="")
    return Outcome(body, settled=settled)


def read_orders(call: Call, views: Views) -> Outcome:
    view = views.get(OrdersView)
    latest = view.by_customer.get(call.principal.subject, [])[-ORDERS_LISTED:]
    return Outcome(OrdersBody([_order_body(view.orders[order_id]) for order_id in reversed(latest)]))


def _own_order(call: Call, views: Views) -> OrderEntry:
    order = views.get(OrdersView).orders.get(call.path["order_id"])
    if order is None or (call.principal.role == CUSTOMER and order.customer_id != call.principal.subject):
        raise Problem(NOT_FOUND, f"you have no order {call.path['order_id']!r}")
    return order


def _order_body(order: OrderEntry) -> OrderBody:
    return OrderBody(
        order.order_id,
        order.status,
        [LineBody(line.sku, line.units) for line in order.lines],
        decimal_of(order.total_cents),
        order.pickup_code,
        order.reason or None,
        rfc3339(order.reserved_until_us) if order.reserved_until_us else None,
        rfc3339(order.pickup_by_us) if order.pickup_by_us else None,
    )


# Inventory


def receive_stock(call: Call, views: Views) -> ReceiveStock:
    sku = call.path["sku"]
    _offer(sku, views)
    return ReceiveStock(sku, call.new_id("receipt"), call.body.units)


def stock_outcome(command: ReceiveStock, views: Views) -> Outcome:
    return Outcome(StockBody(command.sku, views.get(StockView).available.get(command.sku, 0)))


CATALOG = (
    Query("browse_catalog", "/catalog", "Everything on offer", (ANYONE,), read_catalog, CatalogBody),
    Query("view_product", "/catalog/{sku}", "One product", (ANYONE,), read_product, ProductBody),
    Action(
        "list_product",
        "PUT",
        "/catalog/{sku}",
        "Offer a product, or change its offer",
        (STAFF,),
        list_product,
        product_outcome,
        ProductBody,
        body=ProductRequest,
    ),
)

ORDERS = (
    Action("open_cart", "POST", "/carts", "Start a cart", (CUSTOMER,), open_cart, cart_outcome, CartBody, created=True),
    Action(
        "set_cart_line",
        "PUT",
        "/carts/{cart_id}/lines/{sku}",
        "Put a product into the cart",
        (CUSTOMER,),
        set_cart_line,
        cart_outcome,
        CartBody,
        body=CartLineRequest,
    ),
    Action(
        "place_order",
        "POST",
        "/orders",
        "Order, reserve and pay",
        (CUSTOMER,),
        place_order,
        payment_outcome,
        OrderBody,
        body=OrderRequest,
        location=order_location,
        created=True,
    ),
    Query("list_orders", "/orders", "My latest orders", (CUSTOMER,), read_orders, OrdersBody),
    Query(
        "view_order",
        "/orders/{order_id}",
        "One order",
        (CUSTOMER, DEVICE, STAFF),
        read_order,
        OrderBody,
    ),
    Action(
        "retry_payment",
        "POST",
        "/orders/{order_id}/payments",
        "Try to pay again, after a decline",
        (CUSTOMER,),
        retry_payment,
        payment_outcome,
        OrderBody,
        body=PaymentRequest,
        location=order_location,
        created=True,
    ),
    Action(
        "cancel_order",
        "POST",
        "/orders/{order_id}/cancellation",
        "Cancel, and get the money back",
        (CUSTOMER,),
        cancel_order,
        cancellation_outcome,
        OrderBody,
        location=order_location,
    ),
    Action(
        "confirm_pickup",
        "POST",
        "/orders/{order_id}/pickup",
        "Hand over the goods, on a store device",
        (DEVICE,),
        confirm_pickup,
        pickup_outcome,
        OrderBody,
        body=PickupRequest,
        location=order_location,
    ),
)

INVENTORY = (
    Action(
        "receive_stock",
        "POST",
        "/stock/{sku}/receipts",
        "Units have been delivered",
        (STAFF,),
        receive_stock,
        stock_outcome,
        StockBody,
        body=ReceiptRequest,
        created=True,
    ),
)
