"""The store hands over what has just been cancelled.

Origin: two writers that each read, decide and write a status without a version: the cashier's screen still shows
"ready" while the nightly job cancels. Lost update, as in Berenson et al., "A Critique of ANSI SQL Isolation Levels"
(1995).
"""

from __future__ import annotations

from reference_services.bookstore.order_messages import ConfirmPickup, PickedUp
from reference_services.bookstore.orders import Order, OrderDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class LenientOrders(OrderDecider):
    """Asks for the right code only, not whether the order still stands."""

    def decide(self, order: Order, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, ConfirmPickup) and order.status in ("cancelled", "refunding") and order.pickup_by_us:
            return [PickedUp(order.order_id, command.device_id)]
        return super().decide(order, command, now_us)

    def evolve(self, order: Order, event: Event) -> Order:
        if isinstance(event, PickedUp) and order.status != "ready":
            return order
        return super().evolve(order, event)


PICKUP_AND_CANCEL_BOTH_WIN = Plant(
    "pickup-and-cancel-both-win",
    "A pickup at the moment of the auto-cancel goes through as well: the customer has the goods and the money.",
    "lost updates between a screen and a nightly job (Berenson et al., 1995)",
    "pickup-xor-cancel",
    swapped(LenientOrders),
    system="bookstore",
    live=True,
)
