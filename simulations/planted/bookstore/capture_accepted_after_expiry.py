"""Whoever has paid gets the goods, whether they are there or not.

Origin: "the customer has paid, so the order stands": late notifications of a payment complete an order whose stock was
given back, and to others, when its hold ran out (WooCommerce's ``payment_complete`` accepts cancelled orders).
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.inventory import CommitReservation, Stock, StockDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class ObligingStock(StockDecider):
    """Commits without a hold and without stock."""

    def decide(self, stock: Stock, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, CommitReservation):
            stock = msgspec.structs.replace(stock, available=max(stock.available, command.units))
        return super().decide(stock, command, now_us)


CAPTURE_ACCEPTED_AFTER_EXPIRY = Plant(
    "capture-accepted-after-expiry",
    "A capture after its hold ran out is committed without looking whether there are units left.",
    "WooCommerce's payment_complete, which brings cancelled orders back",
    "no-oversell",
    swapped(ObligingStock),
    system="bookstore",
    live=True,
)
