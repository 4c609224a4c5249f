"""What has been paid for expires like any other hold.

Origin: clean-up jobs that go by age and not by status: "delete from reservations where created_at < ...". WooCommerce,
issue 20928: "Unpaid order cancelled - time limit reached", though it was paid.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.inventory import ReservationCommitted, Stock, StockDecider
from reference_services.kernel.message import Event

from ..plant import Plant, swapped


class SweepingStock(StockDecider):
    """Leaves sold units on the list of holds."""

    def evolve(self, stock: Stock, event: Event) -> Stock:
        after = super().evolve(stock, event)
        if isinstance(event, ReservationCommitted):
            return msgspec.structs.replace(after, held=stock.held)
        return after


EXPIRY_FREES_SOLD_GOODS = Plant(
    "expiry-frees-sold-goods",
    "A committed reservation expires at the time of its hold, and its units are sold again.",
    "clean-up jobs that go by age only; WooCommerce issue 20928, paid orders cancelled as unpaid",
    "one-ending",
    swapped(SweepingStock),
    system="bookstore",
    live=True,
)
