"""What a customer wanted and never got counts against the limit for good.

Origin: usage limits of coupons and quotas that are counted up when an order is placed, and not down again when it fails
or is cancelled; the customer whose card was declined once too often cannot buy any more.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.bookstore.order_messages import OrderCancelled
from reference_services.kernel.message import Command
from reference_services.kernel.policy import reacts_to

from ..plant import Plant, swapped


@reacts_to(OrderCancelled)
def release_allowances(event: OrderCancelled) -> Iterator[Command]:
    """Nobody has written this."""
    return iter(())


DEAD_ORDERS_COUNTED = Plant(
    "dead-orders-counted",
    "Cancelled orders count against the limit per customer for good, and customers are refused for nothing.",
    "usage limits of coupons that failed and cancelled orders go on counting against",
    "customer-limit",
    swapped(release_allowances),
    system="bookstore",
    live=True,
)
