"""Each invariant is seen to break on a history that breaks it, and to hold on its honest twin."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from examples import (
    ATTEMPT_FAILED,
    CLOSES_US,
    EXPIRES_US,
    HOODIE,
    HOODIE_HOLD,
    HOODIE_SCHEDULED,
    MUG,
    MUG_HOLD,
    NOW_US,
    OPENS_US,
    ORDER_CONFIRMED,
    ORDER_ID,
    ORDER_PICKED_UP,
    ORDER_PLACED,
    ORDER_REFUNDED,
    ORDER_RESERVED,
    PAYMENT_AUTHORIZED,
    PAYMENT_CAPTURED,
    PAYMENT_DECLINED,
    PAYMENT_ID,
    PAYMENT_REFUNDED,
    PAYMENT_UNRESOLVED,
    PAYMENT_VOIDED,
    PICKUP_BY_US,
    READY_FOR_PICKUP,
    REFUND_REQUESTED,
    STOCK_COMMITTED,
    STOCK_HELD,
    STOCK_RECEIVED,
    TERMS,
    TOTAL_CENTS,
    cancelled,
    offered,
)
from histories import (
    ANSWERED_OK,
    BOUND_US,
    CAPTURE_BOOKED,
    CAPTURING,
    END_US,
    GOODS_BACK,
    HOLD_BACK,
    OFFERED,
    PLACE_COMMAND,
    PLACING,
    RECEIPT_REQUESTED,
    RECEIPT_SENT,
    REFUND_BOOKED,
    SELLING,
    SOLD,
    TAKEN_BACK,
    Told,
    judged,
    message,
    without,
)

from reference_services.bookstore.allowances import AllowanceClaimed, AllowanceReleased
from reference_services.bookstore.catalog import PriceChanged
from reference_services.bookstore.invariants import invariants
from reference_services.bookstore.inventory import ReservationCommitted, ReservationExpired, StockReserved
from reference_services.bookstore.order_messages import OrderConfirmed
from reference_services.kernel.history import Diverged, InboxCounted, ProviderBooked, RepeatedDecision, VersionsMissing
from reference_services.kernel.invariant import Invariant
from reference_services.kernel.message import Event, Message, Refused
from reference_services.kernel.outside import LedgerEntry
from reference_services.shared.notifications import NotificationFailed, NotificationSent
from reference_services.shared.payments import PaymentRefunded, PaymentUnresolved

History = list[Told | Message[Event]]
change = msgspec.structs.replace

EXPIRED = ReservationExpired(HOODIE, ORDER_ID, HOODIE_HOLD, 2)
RESERVATION_EXPIRED = cancelled("reservation-expired")
THREE_HELD, FOUR_HELD = change(STOCK_HELD, units=3), change(STOCK_HELD, units=4)
SECOND_HOLD = StockReserved(HOODIE, "o-2", "o-2/hoodie", 2, EXPIRES_US)
SECOND_PLACED = change(ORDER_PLACED, order_id="o-2")
SECOND_RESERVED = change(ORDER_RESERVED, order_id="o-2")
SECOND_CONFIRMED = OrderConfirmed("o-2", "ann", TOTAL_CENTS)
LINE = ORDER_PLACED.lines[0]
LOWER_LIMIT = change(SECOND_PLACED, lines=(change(LINE, units=1, limit_per_customer=1),))
LIMIT_LOWERED = change(HOODIE_SCHEDULED, limit_per_customer=1)
CHEAPER = change(ORDER_PLACED, lines=(change(LINE, unit_price_cents=2_400),), total_cents=4_800)
OTHER_SALE = change(ORDER_PLACED, lines=(change(LINE, closes_us=CLOSES_US + 1),))
THIRD_PLACED = change(ORDER_PLACED, order_id="o-3")
THIRD_CANCELLED = change(cancelled("sold-out"), order_id="o-3")
CLAIMED = AllowanceClaimed("ann", HOODIE, ORDER_ID, 2)
UNCLAIMED = AllowanceReleased("ann", HOODIE, ORDER_ID, 2)
CLAIMING: History = [*OFFERED, ORDER_PLACED, CLAIMED, cancelled("x")]
CLAIMING_LATE: History = [*OFFERED, ORDER_PLACED, cancelled("x"), CLAIMED]
HOODIE_SOLD = change(STOCK_COMMITTED, units=1)
MUG_SOLD = ReservationCommitted(MUG, ORDER_ID, MUG_HOLD, 1)
SOLD_AGAIN = change(STOCK_COMMITTED, reservation_id=f"{HOODIE_HOLD}/again")
ONE_OF_EACH: History = [
    change(ORDER_PLACED, lines=(offered(units=1), offered(MUG, 1))),
    PAYMENT_AUTHORIZED,
    PAYMENT_CAPTURED,
    HOODIE_SOLD,
    MUG_SOLD,
    ORDER_CONFIRMED,
]
TWO_HOODIES: History = [
    STOCK_COMMITTED if told is HOODIE_SOLD else told for told in ONE_OF_EACH if told is not MUG_SOLD
]
FOREIGN_BOOKED = ProviderBooked(LedgerEntry("capture-9", "capture", "o-9/1", 700, NOW_US))
ASKED_AGAIN = [(PaymentUnresolved(PAYMENT_ID, ORDER_ID, 0, times), NOW_US + times * BOUND_US) for times in (1, 2, 3)]
LATE_US = EXPIRES_US + BOUND_US + 1
AGAIN_AT_US = NOW_US + BOUND_US
RECEIPT_FAILED = NotificationFailed(f"{ORDER_ID}/receipt", "receipt", "timed out", AGAIN_AT_US)


def taken_back(*, goods_us: int = 0, asked_us: tuple[int, ...] = (0,), refunded_us: int = 0) -> History:
    """A sold order that is cancelled, and how long after that its goods come back and its money is asked and sent."""
    return [
        *SELLING,
        (cancelled("not-picked-up"), PICKUP_BY_US),
        (GOODS_BACK, PICKUP_BY_US + goods_us),
        *[(REFUND_REQUESTED, PICKUP_BY_US + each_us) for each_us in asked_us],
        (PAYMENT_REFUNDED, PICKUP_BY_US + refunded_us),
    ]


class Example(NamedTuple):
    """A history that breaks ``invariant``, words of the violation, and a history like it that does not."""

    invariant: str
    words: str
    broken: History
    honest: History = SOLD
    end_us: int = END_US


EXAMPLES = [
    Example(
        "no-oversell", "4 units held or sold, 3 received", [STOCK_RECEIVED, FOUR_HELD], [STOCK_RECEIVED, THREE_HELD]
    ),
    Example(
        "no-oversell",
        "4 units held or sold, 3 received",
        [STOCK_RECEIVED, STOCK_HELD, SECOND_HOLD],
        [STOCK_RECEIVED, STOCK_HELD, HOLD_BACK, SECOND_HOLD],
    ),
    Example("no-oversell", "more units given back than were taken", [STOCK_RECEIVED, STOCK_HELD, EXPIRED, HOLD_BACK]),
    Example(
        "no-oversell",
        "4 units sold, 3 received",
        [STOCK_RECEIVED, ORDER_PLACED, ORDER_CONFIRMED, SECOND_PLACED, SECOND_CONFIRMED],
        [STOCK_RECEIVED, ORDER_PLACED, ORDER_CONFIRMED, cancelled("x"), SECOND_PLACED, SECOND_CONFIRMED],
    ),
    Example("one-ending", "is reserved a second time", [STOCK_RECEIVED, STOCK_HELD, HOLD_BACK, STOCK_HELD]),
    Example("one-ending", "not held for the reservation time", [(STOCK_HELD, NOW_US + 1), HOLD_BACK]),
    Example("one-ending", "ends but is not held", [STOCK_HELD, HOLD_BACK, (EXPIRED, EXPIRES_US)]),
    Example("one-ending", "ends but is not held", [STOCK_HELD, STOCK_COMMITTED, (EXPIRED, EXPIRES_US)]),
    Example("one-ending", "ends with 1 units, held 2", [STOCK_HELD, change(HOLD_BACK, units=1)]),
    Example("one-ending", "is returned but was not sold", [STOCK_HELD, GOODS_BACK, HOLD_BACK], TAKEN_BACK),
    Example(
        "one-ending", "expired 1 us early", [STOCK_HELD, (EXPIRED, EXPIRES_US - 1)], [STOCK_HELD, (EXPIRED, EXPIRES_US)]
    ),
    Example("one-ending", "us late", [STOCK_HELD, (EXPIRED, LATE_US)], [STOCK_HELD, (EXPIRED, LATE_US - 1)]),
    Example(
        "one-ending",
        "sold long after",
        [STOCK_HELD, (STOCK_COMMITTED, LATE_US)],
        [STOCK_HELD, (STOCK_COMMITTED, EXPIRES_US)],
    ),
    Example(
        "one-ending",
        "released long after",
        [STOCK_HELD, (HOLD_BACK, LATE_US)],
        [STOCK_HELD, (HOLD_BACK, LATE_US - 1)],
    ),
    Example("one-ending", "outlived its time", [STOCK_HELD], [STOCK_HELD, HOLD_BACK]),
    Example(
        "customer-limit",
        "ann has 4 of hoodie, limit 2",
        [*OFFERED, ORDER_PLACED, ORDER_RESERVED, SECOND_PLACED, SECOND_RESERVED],
        [*OFFERED, ORDER_PLACED, ORDER_RESERVED, cancelled("x"), SECOND_PLACED, SECOND_RESERVED],
    ),
    Example(
        "customer-limit",
        "ann has 4 of hoodie, limit 2",
        [*OFFERED, THIRD_PLACED, THIRD_CANCELLED, ORDER_PLACED, ORDER_RESERVED, SECOND_PLACED, SECOND_RESERVED],
        [*OFFERED, THIRD_PLACED, THIRD_CANCELLED, ORDER_PLACED, ORDER_RESERVED],
    ),
    Example(
        "customer-limit",
        "ann has 2 of hoodie, limit 1",
        [LOWER_LIMIT, SECOND_RESERVED, change(LOWER_LIMIT, order_id="o-3"), change(SECOND_RESERVED, order_id="o-3")],
        [
            *OFFERED,
            change(ORDER_PLACED, lines=(change(LINE, units=1),)),
            ORDER_RESERVED,
            LIMIT_LOWERED,
            LOWER_LIMIT,
            SECOND_RESERVED,
        ],
    ),
    Example(
        "customer-limit",
        "o-2 has hoodie under a limit of 1, which it never had",
        [*OFFERED, LOWER_LIMIT],
        [*OFFERED, LOWER_LIMIT, LIMIT_LOWERED],
    ),
    Example("customer-limit", "hoodie of o-1 still counts", CLAIMING, [*CLAIMING, UNCLAIMED]),
    Example("customer-limit", "hoodie of o-1 still counts", CLAIMING_LATE, [*CLAIMING_LATE, UNCLAIMED]),
    Example(
        "customer-limit",
        f"hoodie of o-1 counts {BOUND_US + 1} us after it was cancelled",
        [*CLAIMING, (UNCLAIMED, NOW_US + BOUND_US + 1)],
        [*CLAIMING, (UNCLAIMED, NOW_US + BOUND_US)],
    ),
    Example(
        "sale-window",
        "placed 1 us before the sale of hoodie opens",
        [*OFFERED, (ORDER_PLACED, OPENS_US - 1)],
        [*OFFERED, (ORDER_PLACED, OPENS_US)],
    ),
    Example(
        "sale-window",
        "placed 0 us after the sale of hoodie closed",
        [*OFFERED, (ORDER_PLACED, CLOSES_US)],
        [*OFFERED, (ORDER_PLACED, CLOSES_US - 1)],
    ),
    Example(
        "sale-window",
        "o-1 is placed in a sale of hoodie that was never published",
        [*OFFERED, OTHER_SALE],
        [OTHER_SALE, *OFFERED, change(HOODIE_SCHEDULED, closes_us=CLOSES_US + 1)],
    ),
    Example(
        "price-kept",
        "captured 4999 cents, the order says 5000",
        [ORDER_PLACED, change(PAYMENT_CAPTURED, amount_cents=4_999)],
    ),
    Example("price-kept", "captured 5000 cents, the order says None", [PAYMENT_CAPTURED]),
    Example(
        "price-kept",
        "o-1 has hoodie at 2400 cents, which it never cost",
        [*OFFERED, CHEAPER, PriceChanged("mug", 2_400)],
        [*OFFERED, PriceChanged(HOODIE, 2_400), PriceChanged(HOODIE, 2_300), CHEAPER],
    ),
    Example("price-kept", "total 4999 cents, lines add up to 5000", [change(ORDER_PLACED, total_cents=4_999)]),
    Example("money-follows-goods", "confirmed with 0 of 5000 cents", [*PLACING, STOCK_COMMITTED, ORDER_CONFIRMED]),
    Example("money-follows-goods", "confirmed without all its goods", [*CAPTURING, ORDER_CONFIRMED]),
    Example(
        "money-follows-goods",
        "4 units of hoodie sold, 2 ordered",
        [SECOND_PLACED, *SELLING, SOLD_AGAIN],
        [SECOND_PLACED, *SELLING, change(SOLD_AGAIN, order_id="o-2")],
    ),
    Example("money-follows-goods", "2 units of hoodie sold, 1 ordered", TWO_HOODIES, ONE_OF_EACH),
    Example("money-follows-goods", "confirmed without all its goods", TWO_HOODIES, ONE_OF_EACH),
    Example("money-follows-goods", "confirmed without all its goods", without(ONE_OF_EACH, MUG_SOLD), ONE_OF_EACH),
    Example("money-follows-goods", "stands without all its goods", [*SOLD, GOODS_BACK], TAKEN_BACK),
    Example("money-follows-goods", "5000 cents kept without goods", [*CAPTURING], SELLING),
    Example("money-follows-goods", "5000 cents kept without goods", [*SELLING, cancelled("x"), GOODS_BACK], TAKEN_BACK),
    Example(
        "money-follows-goods",
        "2 units kept though it is cancelled",
        without(TAKEN_BACK, (GOODS_BACK, PICKUP_BY_US)),
        TAKEN_BACK,
    ),
    Example(
        "money-follows-goods",
        "2 units of hoodie go back 1 us late",
        taken_back(goods_us=BOUND_US + 1),
        taken_back(goods_us=BOUND_US),
    ),
    Example(
        "money-follows-goods",
        "the money is asked back 1 us late",
        taken_back(asked_us=(BOUND_US + 1,), refunded_us=BOUND_US + 1),
        taken_back(asked_us=(BOUND_US,), refunded_us=BOUND_US),
    ),
    Example(
        "money-follows-goods",
        "the money is back 1 us late",
        taken_back(refunded_us=BOUND_US + 1),
        taken_back(asked_us=(0, BOUND_US), refunded_us=2 * BOUND_US),
    ),
    Example(
        "money-follows-goods",
        "refunded though it is not cancelled",
        [*SELLING, REFUND_REQUESTED, PAYMENT_REFUNDED],
        TAKEN_BACK,
    ),
    Example("money-follows-goods", "handed over for 0 of 5000 cents", [*TAKEN_BACK, ORDER_PICKED_UP]),
    Example("money-follows-goods", "handed over for 0 of 5000 cents", [*PLACING, ORDER_PICKED_UP]),
    Example(
        "money-follows-goods",
        "10000 cents refunded, 5000 captured",
        [*TAKEN_BACK, PaymentRefunded(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "refund-2")],
        TAKEN_BACK,
    ),
    Example(
        "money-follows-goods",
        "captured more than was authorized",
        [*PLACING, PAYMENT_AUTHORIZED, change(PAYMENT_CAPTURED, amount_cents=5_001)],
    ),
    Example("money-follows-goods", "captured more than was authorized", [*PLACING, PAYMENT_CAPTURED]),
    Example(
        "money-follows-goods",
        "captured after it had ended",
        [*PLACING, PAYMENT_AUTHORIZED, PAYMENT_VOIDED, PAYMENT_CAPTURED],
    ),
    Example("money-follows-goods", "captured after it had ended", [*TAKEN_BACK, PAYMENT_CAPTURED], TAKEN_BACK),
    Example("money-follows-goods", "authorized after it had ended", [*PLACING, PAYMENT_DECLINED, PAYMENT_AUTHORIZED]),
    Example(
        "capture-once", "capture capture-1 is booked twice", [*CAPTURING, change(PAYMENT_CAPTURED, payment_id="o-1/2")]
    ),
    Example(
        "capture-once",
        "payment o-1/1 is captured twice",
        [*CAPTURING, change(PAYMENT_CAPTURED, capture_id="capture-2")],
    ),
    Example("capture-once", "refund refund-1 is booked twice", [*TAKEN_BACK, PAYMENT_REFUNDED], TAKEN_BACK),
    Example("capture-once", "we have booked nothing, the provider", [*SOLD, FOREIGN_BOOKED]),
    Example("capture-once", "the provider nothing", without(SOLD, CAPTURE_BOOKED)),
    Example("capture-once", "the provider nothing", without(TAKEN_BACK, REFUND_BOOKED), TAKEN_BACK),
    Example(
        "capture-once",
        "the provider 4999 cents of o-1/1",
        [*without(SOLD, CAPTURE_BOOKED), ProviderBooked(change(CAPTURE_BOOKED.entry, amount_cents=4_999))],
    ),
    Example("pickup-xor-cancel", "picked up after it was cancelled", [*TAKEN_BACK, ORDER_PICKED_UP], TAKEN_BACK),
    Example("pickup-xor-cancel", "cancelled after it was picked up", [*SOLD, cancelled("x")]),
    Example("pickup-xor-cancel", "picked up twice", [*SOLD, ORDER_PICKED_UP]),
    Example("pickup-xor-cancel", "return to stock though it is not cancelled", [*SOLD, GOODS_BACK], TAKEN_BACK),
    Example(
        "pickup-xor-cancel",
        "o-1 does not wait at the store for the pickup window",
        [change(READY_FOR_PICKUP, pickup_by_us=PICKUP_BY_US - 1)],
        [READY_FOR_PICKUP],
    ),
    Example(
        "pickup-xor-cancel",
        "o-1 is cancelled as not picked up 1 us early",
        [READY_FOR_PICKUP, (cancelled("not-picked-up"), PICKUP_BY_US - 1)],
        [READY_FOR_PICKUP, (cancelled("cancelled-by-customer"), PICKUP_BY_US - 1)],
    ),
    Example(
        "pickup-xor-cancel",
        f"o-1 waited at the store for {BOUND_US + 1} us too long",
        [READY_FOR_PICKUP, (cancelled("not-picked-up"), PICKUP_BY_US + BOUND_US + 1)],
        [READY_FOR_PICKUP, (cancelled("not-picked-up"), PICKUP_BY_US + BOUND_US)],
    ),
    Example(
        "pickup-xor-cancel",
        f"o-1 waited at the store for {BOUND_US + 1} us too long",
        [READY_FOR_PICKUP, (ORDER_PICKED_UP, PICKUP_BY_US + BOUND_US + 1)],
        [READY_FOR_PICKUP, (ORDER_PICKED_UP, PICKUP_BY_US + BOUND_US)],
    ),
    Example(
        "accepted-is-kept",
        "place_order was answered with success but never decided",
        [ANSWERED_OK],
        [*PLACING, ANSWERED_OK],
    ),
    Example(
        "accepted-is-kept",
        "never decided",
        [message(Refused("sold-out"), PLACE_COMMAND), ANSWERED_OK],
        [ANSWERED_OK, *PLACING],
    ),
    Example(
        "accepted-is-kept",
        "never decided",
        [change(ANSWERED_OK, status=202)],
        [change(ANSWERED_OK, status=202), message(Refused("sold-out"), PLACE_COMMAND)],
    ),
    Example("accepted-is-kept", "outcome that nobody asked for", [PAYMENT_AUTHORIZED]),
    Example("accepted-is-kept", "outcome that nobody asked for", [RECEIPT_SENT], [RECEIPT_REQUESTED, RECEIPT_SENT]),
    Example("told-once", "o-1/receipt is a second receipt about o-1", [*SOLD, RECEIPT_SENT]),
    Example(
        "told-once",
        "o-1/1/receipt is a second receipt about o-1",
        [*SOLD, NotificationSent("o-1/1/receipt", "receipt")],
        [*SOLD, NotificationSent("o-1/pickup-reminder", "pickup-reminder")],
    ),
    Example("told-once", "o-1 is confirmed without a receipt", without(SOLD, RECEIPT_SENT)),
    Example("everything-settles", "order/o-1 is", [ORDER_PLACED], [ORDER_PLACED, cancelled("x")]),
    Example("everything-settles", "payment/o-1/1 is", [*PLACING, *ASKED_AGAIN], SOLD, NOW_US + 3 * BOUND_US),
    Example(
        "everything-settles",
        "payment/o-1/1 is",
        [*PLACING, PAYMENT_AUTHORIZED, PAYMENT_UNRESOLVED],
        SELLING,
        NOW_US + BOUND_US + 1,
    ),
    Example(
        "everything-settles",
        "order/o-1 is",
        [*PLACING, PAYMENT_DECLINED, ATTEMPT_FAILED],
        [*PLACING, PAYMENT_DECLINED, ATTEMPT_FAILED, (RESERVATION_EXPIRED, EXPIRES_US)],
    ),
    Example("everything-settles", "order/o-1 is", SELLING, SOLD),
    Example(
        "everything-settles",
        "message/o-1/receipt is",
        [RECEIPT_REQUESTED, RECEIPT_FAILED],
        [RECEIPT_REQUESTED, RECEIPT_SENT],
    ),
    Example(
        "everything-settles",
        "order/o-1 is",
        without(TAKEN_BACK, (ORDER_REFUNDED, PICKUP_BY_US)),
        TAKEN_BACK,
    ),
    Example("inbox-drained", "orders: 2 commands still wait", [InboxCounted("orders", 8, 8, 0, 0, lag=2)]),
    Example(
        "inbox-drained",
        "orders: 8 consumed, 7 accounted for",
        [InboxCounted("orders", 8, 5, 1, 1, lag=0)],
        [InboxCounted("orders", 8, 5, 2, 1, lag=0)],
    ),
    Example("one-history", "version 3 of stock/hoodie comes right after", [VersionsMissing("stock/hoodie", 1, 3)]),
    Example("one-history", "version 3 of stock/hoodie was appended with two", [Diverged("stock/hoodie", 3)]),
    Example("decided-once", "c-1 was decided at a/1/0 and again at a/2/0", [RepeatedDecision("c-1", "a/1/0", "a/2/0")]),
]

EXAMPLE_NAMES = [f"{number}-{example.invariant}: {example.words}" for number, example in enumerate(EXAMPLES)]


@pytest.mark.parametrize("example", EXAMPLES, ids=EXAMPLE_NAMES)
def test_an_invariant_breaks_on_a_history_that_breaks_it(example: Example) -> None:
    findings = judged(example.broken, example.end_us)

    finding = findings[example.invariant]
    assert finding.status == "broken", finding
    assert any(example.words in sample.message for sample in finding.samples), finding.samples


@pytest.mark.parametrize("example", EXAMPLES, ids=EXAMPLE_NAMES)
def test_an_invariant_holds_on_the_honest_twin(example: Example) -> None:
    finding = judged(example.honest, example.end_us)[example.invariant]

    assert (finding.status, finding.samples) == ("held", ())


OVERDUE: list[tuple[str, int, History]] = [
    ("one-ending", EXPIRES_US, [STOCK_HELD]),
    ("customer-limit", NOW_US, CLAIMING),
    ("money-follows-goods", NOW_US, CAPTURING),
    ("money-follows-goods", PICKUP_BY_US, without(TAKEN_BACK, (GOODS_BACK, PICKUP_BY_US))),
    ("capture-once", NOW_US, [FOREIGN_BOOKED]),
    ("capture-once", NOW_US, without(SOLD, CAPTURE_BOOKED)),
    ("told-once", NOW_US, without(SOLD, RECEIPT_SENT)),
    ("everything-settles", NOW_US, PLACING),
    ("everything-settles", EXPIRES_US, [*PLACING, PAYMENT_DECLINED, ATTEMPT_FAILED]),
    ("everything-settles", PICKUP_BY_US, SELLING),
    ("everything-settles", AGAIN_AT_US, [RECEIPT_REQUESTED, RECEIPT_FAILED]),
]


@pytest.mark.parametrize(("invariant", "due_us", "history"), OVERDUE, ids=range(len(OVERDUE)))
def test_what_is_under_way_may_take_its_time_and_no_longer(invariant: str, due_us: int, history: History) -> None:
    assert judged(history, due_us + BOUND_US)[invariant].status == "held"
    assert judged(history, due_us + BOUND_US + 1)[invariant].status == "broken"


@pytest.mark.parametrize("history", [SOLD, TAKEN_BACK], ids=["sold", "taken back"])
def test_an_order_told_well_breaks_nothing(history: History) -> None:
    assert {name: finding.samples for name, finding in judged(history).items() if finding.status != "held"} == {}


def test_every_invariant_has_an_example() -> None:
    assert {each.name for each in invariants(TERMS)} == {example.invariant for example in EXAMPLES}


@pytest.mark.parametrize("invariant", invariants(TERMS), ids=lambda invariant: invariant.name)
def test_an_invariant_says_what_it_watches(invariant: Invariant) -> None:
    assert invariant.statement.endswith(".")
    assert invariant.observed_types()


def test_a_violation_names_its_cause() -> None:
    (sample,) = judged([*SOLD, RECEIPT_SENT])["told-once"].samples

    assert sample.event_id == message(RECEIPT_SENT).id
    assert (sample.subject, sample.time_us) == (f"message/{ORDER_ID}/receipt", NOW_US)
