"""A small sale in a running bookstore, driven through its topics, and the checkers' opinion of it."""

from __future__ import annotations

import time
import urllib.request

import msgspec
from running_system import RunningSystem

from reference_services.bookstore.catalog import ListProduct
from reference_services.bookstore.inventory import ReceiveStock
from reference_services.bookstore.order_messages import (
    OfferedLine,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    PlaceOrder,
)
from reference_services.hosting.timers import clock_us
from reference_services.kernel.history import ProviderBooked, in_causal_order
from reference_services.kernel.invariant import Checker, Finding, InboxDrained
from reference_services.kernel.message import Message
from reference_services.kernel.outside import LedgerEntry
from reference_services.registry import load_checks

PRICE_CENTS = 1_999
HOUR_US = 3_600_000_000
SKUS = ("sku-1", "sku-2", "sku-3")


class Sale:
    """A sale of ``units`` each of three products."""

    def __init__(self, running: RunningSystem, units: int) -> None:
        self._running = running
        self._opens_us = clock_us()
        self.placed = 0
        for sku in SKUS:
            running.send(ListProduct(sku, sku, PRICE_CENTS, 2, self._opens_us, self._opens_us + HOUR_US), f"list-{sku}")
            running.send(ReceiveStock(sku, f"receipt-{sku}", units), f"receive-{sku}")

    def place(self, pause_s: float = 0.0) -> str:
        """One more customer orders one of one product or of two."""
        number = self.placed
        self.placed += 1
        skus = (SKUS[number % 3],) if number % 2 else (SKUS[number % 3], SKUS[(number + 1) % 3])
        closes_us = self._opens_us + HOUR_US
        lines = tuple(OfferedLine(sku, 1, PRICE_CENTS, 2, self._opens_us, closes_us) for sku in skus)
        order_id = f"o-{number}"
        command = PlaceOrder(order_id, f"customer-{number}", lines, "card-ok", "code")
        self._running.send(command, f"c-place-{number}")
        if number % 20 == 0:
            self._running.send(command, f"c-place-{number}")
        time.sleep(pause_s)
        return order_id

    def ended(self) -> int:
        """How many orders are confirmed or cancelled."""
        events = self._running.events
        return len({event.order_id for kind in (OrderConfirmed, OrderCancelled) for event in events(kind)})

    def wait_until_ended(self, limit_s: float) -> None:
        """Wait until every order that was placed has come to an end."""
        self._running.wait_until(lambda: self.ended() >= self.placed, f"{self.placed} orders ended", limit_s)
        assert len(self._running.events(OrderPlaced)) == self.placed

    def findings(self) -> list[Finding]:
        """What the bookstore's own invariants say of the history, the provider's books included, but no inboxes."""
        settings = self._running.settings
        invariants, coverage = load_checks("bookstore", settings.terms)
        checker = Checker((each for each in invariants if each.name != InboxDrained.name), coverage)
        for record in in_causal_order(self._running.history.records()):
            for message in record:
                checker.observe(message)
        with urllib.request.urlopen(f"{settings.provider_url}/ledger", timeout=10) as response:
            entries = msgspec.json.decode(response.read(), type=list[LedgerEntry])
        for entry in entries:
            booked = ProviderBooked(entry)
            checker.observe(
                Message(entry.entry_id, "provider", "ProviderBooked", entry.payment_id, entry.time_us, booked)
            )
        return checker.finish(clock_us())
