"""The bookstore's read models: what the API shows, folded from events."""

from __future__ import annotations

from ..kernel.message import Message
from ..kernel.observer import on
from ..kernel.projection import View
from .carts import CartLineSet, CartOpened
from .catalog import PriceChanged, ProductListed, SaleScheduled, TitleChanged
from .inventory import ReservationExpired, StockReceived, StockReleased, StockReserved
from .order_messages import (
    LineReserved,
    OfferedLine,
    OrderCancelled,
    OrderConfirmed,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    OrderReserved,
    PaymentAttemptFailed,
    PaymentRequested,
    PickedUp,
    ReadyForPickup,
    RefundStarted,
)


class Offer:
    """A product as the catalog offers it."""

    __slots__ = ("closes_us", "limit_per_customer", "opens_us", "price_cents", "sku", "title")

    def __init__(self, listed: ProductListed) -> None:
        self.sku = listed.sku
        self.title = listed.title
        self.price_cents = listed.price_cents
        self.limit_per_customer = listed.limit_per_customer
        self.opens_us = 0
        self.closes_us = 0


class CatalogView(View):
    """Offers by sku."""

    def __init__(self) -> None:
        self.offers: dict[str, Offer] = {}

    @on(ProductListed)
    def listed(self, message: Message[ProductListed]) -> None:
        event = message.data
        self.offers[event.sku] = Offer(event)

    @on(TitleChanged)
    def renamed(self, message: Message[TitleChanged]) -> None:
        event = message.data
        self.offers[event.sku].title = event.title

    @on(PriceChanged)
    def repriced(self, message: Message[PriceChanged]) -> None:
        event = message.data
        self.offers[event.sku].price_cents = event.price_cents

    @on(SaleScheduled)
    def scheduled(self, message: Message[SaleScheduled]) -> None:
        event = message.data
        offer = self.offers[event.sku]
        offer.opens_us, offer.closes_us = event.opens_us, event.closes_us
        offer.limit_per_customer = event.limit_per_customer


class StockView(View):
    """Units that can still be had, by sku. A hint for shoppers: only the inventory decides."""

    def __init__(self) -> None:
        self.available: dict[str, int] = {}

    @on(StockReceived, StockReleased, ReservationExpired)
    def more(self, message: Message[StockReceived | StockReleased | ReservationExpired]) -> None:
        event = message.data
        self.available[event.sku] = self.available.get(event.sku, 0) + event.units

    @on(StockReserved)
    def fewer(self, message: Message[StockReserved]) -> None:
        event = message.data
        self.available[event.sku] = self.available.get(event.sku, 0) - event.units


class CartEntry:
    """A cart as its owner sees it."""

    __slots__ = ("cart_id", "customer_id", "units")

    def __init__(self, cart_id: str, customer_id: str) -> None:
        self.cart_id = cart_id
        self.customer_id = customer_id
        self.units: dict[str, int] = {}


class CartsView(View):
    """Carts by cart_id."""

    def __init__(self) -> None:
        self.carts: dict[str, CartEntry] = {}

    @on(CartOpened)
    def opened(self, message: Message[CartOpened]) -> None:
        event = message.data
        self.carts[event.cart_id] = CartEntry(event.cart_id, event.customer_id)

    @on(CartLineSet)
    def line_set(self, message: Message[CartLineSet]) -> None:
        event = message.data
        units = self.carts[event.cart_id].units
        if event.units:
            units[event.sku] = event.units
        else:
            units.pop(event.sku, None)


class OrderEntry:
    """An order as its owner sees it. ``reason`` says why it was cancelled or why the last payment failed."""

    __slots__ = (
        "customer_id",
        "lines",
        "order_id",
        "payment_id",
        "pickup_by_us",
        "pickup_code",
        "reason",
        "reserved_until_us",
        "status",
        "total_cents",
    )

    def __init__(self, placed: OrderPlaced) -> None:
        self.order_id = placed.order_id
        self.customer_id = placed.customer_id
        self.lines: tuple[OfferedLine, ...] = placed.lines
        self.total_cents = placed.total_cents
        self.pickup_code = placed.pickup_code
        self.status = "placed"
        self.reason = ""
        self.payment_id = ""
        self.reserved_until_us = 0
        self.pickup_by_us = 0


class OrdersView(View):
    """Orders by order_id, and each customer's orders, oldest first."""

    def __init__(self) -> None:
        self.orders: dict[str, OrderEntry] = {}
        self.by_customer: dict[str, list[str]] = {}

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        self.orders[event.order_id] = OrderEntry(event)
        self.by_customer.setdefault(event.customer_id, []).append(event.order_id)

    @on(LineReserved)
    def line_reserved(self, message: Message[LineReserved]) -> None:
        event = message.data
        order = self.orders[event.order_id]
        order.reserved_until_us = min(order.reserved_until_us or event.expires_us, event.expires_us)

    @on(PaymentRequested)
    def paying(self, message: Message[PaymentRequested]) -> None:
        event = message.data
        order = self.orders[event.order_id]
        order.status, order.payment_id, order.reason = "paying", event.payment_id, ""

    @on(PaymentAttemptFailed)
    def payment_failed(self, message: Message[PaymentAttemptFailed]) -> None:
        event = message.data
        order = self.orders[event.order_id]
        order.status, order.reason = "reserved", event.reason

    @on(ReadyForPickup)
    def ready(self, message: Message[ReadyForPickup]) -> None:
        event = message.data
        order = self.orders[event.order_id]
        order.status, order.pickup_by_us = "ready", event.pickup_by_us

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        event = message.data
        order = self.orders[event.order_id]
        order.status, order.reason = "cancelled", event.reason

    @on(OrderReserved, OrderPaid, OrderConfirmed, PickedUp, RefundStarted, OrderRefunded)
    def moved_on(self, message: Message[OrderPaid]) -> None:
        event = message.data
        self.orders[event.order_id].status = STATUS_AFTER[type(event)]


STATUS_AFTER: dict[type, str] = {
    OrderReserved: "reserved",
    OrderPaid: "paid",
    OrderConfirmed: "confirmed",
    PickedUp: "picked_up",
    RefundStarted: "refunding",
    OrderRefunded: "refunded",
}
