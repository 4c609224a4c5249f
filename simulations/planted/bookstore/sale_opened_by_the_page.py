"""The page keeps customers from ordering before the sale opens; the service does not.

Origin: product drops whose "add to cart" button is hidden until the hour, while the API behind it takes orders from
whoever knows it: how bots have bought out sneakers and graphics cards before anybody saw them. OWASP's API Security Top
10 (2023) calls it API6, unrestricted access to sensitive business flows.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.order_messages import OrderPlaced, PlaceOrder
from reference_services.bookstore.orders import Order, OrderDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class OpenOrders(OrderDecider):
    """Looks when the sale closes only."""

    def decide(self, order: Order, command: Command, now_us: int) -> list[Event]:
        if not isinstance(command, PlaceOrder):
            return super().decide(order, command, now_us)
        opened = tuple(msgspec.structs.replace(line, opens_us=min(line.opens_us, now_us)) for line in command.lines)
        events = super().decide(order, msgspec.structs.replace(command, lines=opened), now_us)
        return [
            msgspec.structs.replace(event, lines=command.lines) if isinstance(event, OrderPlaced) else event
            for event in events
        ]


SALE_OPENED_BY_THE_PAGE = Plant(
    "sale-opened-by-the-page",
    "Only the page knows when the sale opens; whoever calls the API orders before.",
    "product drops behind a hidden button; OWASP API6:2023, unrestricted access to sensitive business flows",
    "sale-window",
    swapped(OpenOrders),
    system="bookstore",
    live=True,
)
