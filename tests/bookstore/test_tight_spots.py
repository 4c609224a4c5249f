"""Each tight spot is marked by a history that goes through it, and not by one that misses it by a hair."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from examples import (
    EXPIRES_US,
    HOODIE,
    HOODIE_HOLD,
    NOW_US,
    ORDER_ID,
    ORDER_PICKED_UP,
    PAYMENT_CAPTURED,
    PAYMENT_DECLINED,
    PAYMENT_ID,
    PAYMENT_VOIDED,
    PICKUP_BY_US,
    READY_FOR_PICKUP,
    STOCK_COMMITTED,
    STOCK_HELD,
    STOCK_RECEIVED,
    TERMS,
    cancelled,
)
from histories import SOLD, TAKEN_BACK, Told, marked, message

from reference_services.bookstore.inventory import ReservationExpired, StockRejected
from reference_services.bookstore.tight_spots import (
    CONTENTION_US,
    EXPIRY_RACE_SHARE,
    PICKUP_RACE_SHARE,
    TightSpots,
)
from reference_services.kernel.message import Event, Message, Refused
from reference_services.shared.payments import ReportIgnored

History = list[Told | Message[Event]]
change = msgspec.structs.replace

EXPIRY_RACE_US = TERMS.reservation_ttl_us // EXPIRY_RACE_SHARE
PICKUP_RACE_US = TERMS.pickup_window_us // PICKUP_RACE_SHARE
ALL_HELD = change(STOCK_HELD, order_id="o-2", reservation_id="o-2/hoodie", units=3)
ALL_BUT_ONE_HELD = change(ALL_HELD, units=2)
REJECTED = StockRejected(HOODIE, ORDER_ID, HOODIE_HOLD, 2)
EXPIRED = ReservationExpired(HOODIE, ORDER_ID, HOODIE_HOLD, 2)
HELD_AGAIN = change(STOCK_HELD, reservation_id=f"{HOODIE_HOLD}/again", expires_us=EXPIRES_US + 1)
COMMITTED_AGAIN = change(STOCK_COMMITTED, reservation_id=f"{HOODIE_HOLD}/again")
RETRY_CAPTURED = change(PAYMENT_CAPTURED, payment_id="o-1/2")
NOT_PICKED_UP = cancelled("not-picked-up")
TURNED_AWAY = Refused("not-ready-for-pickup")


def refused(refusal: Refused, at_us: int) -> Message[Event]:
    """``refusal`` of a command for Ann's order."""
    return change(message((refusal, at_us)), subject=f"order/{ORDER_ID}")


class Spot(NamedTuple):
    """A history that goes through the tight spot ``name``, and one that comes near."""

    name: str
    through: History
    near: History


HELD: History = [STOCK_RECEIVED, STOCK_HELD]
LAPSED: History = [*HELD, (EXPIRED, EXPIRES_US)]
READY: History = [READY_FOR_PICKUP]

SPOTS = [
    Spot("sold-out", [STOCK_RECEIVED, ALL_HELD], [STOCK_RECEIVED, ALL_BUT_ONE_HELD]),
    Spot(
        "last-unit-contended",
        [STOCK_RECEIVED, ALL_HELD, (REJECTED, NOW_US + CONTENTION_US)],
        [STOCK_RECEIVED, ALL_HELD, (REJECTED, NOW_US + CONTENTION_US + 1)],
    ),
    Spot("last-unit-contended", [STOCK_RECEIVED, ALL_HELD, REJECTED], [STOCK_RECEIVED, ALL_BUT_ONE_HELD, REJECTED]),
    Spot(
        "capture-after-expiry-rereserved",
        [*LAPSED, PAYMENT_CAPTURED, HELD_AGAIN, COMMITTED_AGAIN],
        [*HELD, PAYMENT_CAPTURED, STOCK_COMMITTED],
    ),
    Spot("capture-after-expiry-refunded", [*LAPSED, PAYMENT_CAPTURED, REJECTED], [*LAPSED, REJECTED]),
    Spot(
        "duplicate-capture-dropped",
        [*SOLD, ReportIgnored(PAYMENT_ID, "capture-1", "duplicate")],
        [*SOLD, ReportIgnored(PAYMENT_ID, "capture-1", "contradiction")],
    ),
    Spot("last-unit-contended", [STOCK_RECEIVED, ALL_HELD, REJECTED], [REJECTED]),
    Spot("retry-after-decline-succeeded", [PAYMENT_DECLINED, RETRY_CAPTURED], [PAYMENT_DECLINED, PAYMENT_CAPTURED]),
    Spot("retry-after-decline-succeeded", [PAYMENT_DECLINED, RETRY_CAPTURED], [PAYMENT_VOIDED, RETRY_CAPTURED]),
    Spot(
        "expiry-race-won-by-expiry",
        [*LAPSED, (PAYMENT_CAPTURED, EXPIRES_US + EXPIRY_RACE_US)],
        [*LAPSED, (PAYMENT_CAPTURED, EXPIRES_US + EXPIRY_RACE_US + 1)],
    ),
    Spot(
        "expiry-race-won-by-expiry",
        [*HELD, (PAYMENT_CAPTURED, EXPIRES_US - 1), (EXPIRED, EXPIRES_US)],
        [*HELD, (EXPIRED, EXPIRES_US)],
    ),
    Spot(
        "expiry-race-won-by-capture",
        [*HELD, PAYMENT_CAPTURED, (STOCK_COMMITTED, EXPIRES_US - EXPIRY_RACE_US)],
        [*HELD, PAYMENT_CAPTURED, (STOCK_COMMITTED, EXPIRES_US - EXPIRY_RACE_US - 1)],
    ),
    Spot(
        "pickup-race-won-by-pickup",
        [*READY, (ORDER_PICKED_UP, PICKUP_BY_US - PICKUP_RACE_US)],
        [*READY, (ORDER_PICKED_UP, PICKUP_BY_US - PICKUP_RACE_US - 1)],
    ),
    Spot(
        "pickup-race-won-by-cancel",
        [*READY, (NOT_PICKED_UP, PICKUP_BY_US), refused(TURNED_AWAY, PICKUP_BY_US + PICKUP_RACE_US)],
        [*READY, (NOT_PICKED_UP, PICKUP_BY_US), refused(TURNED_AWAY, PICKUP_BY_US + PICKUP_RACE_US + 1)],
    ),
    Spot(
        "pickup-race-won-by-cancel",
        [*READY, (NOT_PICKED_UP, PICKUP_BY_US), refused(TURNED_AWAY, PICKUP_BY_US)],
        [*READY, cancelled("cancelled-by-customer"), refused(TURNED_AWAY, PICKUP_BY_US)],
    ),
]

SPOT_NAMES = [f"{number}-{spot.name}" for number, spot in enumerate(SPOTS)]


@pytest.mark.parametrize("spot", SPOTS, ids=SPOT_NAMES)
def test_a_tight_spot_is_marked(spot: Spot) -> None:
    assert spot.name in marked(spot.through)


@pytest.mark.parametrize("spot", SPOTS, ids=SPOT_NAMES)
def test_a_near_miss_is_not_marked(spot: Spot) -> None:
    assert spot.name not in marked(spot.near)


def test_every_tight_spot_has_an_example() -> None:
    assert {spot.name for spot in SPOTS} == set(TightSpots.names)


@pytest.mark.parametrize("history", [SOLD, TAKEN_BACK], ids=["sold", "taken back"])
def test_an_order_on_a_quiet_day_goes_through_none(history: History) -> None:
    assert marked(history) == set()


def test_a_line_that_was_never_lost_is_not_one_that_was_had_again() -> None:
    """One line of two expired and is gone; the other was held all the time."""
    mug_held = change(STOCK_HELD, sku="mug", reservation_id="o-1/mug", expires_us=EXPIRES_US + 1)
    mug_committed = change(STOCK_COMMITTED, sku="mug", reservation_id="o-1/mug")

    reached = marked(
        [STOCK_RECEIVED, STOCK_HELD, mug_held, (EXPIRED, EXPIRES_US), PAYMENT_CAPTURED, mug_committed, REJECTED]
    )

    assert "capture-after-expiry-rereserved" not in reached
    assert "capture-after-expiry-refunded" in reached
