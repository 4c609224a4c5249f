"""An order of several lines is confirmed when the first of them is committed.

Origin: "on ItemReserved, confirm the order": fan-out without counting what comes back, in orders that had one line when
the code was written.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.order_messages import RecordCommit
from reference_services.bookstore.orders import Order, OrderDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class EagerOrders(OrderDecider):
    """Does not wait for the other lines."""

    def decide(self, order: Order, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, RecordCommit) and order.status == "paid":
            only = tuple(line for line in order.lines if line.sku == command.sku)
            order = msgspec.structs.replace(order, lines=only)
        return super().decide(order, command, now_us)


PARTIAL_ORDER_CONFIRMED = Plant(
    "partial-order-confirmed",
    "The first line that is committed confirms the whole order.",
    "fan-out without counting what comes back",
    "money-follows-goods",
    swapped(EagerOrders),
    system="bookstore",
    live=True,
)
