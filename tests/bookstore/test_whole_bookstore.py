"""The whole bookstore, walked through at random without any host.

After hundreds of walks nothing may be broken, lost or stuck, and everything that can happen must have happened.

``WALKS=5000 pytest tests/bookstore/test_whole_bookstore.py`` looks harder. To see one walk again:
``Walk(seed).run()``, and its `trail`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from random_walk import Walk
from whole_bookstore import WholeBookstore

from reference_services.bookstore.allowances import Allowance, AllowanceClaimed, ClaimAllowance
from reference_services.bookstore.catalog import ListProduct
from reference_services.bookstore.inventory import RESERVATION, Stock, StockDecider
from reference_services.bookstore.order_messages import (
    ConfirmPickup,
    LineReturned,
    OrderCancelled,
    PaymentAttemptFailed,
    PickedUp,
)
from reference_services.bookstore.orders import ORDER, Order
from reference_services.bookstore.system import build
from reference_services.bookstore.terms import Terms
from reference_services.bookstore.views import CatalogView
from reference_services.kernel.decider import Deadline
from reference_services.kernel.history import HistoryHash
from reference_services.kernel.message import Event, Message, Refused
from reference_services.kernel.transitions import IllegalTransition, TransitionTable
from reference_services.shared.notifications import MESSAGE
from reference_services.shared.payments import PAYMENT, PaymentVoided

WALKS = int(os.environ.get("WALKS", "400"))
WALKS_TO_NOTICE = 100
TRAIL_SHOWN = 60

LIFE_CYCLES = {"order": ORDER, "payment": PAYMENT, "message": MESSAGE, "stock": RESERVATION}
Row = tuple[str, str, str]

SELDOM_TAKEN = {
    ("order", "refunded", LineReturned.__name__),
    ("payment", "requested", PaymentVoided.__name__),
    ("payment", "authorized", PaymentVoided.__name__),
    ("payment", "unresolved", PaymentVoided.__name__),
}
"""Transitions that some hundred walks may miss; test_order_rules and test_payment_rules take them on purpose."""

SELDOM_SENT = {"OpenCart", "SetCartLine", "CartOpened", "CartLineSet"}
"""Carts promise nothing and touch nothing else, so the walks go without."""


class Walks:
    """What many walks have shown, without keeping them."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.findings: list[str] = []
        self.unbalanced: list[str] = []
        self.rows: set[Row] = set()
        self.illegal: set[Row] = set()
        self.types: set[str] = set()
        self.reasons: set[str] = set()
        self.reached: Counter[str] = Counter()

    def take(self, seed: int, *, out_of_order: bool = False) -> None:
        """Walk once more and add up what came of it."""
        walk, name = Walk(seed, out_of_order=out_of_order), f"Walk({seed}, out_of_order={out_of_order})"
        try:
            findings = walk.run()
        except Exception as error:  # whatever it is, the trail that led to it is what one wants to see
            findings = [f"{type(error).__name__}: {error}"]
        self.findings += findings
        if findings:
            self.failures.append("\n".join([f"{name}.run()", *walk.trail[-TRAIL_SHOWN:], *findings]))
            return
        self.unbalanced += [f"{name}: {text}" for text in imbalances(walk.shop)]
        self.reached.update(walk.shop.checker.coverage.reached)
        self._add_up(walk.shop)

    def _add_up(self, shop: WholeBookstore) -> None:
        statuses: dict[str, str] = {}
        for event in events_of(shop):
            self.types.add(type(event.data).__name__)
            self.reasons.update(reasons_in(event))
            kind = event.subject.partition("/")[0]
            table = LIFE_CYCLES.get(kind)
            if table is not None and is_of(table, event):
                thing = event.data.reservation_id if kind == "stock" else event.subject
                self._take_row(kind, table, statuses, thing, event)
        for decider in shop.deciders.values():
            self.types.update(type(command.data).__name__ for inbox in decider.inbox for command in inbox.entries)

    def _take_row(
        self, kind: str, table: TransitionTable, statuses: dict[str, str], thing: str, event: Message[Any]
    ) -> None:
        status = statuses.get(thing, table.initial)
        row = (kind, status, type(event.data).__name__)
        if not table.allows(status, type(event.data)):
            self.illegal.add(row)
            return
        self.rows.add(row)
        statuses[thing] = table.next(status, event.data)


@pytest.fixture(scope="module")
def walks() -> Walks:
    walked = Walks()
    for seed in range(WALKS):
        walked.take(seed)
    return walked


def events_of(shop: WholeBookstore) -> Iterator[Message[Any]]:
    """Every event of a walk, in the order in which they were appended."""
    return (event for record in shop.records for event in record)


def is_of(table: TransitionTable, event: Message[Any]) -> bool:
    """Whether ``table`` is about events of this type."""
    return any(event_type is type(event.data) for _, event_type, _ in table)


def reasons_in(event: Message[Any]) -> Iterable[str]:
    """The reason that ``event`` gives a customer, if it gives one."""
    match event.data:
        case Refused() | OrderCancelled() | PaymentAttemptFailed():
            return (event.data.reason,)
        case _:
            return ()


def imbalances(shop: WholeBookstore) -> Iterator[str]:
    """What does not add up at the end of a walk, when every order has ended one way or the other."""
    orders = {order.order_id: order for order in shop.states("orders", "order") if order.status != "none"}
    sold = {order_id for order_id, order in orders.items() if order.status == "picked_up"}
    for order in orders.values():
        if order.status not in ("picked_up", "cancelled", "refunded"):
            yield f"{order.order_id} is {order.status}"
    for stock in shop.states("inventory", "stock"):
        if stock.held:
            yield f"{stock.sku} is held for {stock.held}"
        if {reservation.order_id for reservation in stock.committed.values()} - sold:
            yield f"{stock.sku} is sold to orders that were not picked up: {stock.committed}"
    for allowance in shop.states("orders", "allowance"):
        if allowance.claims.keys() - sold:
            yield f"an allowance is claimed for orders that were not picked up: {allowance.claims}"
    for payment in shop.states("payments", "payment"):
        expected = ("captured",) if payment.reference in sold else ("refunded",)
        if payment.status not in ("none", "declined", "voided", *expected):
            yield f"{payment.payment_id} is {payment.status}, its order {orders[payment.reference].status}"
    offers = shop.views.get(CatalogView).offers
    for wanted in latest_listings(shop):
        offer = offers[wanted.sku]
        if (offer.title, offer.price_cents) != (wanted.title, wanted.price_cents):
            yield f"{wanted} was accepted, but {offer.title!r} is on offer for {offer.price_cents} cents"


def latest_listings(shop: WholeBookstore) -> Iterable[ListProduct]:
    """What staff wanted last of each product; a request that came again counts as when it first came."""
    commands = {command.id: command.data for inbox in shop.deciders["catalog"].inbox for command in inbox.entries}
    return {wanted.sku: wanted for wanted in commands.values()}.values()


def test_nothing_breaks_and_everything_settles(walks: Walks) -> None:
    assert not walks.failures, f"{len(walks.failures)} of {WALKS} walks failed; the first:\n{walks.failures[0]}"


def test_goods_money_and_allowances_add_up_at_the_end(walks: Walks) -> None:
    assert walks.unbalanced == []


def test_commands_may_overtake_each_other() -> None:
    walked = Walks()
    for seed in range(WALKS // 2):
        walked.take(seed, out_of_order=True)

    assert not walked.failures, walked.failures[0]
    assert walked.unbalanced == []
    assert walked.illegal == set()


def test_no_event_happens_in_a_status_that_its_table_does_not_know(walks: Walks) -> None:
    assert walks.illegal == set()


def test_every_transition_is_taken(walks: Walks) -> None:
    rows = {
        (kind, status, event_type.__name__) for kind, table in LIFE_CYCLES.items() for status, event_type, _ in table
    }

    assert rows - walks.rows - SELDOM_TAKEN == set()


def test_every_command_is_sent_and_every_event_happens(walks: Walks) -> None:
    wired = {message_class.__name__ for message_class in build(Terms()).message_classes().values()}

    assert wired - walks.types == SELDOM_SENT


def test_every_tight_spot_is_reached(walks: Walks) -> None:
    assert [name for name, count in walks.reached.items() if count == 0] == []


def test_every_reason_has_a_problem_for_the_caller(walks: Walks) -> None:
    assert walks.reasons - build(Terms()).refusals.keys() == set()
    assert {"sold-out", "limit-exceeded", "payment-declined", "reservation-expired"} <= walks.reasons


def test_one_seed_is_one_history() -> None:
    assert history_hash(1) == history_hash(1)
    assert history_hash(1) != history_hash(2)


def history_hash(seed: int) -> str:
    walk = Walk(seed)
    walk.run()
    digest = HistoryHash()
    for event in events_of(walk.shop):
        digest.add(event)
    return digest.hexdigest()


def no_event(*_: Any) -> list[Event]:
    """A rule that has been forgotten."""
    return []


def claimed_always(allowance: Allowance, command: ClaimAllowance) -> list[Event]:
    """A limit that nobody looks at."""
    return [AllowanceClaimed(command.customer_id, command.sku, command.order_id, command.units)]


def handed_over_always(order: Order, command: ConfirmPickup) -> list[Event]:
    """A counter that never asks how the order stands."""
    return [PickedUp(order.order_id, command.device_id)]


def held_for_good(self: StockDecider, stock: Stock) -> list[Deadline]:
    """An inventory without a clock."""
    return []


@pytest.mark.parametrize(
    ("rule", "broken", "found_by"),
    [
        ("bookstore.orders._refuse_line", no_event, "everything-settles"),
        ("bookstore.orders._record_expiry", no_event, "everything-settles"),
        ("bookstore.orders._record_payment_failure", no_event, "everything-settles"),
        ("bookstore.orders._confirm_pickup", handed_over_always, IllegalTransition.__name__),
        ("bookstore.allowances._claim", claimed_always, "customer-limit"),
        ("bookstore.inventory._release", no_event, "money-follows-goods"),
        ("bookstore.inventory.StockDecider.deadlines", held_for_good, "one-ending"),
        ("shared.payments.PaymentDecider._cancel", no_event, "money-follows-goods"),
        ("shared.payments.PaymentDecider._ask", no_event, "capture-once"),
    ],
)
def test_a_broken_rule_does_not_stay_unnoticed(
    monkeypatch: pytest.MonkeyPatch, rule: str, broken: Any, found_by: str
) -> None:
    monkeypatch.setattr(f"reference_services.{rule}", broken)
    walked = Walks()

    seeds = iter(range(WALKS_TO_NOTICE))
    while not any(found_by in finding for finding in walked.findings) and (seed := next(seeds, None)) is not None:
        walked.take(seed)

    assert any(found_by in finding for finding in walked.findings), walked.failures[:1]
