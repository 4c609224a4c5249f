"""Each invariant is seen to hold on an honest history, and to break on one with a lie in it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from bike_examples import DAY, HOUR_US, LIMIT_US, MONTHLY, NOW_US, RIDE, SINGLE, STARTED, TERMS

from reference_services.bikeshare.account_messages import (
    ChargeFailed,
    ChargeRefunded,
    ChargeRequested,
    ChargeSucceeded,
    DisputeOpened,
    DisputeSettled,
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
    BikeFlagged,
    BikeFound,
    BikeMissing,
    BikeRepaired,
    BikeReserved,
    BikeReturned,
    BikeUnlocked,
    DockingIgnored,
    UnlockRejected,
)
from reference_services.bikeshare.entitlements import (
    GrantEnded,
    RideClaimed,
    RideDenied,
    RideGivenBack,
    RidesGranted,
)
from reference_services.bikeshare.invariants import invariants
from reference_services.bikeshare.passes import (
    PassActivated,
    PassExpired,
    PassPurchased,
    PassRenewed,
    RenewalDue,
    RenewalFailed,
)
from reference_services.bikeshare.riders import UnlockRefused, UnlockRequested
from reference_services.bikeshare.stations import DockFreed, ReturnRefused, ReturnTaken, StationOpened
from reference_services.bikeshare.trips import FreeMinutesGranted, TripClosed, TripEnded, TripOverdue
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
GOOD_DAY: list[Told] = [*RIDING, TAKEN, RETURNED, DOCKED, ENDED, FARE, FARE_ASKED]

DECLINED = ChargeFailed("ann", "t-1-fare", "fare", "t-1", "p-2", NOW_US + TERMS.charge_again_after_us)
AGAIN = (change(FARE_ASKED, attempt=2, payment_id="p-3"), DECLINED.again_at_us)
LAST_ASKED = (change(FARE_ASKED, attempt=3, payment_id="p-4"), DECLINED.again_at_us * 2 - NOW_US)
DECLINED_AGAIN = (change(DECLINED, payment_id="p-3", again_at_us=LAST_ASKED[1]), AGAIN[1])
GIVEN_UP = (change(DECLINED, payment_id="p-4", again_at_us=0), LAST_ASKED[1])
NO_CREDIT: list[Told] = [*GOOD_DAY, DECLINED, AGAIN, DECLINED_AGAIN, LAST_ASKED, GIVEN_UP]
DOUBTED = DisputeOpened("ann", "t-1-fare")
RIGHTLY = DisputeSettled("ann", "t-1-fare", upheld=True)
WRITTEN_OFF: list[Told] = [*GOOD_DAY, DECLINED, DOUBTED, RIGHTLY]
WRONGLY = (change(RIGHTLY, upheld=False), DECLINED.again_at_us + HOUR_US)
FREE_AGAIN = (AGAIN[0], WRONGLY[1])
ASKED_LATER: list[Told] = [*GOOD_DAY, DECLINED, DOUBTED, WRONGLY, FREE_AGAIN, *NO_CREDIT[-3:]]

MISSING, FOUND = BikeMissing("b-1", RIDE), BikeFound("b-1", RIDE, in_time=True)
HELD = HoldPlaced("ann", "t-1", TERMS.lost_bike_fee_cents, FEE_US)
CHARGED = FeeCharged("ann", "t-1", "t-1-lost", TERMS.lost_bike_fee_cents)
FEE_ASKED = (
    ChargeRequested("ann", "t-1-lost", "lost-bike", "t-1", TERMS.lost_bike_fee_cents, "card", 1, "p-5"),
    FEE_US,
)
REVERSED = FeeReversed("ann", "t-1", "t-1-lost", TERMS.lost_bike_fee_cents)
OVERDUE = TripOverdue("t-1", "ann", "b-1")
LOST: list[Told] = [*RIDING, (OVERDUE, OVERDUE_US), MISSING, (HELD, OVERDUE_US), (CHARGED, FEE_US), FEE_ASKED]
BACK_AFTER_ALL: list[Told] = [*LOST, TAKEN, FOUND, RETURNED, DOCKED, ENDED, FARE, FARE_ASKED, REVERSED]
MISSING_AT_ONCE: list[Told] = [*PASS, CLAIMED, LEFT, MISSING, FREED, STARTED, (OVERDUE, OVERDUE_US), *LOST[-3:]]

_FEE_BEHIND = charge_reference("ann", "t-1-lost")
FEE_PAID: list[Told] = [
    AuthorizationRequested("p-5", _FEE_BEHIND, TERMS.lost_bike_fee_cents, "card", NOW_US),
    PaymentCaptured("p-5", _FEE_BEHIND, TERMS.lost_bike_fee_cents, "capture-5"),
    ChargeSucceeded("ann", "t-1-lost", "lost-bike", "t-1", TERMS.lost_bike_fee_cents, "p-5"),
    ProviderBooked(LedgerEntry("capture-5", "capture", "p-5", TERMS.lost_bike_fee_cents, NOW_US)),
]
FEE_BACK = RefundStarted("ann", "t-1-lost", "p-5", TERMS.lost_bike_fee_cents)
FEE_IS_BACK = ChargeRefunded("ann", "t-1-lost")
_BACK = BACK_AFTER_ALL[len(LOST) :]
PAID_BACK: list[Told] = [*LOST, *FEE_PAID, *_BACK, FEE_BACK, FEE_IS_BACK]
PAID_TOO_LATE: list[Told] = [*BACK_AFTER_ALL, *FEE_PAID, FEE_BACK, FEE_IS_BACK]
FEE_DOUBTED, FEE_RIGHTLY = change(DOUBTED, charge_id="t-1-lost"), change(RIGHTLY, charge_id="t-1-lost")
RIGHTLY_DOUBTED: list[Told] = [*LOST, *FEE_PAID, FEE_DOUBTED, FEE_RIGHTLY, FEE_BACK, FEE_IS_BACK]

SENT_AWAY, FREE = ReturnRefused("hall", "b-1", NOW_US + 1), FreeMinutesGranted("t-1", "hall", 900_000_000)
TOLD_LATE = change(SENT_AWAY, at_us=NOW_US - 1)
HOME = (RETURNED, BACK_US)
HOME_FREE: list[Told] = [*RIDING, SENT_AWAY, FREE, SENT_AWAY, TAKEN, HOME, DOCKED, ENDED]
HOME_FREE += [change(FARE, bonus_us=FREE.bonus_us, fare_cents=0), TripClosed("t-1", "ann", "ended", 0, "day")]
WRONG_RIDE: list[Told] = [*RIDING, TOLD_LATE, TAKEN, HOME, DOCKED, ENDED, FARE, FARE_ASKED]
CLOSED = TripClosed("t-1", "ann", "ended", 400, "day")
MONTH_OVER_US = NOW_US + TERMS.month_us
A_MONTH = change(BOUGHT, plan=MONTHLY)
MONTH_ASKED = change(ASKED, amount_cents=MONTHLY.price_cents)
MONTH_COLLECTING = change(COLLECTING, amount_cents=MONTHLY.price_cents)
MONTH_CAPTURED = change(CAPTURED, amount_cents=MONTHLY.price_cents)
MONTH_PAID = change(PAID, amount_cents=MONTHLY.price_cents)
MONTH_BOOKED = ProviderBooked(LedgerEntry("capture-1", "capture", "p-1", MONTHLY.price_cents, NOW_US))
MONTH_GRANTED = RidesGranted("ann", "pass-1", MONTHLY, MONTH_OVER_US)
ACTIVE = PassActivated("pass-1", "ann", MONTHLY, MONTH_OVER_US)
MONTHLY_PASS: list[Told] = [A_MONTH, MONTH_ASKED, MONTH_COLLECTING, MONTH_CAPTURED, MONTH_PAID, MONTH_BOOKED]
MONTHLY_PASS += [MONTH_GRANTED, ACTIVE]
DUE = (RenewalDue("pass-1", "ann", "pass-1-2", MONTHLY.price_cents, 2), MONTH_OVER_US)
DUE_ASKED = (ChargeRequested("ann", "pass-1-2", "renewal", "pass-1", MONTHLY.price_cents, "card", 1, "p-6"), DUE[1])
DUE_DECLINED = (ChargeFailed("ann", "pass-1-2", "renewal", "pass-1", "p-6", 0), DUE[1])
GRANT_OVER = (GrantEnded("ann", "pass-1"), DUE[1])
LAPSED = (RenewalFailed("pass-1", "ann"), DUE[1])
CLAIMED_MONTHLY = change(CLAIMED, plan=MONTHLY)
RENEWED = PassRenewed("pass-1", "ann", MONTH_OVER_US + TERMS.month_us)
NOT_RENEWED: list[Told] = [*MONTHLY_PASS, (CLAIMED_MONTHLY, DUE[1] - 1), DUE, DUE_ASKED, DUE_DECLINED, GRANT_OVER]
NOT_RENEWED += [LAPSED, (RideDenied("ann", "t-2", "b-1"), DUE[1])]

A_RIDE = change(BOUGHT, plan=SINGLE)
SINGLE_PASS: list[Told] = [
    A_RIDE,
    change(ASKED, amount_cents=SINGLE.price_cents),
    change(COLLECTING, amount_cents=SINGLE.price_cents),
    change(CAPTURED, amount_cents=SINGLE.price_cents),
    change(PAID, amount_cents=SINGLE.price_cents),
    ProviderBooked(LedgerEntry("capture-1", "capture", "p-1", SINGLE.price_cents, NOW_US)),
    change(GRANTED, plan=SINGLE),
]
CLAIMED_SINGLE = change(CLAIMED, plan=SINGLE)
STUCK, GIVEN_BACK = UnlockRefused("ann", "t-1", "b-1", "lock-stuck"), RideGivenBack("ann", "t-1", "pass-1")
DENIED = RideDenied("ann", "t-2", "b-2")
SECOND_LOCK: list[Told] = [*SINGLE_PASS, CLAIMED_SINGLE, STUCK, GIVEN_BACK, change(CLAIMED_SINGLE, trip_id="t-2")]
SECOND_LOCK += [change(DENIED, trip_id="t-3")]

FOR_REPAIR, FLAGGED = change(TAKEN, maintenance=True), BikeFlagged("b-1", "maintenance-dock")
RESERVED = BikeReserved("b-1", RIDE, "hall", BACK_US, BACK_US)
REPAIRED: list[Told] = [*RIDING, FOR_REPAIR, RETURNED, DOCKED, FLAGGED, UnlockRejected("b-1", RIDE, "bike-flagged")]
REPAIRED += [ENDED, FARE, FARE_ASKED, BikeRepaired("b-1"), RESERVED]
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


HONEST: dict[str, list[Told]] = {
    "good day": GOOD_DAY,
    "told twice": [*GOOD_DAY, DockingIgnored("b-1", "hall", BACK_US)],
    "closed": [*GOOD_DAY, CLOSED],
    "home free": HOME_FREE,
    "refused on another ride": WRONG_RIDE,
    "no credit": NO_CREDIT,
    "written off": WRITTEN_OFF,
    "asked later": ASKED_LATER,
    "lost": LOST,
    "missing at once": MISSING_AT_ONCE,
    "back after all": BACK_AFTER_ALL,
    "paid back": PAID_BACK,
    "paid too late": PAID_TOO_LATE,
    "rightly doubted": RIGHTLY_DOUBTED,
    "not renewed": NOT_RENEWED,
    "second lock": SECOND_LOCK,
    "repaired": REPAIRED,
}


@pytest.mark.parametrize(
    "history",
    HONEST.values(),
    ids=HONEST.keys(),
)
def test_an_honest_history_breaks_nothing(history: list[Told]) -> None:
    assert judged(history) - IGNORED == set()


def without(history: list[Told], *events: Event) -> list[Told]:
    return [told for told in history if told not in events]


EXPIRED = PassExpired("pass-1", "ann")
CHEAP = change(DAY, price_cents=1)
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
    ("fare-right", "too much", [*GOOD_DAY[:-2], change(FARE, fare_cents=401)]),
    ("fare-right", "closed with another", [*GOOD_DAY, change(CLOSED, fare_cents=7)]),
    ("fare-right", "lost, with a fare", [*LOST, change(CLOSED, outcome="lost", fare_cents=7)]),
    ("fare-right", "no free minutes", without(HOME_FREE, FREE)),
    ("fare-right", "another charge", [*GOOD_DAY, change(FARE_ASKED, amount_cents=800)]),
    ("lost-means-late", "ends in time, too late", [*RIDING, change(ENDED, ended_at_us=OVERDUE_US)]),
    ("lost-means-late", "overdue after its end", [*GOOD_DAY, (OVERDUE, OVERDUE_US)]),
    ("lost-means-late", "overdue too early", [*RIDING, (OVERDUE, OVERDUE_US - 1)]),
    ("returns-believed", "dropped", [*LOST, TAKEN]),
    ("returns-believed", "ignored", [*LOST, TAKEN, DockingIgnored("b-1", "hall", BACK_US)]),
    ("returns-believed", "another time", [*RIDING, TAKEN, change(RETURNED, returned_at_us=BACK_US + 1)]),
    ("returns-believed", "never told", without(GOOD_DAY, TAKEN)),
    ("lost-means-late", "overdue too late", [*RIDING, (OVERDUE, OVERDUE_US + HOUR_US)]),
    ("lost-means-late", "a short hold", [*LOST[:-3], (change(HELD, charged_at_us=OVERDUE_US), OVERDUE_US), CHARGED]),
    ("lost-means-late", "missing though back", [*RIDING, RETURNED, MISSING]),
    ("lost-means-late", "never missing", [*RIDING, (OVERDUE, OVERDUE_US)]),
    ("lost-means-late", "neither ended nor overdue", RIDING),
    ("lost-means-late", "held for nothing", [*RIDING, HELD]),
    ("lost-means-late", "charged before its time", [*LOST[:-2], (CHARGED, FEE_US - 1)]),
    ("lost-means-late", "never charged", LOST[:-2]),
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
    ("no-pass-no-ride", "another plan", [*PASS, change(CLAIMED, plan=CHEAP)]),
    ("no-pass-no-ride", "another plan on the way", [*PASS, CLAIMED, change(STARTED, ride=change(RIDE, plan=CHEAP))]),
    ("no-pass-no-ride", "another's pass", [*PASS, change(CLAIMED, rider_id="bob")]),
    ("no-pass-no-ride", "expired", [*PASS, (EXPIRED, NOW_US - HOUR_US), CLAIMED]),
    ("no-pass-no-ride", "denied in vain", [*PASS, DENIED]),
    ("no-pass-no-ride", "denied while renewing", [*MONTHLY_PASS, DUE, (DENIED, DUE[1])]),
    ("no-pass-no-ride", "denied after a stuck lock", [*SINGLE_PASS, CLAIMED_SINGLE, STUCK, GIVEN_BACK, DENIED]),
    ("no-pass-no-ride", "taken away", [*MONTHLY_PASS, DUE, GRANT_OVER]),
    ("no-pass-no-ride", "not given back", without(SECOND_LOCK, GIVEN_BACK)),
    ("no-pass-no-ride", "given back late", [*SINGLE_PASS, CLAIMED_SINGLE, STUCK, (GIVEN_BACK, NOW_US + HOUR_US)]),
    ("pass-as-sold", "another plan", [change(BOUGHT, plan=CHEAP)]),
    ("pass-as-sold", "another plan to ride on", [*PASS[:-1], change(GRANTED, plan=CHEAP)]),
    ("pass-as-sold", "a short day", [*PASS[:-1], change(GRANTED, until_us=NOW_US + HOUR_US)]),
    ("pass-as-sold", "a late start", [*PASS[:-1], (change(GRANTED, until_us=GRANTED.until_us + HOUR_US), BACK_US)]),
    ("pass-as-sold", "a short month", [*MONTHLY_PASS[:-1], change(ACTIVE, until_us=NOW_US + LIMIT_US)]),
    ("pass-as-sold", "active late", [*MONTHLY_PASS[:-1], (ACTIVE, BACK_US)]),
    ("pass-as-sold", "a short renewal", [*MONTHLY_PASS, DUE, (change(RENEWED, until_us=MONTH_OVER_US + 1), DUE[1])]),
    ("pass-as-sold", "renewed early", [*MONTHLY_PASS, (DUE[0], DUE[1] - 1)]),
    ("pass-as-sold", "renewed late", [*MONTHLY_PASS, (DUE[0], DUE[1] + HOUR_US)]),
    ("pass-as-sold", "not renewed", [*MONTHLY_PASS, (EXPIRED, MONTH_OVER_US)]),
    ("pass-as-sold", "a day renewed", [*PASS, DUE]),
    ("pass-as-sold", "without an end", [*PASS, change(ACTIVE, plan=DAY, until_us=GRANTED.until_us)]),
    ("flagged-stays", "not flagged", without(REPAIRED, FLAGGED)),
    ("flagged-stays", "ridden though flagged", [FLAGGED, RESERVED]),
    ("flagged-stays", "ridden before it is flagged", [HALL, FOR_REPAIR, DOCKED, RESERVED]),
    ("flagged-stays", "refused for nothing", [UnlockRejected("b-1", RIDE, "bike-flagged")]),
    ("owed-is-charged", "a fare for nothing", without(GOOD_DAY, FARE_ASKED)),
    ("owed-is-charged", "a fee for nothing", LOST[:-1]),
    ("owed-is-charged", "a pass for a cent", [BOUGHT, change(ASKED, amount_cents=1)]),
    ("owed-is-charged", "a plan for a cent", [change(BOUGHT, plan=CHEAP), change(ASKED, amount_cents=1)]),
    ("owed-is-charged", "asked for late", [*without(GOOD_DAY, FARE_ASKED), (FARE_ASKED, NOW_US + HOUR_US)]),
    ("owed-is-charged", "charged for nothing", [change(FARE_ASKED, about="t-9", charge_id="t-9-fare")]),
    ("owed-is-charged", "a hold of a cent", [*LOST[:-3], (change(HELD, amount_cents=1), OVERDUE_US)]),
    ("owed-is-charged", "a fee of a cent", [*LOST[:-2], (change(CHARGED, amount_cents=1), FEE_US)]),
    ("owed-is-charged", "one try", [*GOOD_DAY, change(DECLINED, again_at_us=0)]),
    ("owed-is-charged", "no second try", [*GOOD_DAY, DECLINED]),
    ("owed-is-charged", "a try too early", [*GOOD_DAY, DECLINED, (AGAIN[0], AGAIN[1] - 1)]),
    ("owed-is-charged", "a try too late", [*GOOD_DAY, DECLINED, (AGAIN[0], AGAIN[1] + HOUR_US)]),
    ("owed-is-charged", "tried after all", [*WRITTEN_OFF, AGAIN]),
    ("owed-is-charged", "a fourth try", [*NO_CREDIT, (change(FARE_ASKED, attempt=4), END_US)]),
    ("charge-once", "captured twice", [*GOOD_DAY, change(CAPTURED, capture_id="capture-2")]),
    ("charge-once", "another amount", [*GOOD_DAY, change(FARE_ASKED, charge_id="pass-1-1", purpose="pass")]),
    ("charge-once", "paid without money", without(GOOD_DAY, CAPTURED)),
    ("charge-once", "not in their books", without(GOOD_DAY, BOOKED)),
    ("charge-once", "collected, not paid", without(GOOD_DAY, PAID)),
    ("given-back-once", "never paid", [*GOOD_DAY, RefundStarted("ann", "t-1-fare", "p-2", 400)]),
    ("given-back-once", "while disputed", [*GOOD_DAY, DisputeOpened("ann", "t-1-fare"), FARE_ASKED]),
    ("given-back-once", "reversed and kept", without(PAID_BACK, FEE_BACK, FEE_IS_BACK)),
    ("given-back-once", "paid too late and kept", without(PAID_TOO_LATE, FEE_BACK, FEE_IS_BACK)),
    ("given-back-once", "rightly doubted and kept", without(RIGHTLY_DOUBTED, FEE_BACK, FEE_IS_BACK)),
    ("given-back-once", "wrongly doubted", [*RIGHTLY_DOUBTED[:-3], change(FEE_RIGHTLY, upheld=False), FEE_BACK]),
    ("given-back-once", "never there", without(PAID_BACK, FEE_IS_BACK)),
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
