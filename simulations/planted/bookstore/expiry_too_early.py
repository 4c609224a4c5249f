"""Seconds are taken for milliseconds.

Origin: the most common mistake with time to live values: Redis' ``EXPIRE`` takes seconds and ``PEXPIRE`` milliseconds;
``Date.now()`` counts milliseconds, the ``exp`` claim of a JWT (RFC 7519) seconds.
"""

from __future__ import annotations

import msgspec

from reference_services.bookstore.inventory import ReserveStock, Stock, StockDecider, StockReserved
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class HurriedStock(StockDecider):
    """Holds for a thousandth of the time."""

    def decide(self, stock: Stock, command: Command, now_us: int) -> list[Event]:
        events = super().decide(stock, command, now_us)
        if isinstance(command, ReserveStock):
            return [_in_the_wrong_unit(event, now_us) for event in events]
        return events


def _in_the_wrong_unit(event: Event, now_us: int) -> Event:
    if not isinstance(event, StockReserved):
        return event
    return msgspec.structs.replace(event, expires_us=now_us + (event.expires_us - now_us) // 1000)


EXPIRY_TOO_EARLY = Plant(
    "expiry-too-early",
    "The time that a hold lasts is in seconds and taken for milliseconds.",
    "EXPIRE and PEXPIRE of Redis; Date.now() in milliseconds against exp in seconds (RFC 7519)",
    "one-ending",
    swapped(HurriedStock),
    system="bookstore",
    live=True,
)
