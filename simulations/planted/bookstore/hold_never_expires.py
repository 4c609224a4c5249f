"""A hold that nobody pays for stays.

Origin: reservations whose time limit is a cron job's affair, and the job does not run; WooCommerce, issue 22206, in
which unpaid orders keep their stock.
"""

from __future__ import annotations

from collections.abc import Iterable

from reference_services.bookstore.inventory import Stock, StockDecider
from reference_services.kernel.decider import Deadline

from ..plant import Plant, swapped


class PatientStock(StockDecider):
    """Has no deadlines."""

    def deadlines(self, stock: Stock) -> Iterable[Deadline]:
        return ()


HOLD_NEVER_EXPIRES = Plant(
    "hold-never-expires",
    "Nothing sends the deadline of a hold, so units that nobody pays for are never sold.",
    "WooCommerce issue 22206: held stock that no cron job frees",
    "one-ending",
    swapped(PatientStock),
    system="bookstore",
    live=True,
)
