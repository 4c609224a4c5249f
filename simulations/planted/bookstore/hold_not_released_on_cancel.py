"""A cancelled order keeps its goods.

Origin: a saga without one of its compensations (Garcia-Molina and Salem, "Sagas", 1987): the order is off, and the
units are missing until somebody counts the shelf.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.bookstore.order_messages import OrderCancelled
from reference_services.kernel.message import Command
from reference_services.kernel.policy import reacts_to

from ..plant import Plant, swapped


@reacts_to(OrderCancelled)
def release_stock(event: OrderCancelled) -> Iterator[Command]:
    """Nobody has written this."""
    return iter(())


HOLD_NOT_RELEASED_ON_CANCEL = Plant(
    "hold-not-released-on-cancel",
    "Nothing that was held for or sold to a cancelled order goes back to stock.",
    "sagas that lack a compensation (Garcia-Molina and Salem, 1987)",
    "money-follows-goods",
    swapped(release_stock),
    system="bookstore",
    live=True,
)
