"""Whether there is enough is checked where the request comes in; the inventory takes off what it is told to.

Between the check and the deed others buy. Origin: "select stock; if enough, update stock set units = units - n" of many
shop tutorials; CWE-367, time-of-check time-of-use.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.inventory import ReserveStock, Stock, StockDecider
from reference_services.bookstore.operations import ORDERS, place_order
from reference_services.bookstore.order_messages import PlaceOrder
from reference_services.bookstore.system import REFUSALS
from reference_services.bookstore.views import StockView
from reference_services.kernel.message import Command, Event
from reference_services.kernel.operation import Action, Call
from reference_services.kernel.problem import Problem
from reference_services.kernel.projection import Views

from ..plant import Plant, swapped


class TrustingStock(StockDecider):
    """Believes that somebody has checked."""

    def decide(self, stock: Stock, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, ReserveStock):
            stock = msgspec.structs.replace(stock, available=max(stock.available, command.units))
        return super().decide(stock, command, now_us)


def place_checked_order(call: Call, views: Views) -> PlaceOrder:
    """Look whether there is enough, as far as this gateway knows."""
    order = place_order(call, views)
    available = views.get(StockView).available
    if any(line.units > available.get(line.sku, 0) for line in order.lines):
        raise Problem(REFUSALS["sold-out"])
    return order


SOUND = next(operation for operation in ORDERS if operation.name == "place_order")
assert isinstance(SOUND, Action)

STOCK_CHECKED_THEN_SET = Plant(
    "stock-checked-then-set",
    "The API checks what is available against its view, and the inventory trusts it.",
    "select-then-update of shop tutorials; CWE-367, time-of-check time-of-use",
    "no-oversell",
    swapped(TrustingStock, msgspec.structs.replace(SOUND, command=place_checked_order)),
    system="bookstore",
    live=True,
)
