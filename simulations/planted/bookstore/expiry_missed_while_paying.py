"""A hold that runs out while the customer pays is not noticed; if the payment fails, the order waits for ever.

Origin: state machines that drop an event in a state in which nobody expected it, "ignored: not in state reserved".
"""

from __future__ import annotations

from reference_services.bookstore.order_messages import RecordExpiry
from reference_services.bookstore.orders import Order, OrderDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class InattentiveOrders(OrderDecider):
    """Hears of expiries only while nothing else is going on."""

    def decide(self, order: Order, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, RecordExpiry) and order.status == "paying":
            return []
        return super().decide(order, command, now_us)


EXPIRY_MISSED_WHILE_PAYING = Plant(
    "expiry-missed-while-paying",
    "A hold that runs out during a payment that then fails leaves an order without goods, money or end.",
    "state machines that drop events which come in a state where nobody expected them",
    "everything-settles",
    swapped(InattentiveOrders),
    system="bookstore",
    live=True,
)
