"""How much a customer has is read from a view, and the view is behind.

Origin: the read side of CQRS asked for a decision of the write side, where it is known as set validation: two requests
that arrive together are both counted before either of them counts.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.allowances import Allowance, AllowanceDecider, ClaimAllowance
from reference_services.bookstore.operations import ORDERS, place_order
from reference_services.bookstore.order_messages import PlaceOrder
from reference_services.bookstore.system import REFUSALS
from reference_services.bookstore.views import OrdersView
from reference_services.kernel.message import Command, Event
from reference_services.kernel.operation import Action, Call
from reference_services.kernel.problem import Problem
from reference_services.kernel.projection import Views

from ..plant import Plant, swapped

ENDED = ("cancelled", "refunding", "refunded")


class TrustingAllowance(AllowanceDecider):
    """Believes that somebody has counted."""

    def decide(self, allowance: Allowance, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, ClaimAllowance):
            allowance = Allowance()
        return super().decide(allowance, command, now_us)


def place_counted_order(call: Call, views: Views) -> PlaceOrder:
    """Count what the customer has, as far as this gateway knows."""
    order = place_order(call, views)
    for line in order.lines:
        if _units_had(views.get(OrdersView), order.customer_id, line.sku) + line.units > line.limit_per_customer:
            raise Problem(REFUSALS["limit-exceeded"])
    return order


def _units_had(view: OrdersView, customer_id: str, sku: str) -> int:
    orders = (view.orders[order_id] for order_id in view.by_customer.get(customer_id, ()))
    live = (order for order in orders if order.status not in ENDED)
    return sum(line.units for order in live for line in order.lines if line.sku == sku)


SOUND = next(operation for operation in ORDERS if operation.name == "place_order")
assert isinstance(SOUND, Action)

LIMIT_FROM_A_VIEW = Plant(
    "limit-from-a-view",
    "The API counts what a customer has in its view of the orders, which is behind when two devices order at once.",
    "set validation upon the read side of CQRS",
    "customer-limit",
    swapped(TrustingAllowance, msgspec.structs.replace(SOUND, command=place_counted_order)),
    system="bookstore",
    live=True,
)
