"""The bookstore for real: every process of it, and whichever of them dies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bookshop_sale import Sale
from running_system import RunningSystem

from reference_services.bookstore.order_messages import OrderConfirmed
from reference_services.hosting.settings import TANSU
from reference_services.shared.notifications import NotificationSent

# An order whose payment is lost with a dead provider ends when its reservation does.
TERMS = {"ask_provider_after_us": 3_000_000, "reservation_ttl_us": 20_000_000}
KNOBS = {
    "latency_median_us": 20_000,
    "latency_p99_us": 100_000,
    "settle_median_us": 50_000,
    "settle_p99_us": 200_000,
    "decline_share": 0.0,
    "error_share": 0.05,
    "webhook_duplicate_share": 0.1,
    "webhook_lost_share": 0.05,
}
ORDERS = 150
UNITS = 100


@pytest.fixture
def bookstore(tmp_path: Path) -> Iterator[RunningSystem]:
    with RunningSystem("bookstore", tmp_path, TERMS, provider_knobs=KNOBS) as running:
        yield running


def test_an_order_is_placed_paid_confirmed_and_told_of(bookstore: RunningSystem) -> None:
    order_id = Sale(bookstore, UNITS).place()

    (confirmed,) = bookstore.wait_for_events(OrderConfirmed, 1)
    bookstore.wait_for_events(NotificationSent, 1)

    assert confirmed.order_id == order_id


def test_an_order_goes_the_same_way_on_a_broker_that_others_wrote(tmp_path: Path) -> None:
    with RunningSystem("bookstore", tmp_path, TERMS, broker=TANSU, provider_knobs=KNOBS) as running:
        order_id = Sale(running, UNITS).place()

        (confirmed,) = running.wait_for_events(OrderConfirmed, 1)
        running.wait_for_events(NotificationSent, 1)

    assert confirmed.order_id == order_id


@pytest.mark.timeout(180)
def test_any_process_may_die_at_any_time(bookstore: RunningSystem) -> None:
    sale = Sale(bookstore, UNITS)
    victims = [process.name for process in bookstore.supervisor.processes() if process.kind != "broker"]
    every = ORDERS // len(victims)
    for victim in victims:
        for _ in range(every):
            sale.place(pause_s=0.01)
        bookstore.supervisor.kill(victim)

    sale.wait_until_ended(90)
    bookstore.wait_until(lambda: bookstore.counted("doorbuster_consumer_lag") == 0, "everything is consumed")
    bookstore.history.wait_until_quiet(2, 30)

    broken = [finding for finding in sale.findings() if finding.status != "held"]
    assert broken == []
    assert len(bookstore.events(OrderConfirmed)) > sale.placed // 2
