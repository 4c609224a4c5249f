"""The bookstore as its clients may see it, one operation after the other: units per product, and the end of an order.

Both models are sound: what a correct bookstore answers under any fault, they allow. What clients cannot see (a hold
that nobody told them of, units on their way back) may have been so or not, whichever explains their answers. Orders of
several products are looked at per product; a refusal of such an order tells of none of them. Reads may lag behind, as
the API says; but what they show must have been so.

``clock_error_us`` is how far any two clocks of the run may be apart, the clients' among them. Where it is known, an
answer's ``pickup_by`` and ``reserved_until`` promise that units stay taken until then, and overselling by a single unit
is seen. Where it is None, no clock is believed: only goods that were handed over are taken for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..kernel.client_history import ClientCall, KeyHistory, SequentialModels
from .client_orders import client_orders, in_order_of_return
from .pickup_model import PICKUP_RULE, pickup_history
from .stock_model import STOCK_RULE, stock_histories
from .terms import Terms

RULES = {
    STOCK_RULE: (
        "Some order of events explains what clients saw of each product: never more units promised than received, and "
        "nobody told sold-out while there were units left."
    ),
    PICKUP_RULE: (
        "Some order of events explains what clients saw of each order: it is handed over once or cancelled once, never "
        "both, and no answer tells otherwise."
    ),
}

OPERATIONS = frozenset(
    {
        "receive_stock",
        "set_cart_line",
        "place_order",
        "retry_payment",
        "cancel_order",
        "confirm_pickup",
        "view_order",
        "list_orders",
    }
)
"""The operations whose calls must all be in the history. Without one of them a right answer may look wrong."""


def sequential_models(terms: Terms, clock_error_us: int | None = None) -> SequentialModels:
    """How the calls of the bookstore's clients are checked. See above for ``clock_error_us``."""
    return SequentialModels(RULES, OPERATIONS, client_histories(terms, clock_error_us))


def client_histories(
    terms: Terms, clock_error_us: int | None
) -> Callable[[Iterable[ClientCall]], Iterable[KeyHistory]]:
    """A function that sorts all calls of a run into one history per product and one per order."""

    def histories(calls: Iterable[ClientCall]) -> Iterable[KeyHistory]:
        watched = in_order_of_return(call for call in calls if call.operation in OPERATIONS)
        orders = client_orders(watched)
        yield from stock_histories(watched, orders, terms, clock_error_us)
        for order in orders:
            if history := pickup_history(order, clock_error_us):
                yield history

    return histories
