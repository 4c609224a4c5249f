"""Each invariant is seen to hold on an honest history, and to break on one with a lie in it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from bike_examples import DAY, HOUR_US, LIMIT_US, NOW_US, RIDE, STARTED, TERMS

from reference_services.bikeshare.account_messages import (
    ChargeRequested,
    ChargeSucceeded,
    DisputeOpened,
    FareComputed,
    FeeCharged,
    FeeReversed,
    HoldPlaced,
    HoldReleased,
    RefundStarted,
    charge_reference,
)
from reference_services.bikeshare.bike_messages import (
    BikeDocked,
    BikeFound,
    BikeMissing,
    BikeReturned,
    BikeUnlocked,
)
from reference_services.bikeshare.entitlements import RideClaimed, RidesGranted
from reference_services.bikeshare.invariants import invariants
from reference_services.bikeshare.passes import PassPurchased, RenewalFailed
from reference_services.bikeshare.riders import UnlockRequested
from reference_services.bikeshare.stations import DockFreed, ReturnTaken, StationOpened
from reference_services.bikeshare.trips import TripEnded, TripOverdue
from reference_services.kernel.history import Answered, Diverged, InboxCounted, ProviderBooked, RepeatedDecision
from reference_services.kernel.invariant import Checker, Coverage
from reference_services.kernel.message import Event, Message
from reference_services.kernel.outside import LedgerEntry
from reference_services.shared.notifications import NotificationSent
from reference_services.shared.payments import AuthorizationRequested, PaymentCaptured

change = msgspec.structs.replace
Told = Event | tuple[Event, int]
END_US = NOW_US + 10 * LIMIT_US
BACK_US = NOW_US + HOUR_US
OVERDUE_US = NOW_US + LIMIT_US
FEE_US = OVERDUE_US + TERMS.hold_us

OPENED = StationOpened("park", "Park", 0, 0, 2, ("b-1",), NOW_US - HOUR_US)
HALL = StationOpened("hall", "Hall", 0, 0, 1, (), NOW_US - HOUR_US)
FIRST_DOCKED = BikeDocked("b-1", "park", NOW_US - HOUR_US)
BOUGHT = PassPurchased("pass-1", "ann", DAY, "pass-1-1", "card")
ASKED = ChargeRequested("ann", "pass-1-1", "pass", "pass-1", 1_000, "card", 1, "p-1")
COLLECTING = AuthorizationRequested("p-1", charge_reference("ann", "pass-1-1"), 1_000, "card", NOW_US)
CAPTURED = PaymentCaptured("p-1", charge_reference("ann", "pass-1-1"), 1_000, "capture-1")
PAID = ChargeSucceeded("ann", "pass-1-1", "pass", "pass-1", 1_000, "p-1")
BOOKED = ProviderBooked(LedgerEntry("capture-1", "capture", "p-1", 1_000, NOW_US))
GRANTED = RidesGranted("ann", "pass-1", DAY, NOW_US + LIMIT_US)
CLAIMED = RideClaimed("ann", "t-1", "b-1", "pass-1", DAY)
LEFT = BikeUnlocked("b-1", RIDE, "park", NOW_US - HOUR_US, NOW_US)
FREED = DockFreed("park", "b-1")
TAKEN = ReturnTaken("hall", "b-1", BACK_US, maintenance=False, hands="dock")
RETURNED = BikeReturned("b-1", RIDE, "park", NOW_US, "hall", BACK_US)
DOCKED = BikeDocked("b-1", "hall", BACK_US)
ENDED = TripEnded("t-1", RIDE, "b-1", "hall", NOW_US, BACK_US, 0)
FARE = FareComputed("ann", "t-1", DAY, NOW_US, BACK_US, 0, 400)
FARE_ASKED = ChargeRequested("ann", "t-1-fare", "fare", "t-1", 400, "card", 1, "p-2")

PASS: list[Told] = [OPENED, HALL, FIRST_DOCKED, BOUGHT, ASKED, COLLECTING, CAPTURED, BOOKED, PAID, GRANTED]
RIDING: list[Told] = [*PASS, CLAIMED, LEFT, FREED, STARTED]
GOOD_DAY: list[Told] = [*RIDING, TAKEN, RETURNED, DOCKED, ENDED, FARE]

MISSING, FOUND = BikeMissing("b-1", RIDE), BikeFound("b-1", RIDE, in_time=True)
HELD = HoldPlaced("ann", "t-1", TERMS.lost_bike_fee_cents, FEE_US)
CHARGED = FeeCharged("ann", "t-1", "t-1-lost", TERMS.lost_bike_fee_cents)
REVERSED = FeeReversed("ann", "t-1", "t-1-lost", TERMS.lost_bike_fee_cents)
OVERDUE = TripOverdue("t-1", "ann", "b-1")
LOST: list[Told] = [*RIDING, (OVERDUE, OVERDUE_US), MISSING, (HELD, OVERDUE_US), (CHARGED, FEE_US)]
BACK_AFTER_ALL: list[Told] = [*LOST, TAKEN, FOUND, RETURNED, DOCKED, ENDED, FARE, REVERSED]
MISSING_AT_ONCE: list[Told] = [*PASS, CLAIMED, LEFT, MISSING, FREED, STARTED, (OVERDUE, OVERDUE_US), *LOST[-2:]]
ALL_DONE = InboxCounted("trips", 1, 1, 0, 0, 0)


def judged(history: Sequence[Told], end_us: int = END_US) -> set[str]:
    """The invariants that ``history`` breaks, at whose end all inboxes are empty."""
    checker = Checker(invariants(TERMS), _NoMarks())
    for number, told in enumerate((*history, ALL_DONE)):
        event, at_us = told if isinstance(told, tuple) else (told, NOW_US)
        checker.observe(Message(f"m-{number}", "test", type(event).__name__, _subject(event), at_us, event, 1, "c-1"))
    findings = checker.finish(end_us)
    assert not [finding.error for finding in findings if finding.error]
    return {finding.name for finding in findings if finding.status == "broken"}


def _subject(event: Event) -> str:
    if isinstance(event, BikeUnlocked):
        return f"bike/{event.bike_id}"
    return f"{type(event).__module__}/{getattr(event, 'payment_id', '')}"


class _NoMarks(Coverage):
    names = ()


IGNORED = {"everything-settles"}
"""Seen to by a test of its own: these histories tell only what the other invariants look at."""


@pytest.mark.parametrize(
    "history",
    [GOOD_DAY, LOST, MISSING_AT_ONCE, BACK_AFTER_ALL],
    ids=["good day", "lost", "missing at once", "back after all"],
)
def test_an_honest_history_breaks_nothing(history: list[Told]) -> None:
    assert judged(history) - IGNORED == set()


def without(history: list[Told], *events: Event) -> list[Told]:
    return [told for told in history if told not in events]


SECOND_RIDE = change(RIDE, trip_id="t-2")
LIES: list[tuple[str, str, list[Told]]] = [
    ("one-trip-a-rider", "a second trip", [*RIDING, change(STARTED, trip_id="t-2", ride=SECOND_RIDE)]),
    ("one-trip-a-bike", "a second ride", [*RIDING, change(LEFT, ride=SECOND_RIDE)]),
    ("one-trip-a-bike", "another's return", [*RIDING, change(RETURNED, ride=SECOND_RIDE)]),
    ("bikes-conserved", "it leaves another place", [*PASS, change(LEFT, station_id="hall")]),
    ("bikes-conserved", "it is docked on the way", [*RIDING, TAKEN, DOCKED]),
    ("bikes-conserved", "too many docks", [*PASS, TAKEN, change(TAKEN, bike_id="b-2")]),
    ("bikes-conserved", "a dock freed twice", [*RIDING, FREED]),
    ("bikes-conserved", "no station says so", without(GOOD_DAY, TAKEN)),
    ("bikes-conserved", "the bike does not say so", without(GOOD_DAY, DOCKED)),
    ("one-end-one-fare", "two ends", [*GOOD_DAY, ENDED]),
    ("one-end-one-fare", "two fares", [*GOOD_DAY, FARE]),
    ("one-end-one-fare", "no fare", without(GOOD_DAY, FARE)),
    ("fare-right", "too much", [*GOOD_DAY[:-1], change(FARE, fare_cents=401)]),
    ("fare-right", "another charge", [*GOOD_DAY, change(FARE_ASKED, amount_cents=800)]),
    ("lost-means-late", "ends in time, too late", [*RIDING, change(ENDED, ended_at_us=OVERDUE_US)]),
    ("lost-means-late", "overdue after its end", [*GOOD_DAY, (OVERDUE, OVERDUE_US)]),
    ("lost-means-late", "overdue too early", [*RIDING, (OVERDUE, OVERDUE_US - 1)]),
    ("lost-means-late", "missing though back", [*RIDING, RETURNED, MISSING]),
    ("lost-means-late", "never missing", [*RIDING, (OVERDUE, OVERDUE_US)]),
    ("lost-means-late", "neither ended nor overdue", RIDING),
    ("lost-means-late", "held for nothing", [*RIDING, HELD]),
    ("lost-means-late", "charged before its time", [*LOST[:-1], (CHARGED, FEE_US - 1)]),
    ("lost-means-late", "never charged", LOST[:-1]),
    ("lost-means-late", "charged twice", [*LOST, (CHARGED, FEE_US)]),
    ("lost-means-late", "not reversed", without(BACK_AFTER_ALL, REVERSED)),
    ("lost-means-late", "reversed twice", [*BACK_AFTER_ALL, REVERSED]),
    ("lost-means-late", "reversed for a late bike", [*LOST, REVERSED]),
    ("lost-means-late", "released for a late bike", [*LOST, HoldReleased("ann", "t-1")]),
    ("lost-means-late", "back in time and not ended", without(BACK_AFTER_ALL, ENDED, FARE)),
    ("no-pass-no-ride", "not paid", without(GOOD_DAY, PAID)),
    ("no-pass-no-ride", "over", [*PASS, (CLAIMED, NOW_US + TERMS.day_pass_us)]),
    ("no-pass-no-ride", "lapsed", [*PASS, RenewalFailed("pass-1", "ann"), CLAIMED]),
    ("no-pass-no-ride", "never claimed", without(GOOD_DAY, CLAIMED)),
    ("charge-once", "captured twice", [*GOOD_DAY, change(CAPTURED, capture_id="capture-2")]),
    ("charge-once", "another amount", [*GOOD_DAY, change(FARE_ASKED, charge_id="pass-1-1", purpose="pass")]),
    ("charge-once", "paid without money", without(GOOD_DAY, CAPTURED)),
    ("charge-once", "not in their books", without(GOOD_DAY, BOOKED)),
    ("charge-once", "collected, not paid", without(GOOD_DAY, PAID)),
    ("given-back-once", "never paid", [*GOOD_DAY, RefundStarted("ann", "t-1-fare", "p-2", 400)]),
    ("given-back-once", "while disputed", [*GOOD_DAY, DisputeOpened("ann", "t-1-fare"), FARE_ASKED]),
    ("accepted-is-kept", "never decided", [Answered("unlock_bike", "ok", 201, "c-9")]),
    ("told-once", "told twice", [NotificationSent("t-1/receipt", "receipt")] * 2),
    ("everything-settles", "an unlock that nobody answers", [UnlockRequested("ann", "t-1", "b-1")]),
    ("inbox-drained", "one waits", [InboxCounted("trips", 1, 0, 0, 0, 1)]),
    ("one-history", "two contents", [Diverged("trip/t-1", 1)]),
    ("decided-once", "decided again", [RepeatedDecision("c-1", "a/1/0", "a/2/0")]),
]


@pytest.mark.parametrize(("name", "lie", "history"), LIES, ids=[f"{name}: {lie}" for name, lie, _ in LIES])
def test_a_lie_is_found_by_the_invariant_that_it_is_about(name: str, lie: str, history: list[Told]) -> None:
    assert name in judged(history)


def test_every_invariant_has_a_lie() -> None:
    assert {invariant.name for invariant in invariants(TERMS)} == {name for name, _, _ in LIES}
