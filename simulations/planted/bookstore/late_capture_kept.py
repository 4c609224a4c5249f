"""Money that comes when the goods are gone is kept.

Origin: webhook handlers that begin with "if the order cannot be fulfilled, there is nothing to do". The Stripe gateway
of WooCommerce has only lately begun to refund payments that land after an order was cancelled (pull request 5703).
"""

from __future__ import annotations

from reference_services.bookstore.order_messages import RefuseLine
from reference_services.bookstore.orders import Order, OrderDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class IndifferentOrders(OrderDecider):
    """Does not expect that what is paid for can be refused."""

    def decide(self, order: Order, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, RefuseLine) and order.status == "paid":
            return []
        return super().decide(order, command, now_us)


LATE_CAPTURE_KEPT = Plant(
    "late-capture-kept",
    "A capture that comes after the hold ran out and the goods were sold is kept, and the order forgotten.",
    "woocommerce-gateway-stripe pull request 5703: payments that land after an order was cancelled",
    "money-follows-goods",
    swapped(IndifferentOrders),
    system="bookstore",
    live=True,
)
