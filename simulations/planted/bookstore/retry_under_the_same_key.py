"""The second attempt to pay goes out under the id of the first, so it is taken for a repetition of it.

Origin: idempotency keys made from the order alone. Stripe, for one, gives the first answer to a key again, errors
included: here the decline of a card that nobody is using any more.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.order_messages import PaymentRequested, RetryPayment
from reference_services.bookstore.orders import Order, OrderDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class ThriftyOrders(OrderDecider):
    """Uses one payment id for all attempts."""

    def decide(self, order: Order, command: Command, now_us: int) -> list[Event]:
        events = super().decide(order, command, now_us)
        if isinstance(command, RetryPayment):
            return [_under_the_same_key(order, event) for event in events]
        return events


def _under_the_same_key(order: Order, event: Event) -> Event:
    if not isinstance(event, PaymentRequested):
        return event
    return msgspec.structs.replace(event, payment_id=order.payment_id)


RETRY_UNDER_THE_SAME_KEY = Plant(
    "retry-under-the-same-key",
    "Another card is tried under the id of the declined payment, which is not charged a second time.",
    "idempotency keys made from the order id alone",
    "everything-settles",
    swapped(ThriftyOrders),
    system="bookstore",
    live=True,
)
