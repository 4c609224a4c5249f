"""A hold that was let go is still on the list of those that expire: its units come back a second time.

Origin: Magento 2, issue 9969, "Cancel order and restore quote methods increase stocks twice": two ways in which a sale
can come to nothing, and each gives the units back.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.inventory import Stock, StockDecider, StockReleased
from reference_services.kernel.message import Event

from ..plant import Plant, swapped


class GenerousStock(StockDecider):
    """Gives the units back, and forgets to strike out the hold."""

    def evolve(self, stock: Stock, event: Event) -> Stock:
        after = super().evolve(stock, event)
        if isinstance(event, StockReleased) and event.was == "held":
            return msgspec.structs.replace(after, held=stock.held)
        return after


HOLD_RELEASED_TWICE = Plant(
    "hold-released-twice",
    "A cancelled order gives its units back, and when the hold would have run out they come back again.",
    "Magento 2 issue 9969: cancelling an order and restoring its quote increase stocks twice",
    "one-ending",
    swapped(GenerousStock),
    system="bookstore",
    live=True,
)
