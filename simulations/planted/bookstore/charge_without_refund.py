"""Something fails after the card was charged; the order is off, and the money stays.

Origin: ``PlaceOrder`` of Google's Online Boutique charges the card, then ships; if shipping fails, it returns an error
and refunds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.bookstore.order_messages import RefundStarted
from reference_services.kernel.message import Command
from reference_services.kernel.policy import reacts_to

from ..plant import Plant, swapped


@reacts_to(RefundStarted)
def refund_payment(event: RefundStarted) -> Iterator[Command]:
    """Nobody has written this."""
    return iter(())


CHARGE_WITHOUT_REFUND = Plant(
    "charge-without-refund",
    "An order that is cancelled after its payment was captured never gets its money back.",
    "Online Boutique's PlaceOrder: an error after the charge returns without a refund",
    "money-follows-goods",
    swapped(refund_payment),
    system="bookstore",
    live=True,
)
