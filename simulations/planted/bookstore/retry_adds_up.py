"""What is due is added up over the attempts, and a declined one takes nothing off.

Origin: carts that charge the "outstanding balance", which counts an attempt when it is made and not when it succeeds.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.order_messages import PaymentRequested, RetryPayment
from reference_services.bookstore.orders import Order, OrderDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class BalanceOrders(OrderDecider):
    """Works the amount out again when the customer tries again."""

    def decide(self, order: Order, command: Command, now_us: int) -> list[Event]:
        events = super().decide(order, command, now_us)
        if isinstance(command, RetryPayment):
            return [_balance(order, event) for event in events]
        return events


def _balance(order: Order, event: Event) -> Event:
    if not isinstance(event, PaymentRequested):
        return event
    return msgspec.structs.replace(event, amount_cents=order.total_cents * event.attempt)


RETRY_ADDS_UP = Plant(
    "retry-adds-up",
    "The amount is worked out again for a second attempt, and the declined first one is still in it.",
    "carts that charge an outstanding balance which counts attempts instead of successes",
    "price-kept",
    swapped(BalanceOrders),
    system="bookstore",
    live=True,
)
