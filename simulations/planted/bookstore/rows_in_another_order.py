"""The offers of a basket are looked up together, come back in an order of their own, and are taken one by one.

So each line is sold under the terms of a product in the basket, but not always under its own. Origin: "select ... where
id in (...)", which promises no order, zipped with the ids that were asked for; Rails' ``in_order_of`` and Django's
``in_bulk`` are there because of it.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.operations import ORDERS, place_order
from reference_services.bookstore.order_messages import PlaceOrder
from reference_services.kernel.operation import Action, Call
from reference_services.kernel.projection import Views

from ..plant import Plant, swapped


def place_mixed_up_order(call: Call, views: Views) -> PlaceOrder:
    """Take the offers as the table has them, by sku, for the lines as the customer has them."""
    order = place_order(call, views)
    offers = sorted(order.lines, key=lambda line: line.sku)
    lines = tuple(
        msgspec.structs.replace(offer, sku=line.sku, units=line.units)
        for line, offer in zip(order.lines, offers, strict=True)
    )
    return msgspec.structs.replace(order, lines=lines)


SOUND = next(operation for operation in ORDERS if operation.name == "place_order")
assert isinstance(SOUND, Action)

ROWS_IN_ANOTHER_ORDER = Plant(
    "rows-in-another-order",
    "The offers of a basket come back in another order than they were asked for, so lines get each other's prices.",
    "select ... where id in (...), zipped with the ids that were asked for",
    "price-kept",
    swapped(msgspec.structs.replace(SOUND, command=place_mixed_up_order)),
    system="bookstore",
    live=True,
)
