"""Stock that never goes below zero, however much is sold.

Origin: ``RemoveStock`` of Microsoft's eShop takes ``Math.Min(quantityDesired, AvailableStock)`` off the shelf, tells
the caller how many that were, and the caller does not look.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.inventory import ReserveStock, Stock, StockDecider, StockReserved
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class ClampedStock(StockDecider):
    """Sells whatever is asked for; the count stops at zero."""

    def decide(self, stock: Stock, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, ReserveStock):
            stock = msgspec.structs.replace(stock, available=max(stock.available, command.units))
        return super().decide(stock, command, now_us)

    def evolve(self, stock: Stock, event: Event) -> Stock:
        after = super().evolve(stock, event)
        if isinstance(event, StockReserved):
            return msgspec.structs.replace(after, available=max(0, after.available))
        return after


STOCK_CLAMPED = Plant(
    "stock-clamped",
    "max(0, ...) keeps the count of what is available from going negative, and nobody is refused.",
    "eShop's CatalogItem.RemoveStock: Math.Min(quantityDesired, AvailableStock)",
    "no-oversell",
    swapped(ClampedStock),
    system="bookstore",
    live=True,
)
