"""A made-up flash sale in the shape of a real run folder: quick to make, the same for the same seed.

It knows no decider: it draws what a run could look like, so that reports have everything to show.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from reference_services.kernel.invariant import Finding, Violation
from reference_services.kernel.message import Event, Message
from scenarios.run_folder import (
    Findings,
    Machine,
    RequestRow,
    RunFolderWriter,
    RunInfo,
    Schedule,
    Versions,
)

OPENING_US = 1_788_256_800_000_000
SECOND_US = 1_000_000
SKUS = ("hoodie", "mug", "notebook", "tote-bag", "cap", "bottle")
SERVICES = ("orders", "inventory", "payments", "notifications")

RESERVED = {"event": "StockReserved", "amount": "-units"}
EXPIRED = {"event": "ReservationExpired", "amount": "+units"}
PICTURES: dict[str, Any] = {
    "gauges": [
        {
            "title": "Stock",
            "unit": "units",
            "per": "sku",
            "runs_out": "available",
            "ran_out": "Sold out after",
            "series": [
                {
                    "name": "available",
                    "changes": [
                        {"event": "StockReceived", "amount": "+units"},
                        RESERVED,
                        EXPIRED,
                        {"event": "StockReleased", "amount": "+units"},
                    ],
                },
                {
                    "name": "held",
                    "changes": [
                        {**RESERVED, "amount": "+units"},
                        {**EXPIRED, "amount": "-units"},
                        {"event": "ReservationCommitted", "amount": "-units"},
                        {"event": "StockReleased", "amount": "-units", "where": {"was": "held"}},
                    ],
                },
                {
                    "name": "committed",
                    "changes": [
                        {"event": "ReservationCommitted", "amount": "+units"},
                        {"event": "StockReleased", "amount": "-units", "where": {"was": "committed"}},
                    ],
                },
                {"name": "received", "drawn": False, "changes": [{"event": "StockReceived", "amount": "+units"}]},
            ],
        }
    ],
    "headline": "Nothing was oversold: $committed of $received units sold",
}

SCENARIO: dict[str, Any] = {
    "name": "flash_sale",
    "title": "Campus flash sale",
    "system": "bookstore",
    "arrivals": {"kind": "flash", "decay": "90s"},
    "reach": ["sold-out", "last-unit-contended"],
}


class StockReceived(Event, frozen=True):
    sku: str
    units: int


class StockReserved(Event, frozen=True):
    sku: str
    order_id: str
    units: int


class ReservationCommitted(Event, frozen=True):
    sku: str
    order_id: str
    units: int


class ReservationExpired(Event, frozen=True):
    sku: str
    order_id: str
    units: int


class Told(Event, frozen=True):
    order_id: str


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """What to draw. ``slowness`` multiplies every duration; ``customer`` is how customers are named."""

    world: str = "simulated"
    seed: int = 7
    customers: int = 400
    units_per_sku: int = 10
    decay_s: float = 90.0
    window_s: float = 900.0
    hold_s: float = 600.0
    slowness: float = 1.0
    customer: str = "student"
    samples: bool = True
    tail_s: float = 0.0
    pictures: dict[str, Any] = msgspec.field(default_factory=lambda: PICTURES)
    document: dict[str, Any] = msgspec.field(default_factory=lambda: SCENARIO)


def write_sale(folder: Path, sale: Sale | None = None, findings: Findings | None = None) -> Path:
    """Write one run of ``sale`` into ``folder``."""
    sale = sale or Sale()
    history, requests = _Drawing(sale).draw()
    with RunFolderWriter(folder, run_info(sale)) as writer:
        for message in history:
            writer.event(message)
        for row in requests:
            writer.request(row)
        if sale.samples:
            for sample in _samples(sale):
                writer.sample(*sample)
        writer.findings(findings or held(events=len(history), planned=sale.customers))
    return folder


def write_rehearsal(folder: Path, **options: Any) -> Path:
    """Write a rehearsal: the same sale simulated and, somewhat slower, live."""
    write_sale(folder / "simulated", Sale(world="simulated", **options))
    write_sale(folder / "live", Sale(world="live", slowness=1.6, **options))
    return folder


def run_info(sale: Sale) -> RunInfo:
    return RunInfo(
        scenario="flash_sale",
        named="flash_sale",
        title="Campus flash sale",
        system="bookstore",
        world=sale.world,
        verb="rehearse",
        seed=sale.seed,
        started_at=datetime(2026, 9, 1, 9, 59, tzinfo=UTC),
        origin_us=OPENING_US,
        versions=Versions("1.0.0", "3.11.9", {"simpy": "4.1.2", "faust-streaming": "0.15.3"}),
        machine=Machine("Linux", "x86_64", 2, 8_000_000_000),
        scenario_document=sale.document,
        pictures=sale.pictures,
    )


def held(**changes: Any) -> Findings:
    """Findings of a run in which everything held."""
    statements = {
        "no-oversell": "Per product, units held and sold never exceed units received, and no count is ever negative.",
        "one-ending": "Each reservation ends exactly once: committed, released or expired.",
        "capture-once": "A capture changes a payment at most once.",
        "told-once": "At most one notification per cause and kind.",
    }
    planned = changes.pop("planned", 400)
    return msgspec.structs.replace(
        Findings(
            invariants=tuple(Finding(name, statement, "held", 0) for name, statement in statements.items()),
            reached={"sold-out": 6, "last-unit-contended": 3, "duplicate-capture-dropped": 0},
            history_sha256="5f" * 32,
            events=1_000,
            wall_s=12.5,
            schedule=Schedule(planned=planned, sent=planned, late_p99_us=1_200, dropped=0),
        ),
        **changes,
    )


def broken(count: int = 3) -> Finding:
    """A finding of an invariant that did not hold."""
    samples = tuple(
        Violation("no-oversell", "stock/mug", OPENING_US + 42 * SECOND_US, f"stock/mug/{n}/0", f"{200 + n} of 200 sold")
        for n in range(1, count + 1)
    )
    statement = "Per product, units held and sold never exceed units received."
    return Finding("no-oversell", statement, "broken", count, samples, samples[-1])


class _Drawing:
    """Draws the visits of one sale in order of arrival and keeps what came of them."""

    def __init__(self, sale: Sale) -> None:
        self._sale = sale
        self._draw = random.Random(sale.seed)
        self._left = dict.fromkeys(SKUS, sale.units_per_sku)
        self._history: list[Message] = []
        self._requests: list[RequestRow] = []

    def draw(self) -> tuple[list[Message], list[RequestRow]]:
        for sku in SKUS:
            self._event(-8.0, "inventory", StockReceived(sku, self._sale.units_per_sku), f"stock/{sku}", "c-setup")
        waits_s = [self._draw.expovariate(1 / self._sale.decay_s) for _ in range(self._sale.customers)]
        for number, arrives_s in enumerate(sorted(waits_s)):
            self._visit(number, min(arrives_s, self._sale.window_s - 20))
        self._history.sort(key=lambda message: message.time_us)
        self._requests.sort(key=lambda row: row.ended_us)
        return self._history, self._requests

    def _visit(self, number: int, arrives_s: float) -> None:
        customer = f"{self._sale.customer}-{number:05d}"
        self._visit_us = OPENING_US + round(arrives_s * SECOND_US)
        now_s = arrives_s
        for operation in ("browse_catalog", "open_cart", "set_cart_line"):
            now_s = self._request(customer, operation, now_s, self._latency_s(now_s))
            now_s += self._draw.lognormvariate(0.5, 0.6)
        sku = self._draw.choice(SKUS)
        if self._left[sku] == 0:
            self._request(customer, "place_order", now_s, self._latency_s(now_s) * 2, "refused", 409, "sold-out")
            return
        self._left[sku] -= 1
        done_s = self._order(f"order-{number}", sku, now_s)
        self._request(customer, "place_order", now_s, done_s - now_s)
        if self._sale.tail_s:
            later_s = self._draw.uniform(done_s, self._sale.tail_s)
            self._request(customer, "confirm_pickup", later_s, 0.02)

    def _order(self, order_id: str, sku: str, now_s: float) -> float:
        subject, stock = f"order/{order_id}", f"stock/{sku}"
        placed = self._event(now_s, "orders", "OrderPlaced", subject, f"c-{order_id}")
        reserved = self._after(placed, "reserve", 0.01, "inventory", StockReserved(sku, order_id, 1), stock)
        if self._draw.random() < 0.04:
            expires_s = (reserved.time_us - OPENING_US) / SECOND_US + self._sale.hold_s
            self._event(expires_s, "inventory", ReservationExpired(sku, order_id, 1), stock, "a1b2")
            return now_s + 0.2
        known = self._after(reserved, "tell-order", 0.008, "orders", "OrderReserved", subject)
        captured = self._after(known, "charge", 0.6, "payments", "PaymentCaptured", f"payment/{order_id}/1")
        commit = ReservationCommitted(sku, order_id, 1)
        committed = self._after(captured, "commit", 0.012, "inventory", commit, stock)
        confirmed = self._after(committed, "confirm", 0.01, "orders", "OrderConfirmed", subject)
        self._after(confirmed, "send-receipt", 0.05, "notifications", "NotificationSent", f"message/{order_id}/receipt")
        return (confirmed.time_us - OPENING_US) / SECOND_US

    def _after(
        self, cause: Message, policy: str, typical_s: float, service: str, event: Event | str, subject: str
    ) -> Message:
        cause_s = (cause.time_us - OPENING_US) / SECOND_US
        taken_s = typical_s * self._draw.lognormvariate(0, 0.5) + self._latency_s(cause_s) * 0.3
        return self._event(cause_s + taken_s, service, event, subject, f"{cause.id}:{policy}:0")

    def _event(self, now_s: float, service: str, event: Event | str, subject: str, cause: str) -> Message:
        name = event if isinstance(event, str) else type(event).__name__
        data = Told(subject) if isinstance(event, str) else event
        version = len(self._history) + 1
        message = Message(
            f"{subject}/{version}/0",
            f"bookstore.{service}",
            f"bookstore.{service}.{name}",
            subject,
            OPENING_US + round(now_s * SECOND_US),
            data,
            version,
            cause,
            f"c-{subject}",
        )
        self._history.append(message)
        return message

    def _latency_s(self, now_s: float) -> float:
        load = math.exp(-max(now_s, 0.0) / self._sale.decay_s)
        return self._sale.slowness * (0.012 + 0.05 * load**2) * self._draw.lognormvariate(0, 0.55)

    def _request(
        self,
        customer: str,
        operation: str,
        intended_s: float,
        taken_s: float,
        outcome: str = "ok",
        status: int = 200,
        reason: str = "",
    ) -> float:
        if outcome == "ok" and self._draw.random() < 0.0008:
            outcome, status, reason = ("error", 503, "overloaded") if self._draw.random() < 0.7 else ("unknown", 0, "")
        began_s = intended_s + self._draw.expovariate(2_000)
        instants = (OPENING_US + round(at_s * SECOND_US) for at_s in (intended_s, began_s, began_s + taken_s))
        came = (customer, "shopper", self._visit_us)
        self._requests.append(RequestRow(*came, operation, *instants, outcome, status, reason, "c-1"))
        return intended_s + taken_s


def _samples(sale: Sale) -> Iterator[tuple[int, str, str, float]]:
    draw = random.Random(sale.seed)
    for second in range(-5, int(sale.window_s)):
        time_us = OPENING_US + second * SECOND_US
        load = math.exp(-second / sale.decay_s) * sale.customers / 100 if second >= 0 else 0.0
        for weight, service in enumerate(SERVICES, 1):
            for partition in range(4):
                waiting = load * draw.uniform(0.2, 1.0) * sale.slowness / weight
                yield time_us, "queue_depth", f"{service}/{partition}", float(int(waiting))
                yield time_us, "lag", f"{service}/{partition}", float(int(waiting * 1.3))
        if sale.world == "live":
            for process in ("gateway", "broker", *SERVICES):
                yield time_us, "cpu_percent", process, min(95.0, 3 + load / 3 * draw.uniform(0.5, 1.0))
                yield time_us, "rss_bytes", process, 60e6 + second * 1e3 * draw.random()
