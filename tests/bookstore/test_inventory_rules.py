"""Stock by example: who gets the last unit, how long a hold lasts, and what a late payment still gets."""

from __future__ import annotations

import pytest
from examples import (
    EXPIRES_US,
    HOODIE,
    HOODIE_HOLD,
    NOW_US,
    ORDER_ID,
    STOCK_COMMITTED,
    STOCK_HELD,
    STOCK_RECEIVED,
    TERMS,
)
from given_when_then import Given, given

from reference_services.bookstore.inventory import (
    CommitReservation,
    ExpireReservation,
    ReceiveStock,
    ReleaseStock,
    ReservationCommitted,
    ReservationExpired,
    ReserveStock,
    Stock,
    StockDecider,
    StockReceived,
    StockRejected,
    StockReleased,
    StockReserved,
)
from reference_services.bookstore.terms import MINUTE_US
from reference_services.kernel.message import Event

STOCK = StockDecider(TERMS)
RESERVE = ReserveStock(HOODIE, ORDER_ID, HOODIE_HOLD, 2)
COMMIT = CommitReservation(HOODIE, ORDER_ID, HOODIE_HOLD, 2)
RELEASE = ReleaseStock(HOODIE, ORDER_ID, HOODIE_HOLD)
EXPIRE = ExpireReservation(HOODIE, HOODIE_HOLD)
EXPIRED = ReservationExpired(HOODIE, ORDER_ID, HOODIE_HOLD, 2)
REJECTED = StockRejected(HOODIE, ORDER_ID, HOODIE_HOLD, 2)
AGAIN = f"{HOODIE_HOLD}/again"


def stock(*events: Event) -> Given[Stock]:
    """Three hoodies that came in, and what happened to them then."""
    return given(STOCK, STOCK_RECEIVED, *events, key=HOODIE)


def counts(of: Given[Stock]) -> tuple[int, int, int]:
    """Units available, held and committed."""
    state = of.state
    held, committed = (sum(each.units for each in some.values()) for some in (state.held, state.committed))
    return state.available, held, committed


def other_hold(number: int, units: int = 1, expires_us: int = EXPIRES_US) -> StockReserved:
    return StockReserved(HOODIE, f"other-{number}", f"other-{number}/{HOODIE}", units, expires_us)


def test_stock_that_comes_in_can_be_sold() -> None:
    given(STOCK, key=HOODIE).when(ReceiveStock(HOODIE, "receipt-1", 3)).then(StockReceived(HOODIE, "receipt-1", 3))

    assert counts(stock()) == (3, 0, 0)


@pytest.mark.parametrize(("taken", "event"), [(0, STOCK_HELD), (1, STOCK_HELD), (2, REJECTED), (3, REJECTED)])
def test_units_are_held_as_long_as_there_are_enough(taken: int, event: Event) -> None:
    others = [other_hold(number) for number in range(taken)]

    stock(*others).when(RESERVE, NOW_US).then(event)


def test_a_hold_lasts_ten_minutes_from_when_it_was_asked_for() -> None:
    held = stock().when(RESERVE, NOW_US).then(STOCK_HELD)

    assert EXPIRES_US == NOW_US + 10 * MINUTE_US
    assert counts(held) == (1, 2, 0)
    held.waits_for((EXPIRES_US, EXPIRE))


@pytest.mark.parametrize(("at_us", "expires"), [(EXPIRES_US - 1, False), (EXPIRES_US, True), (EXPIRES_US + 1, True)])
def test_a_hold_expires_exactly_at_its_deadline(at_us: int, expires: bool) -> None:
    decided = stock(STOCK_HELD).when(EXPIRE, at_us)

    assert decided.events == ([EXPIRED] if expires else [])
    assert counts(decided.after) == ((3, 0, 0) if expires else (1, 2, 0))


def test_the_hold_that_expires_first_is_waited_for_first_even_if_it_was_asked_for_with_a_slow_clock() -> None:
    early, late = other_hold(1, expires_us=EXPIRES_US - 5), other_hold(2, expires_us=EXPIRES_US + 5)

    stock(late, early, other_hold(3)).waits_for(
        (EXPIRES_US - 5, ExpireReservation(HOODIE, early.reservation_id)),
        (EXPIRES_US, ExpireReservation(HOODIE, "other-3/hoodie")),
        (EXPIRES_US + 5, ExpireReservation(HOODIE, late.reservation_id)),
    )


def test_a_paid_hold_does_not_expire() -> None:
    sold = stock(STOCK_HELD).when(COMMIT, NOW_US).then(STOCK_COMMITTED)

    assert counts(sold) == (1, 0, 2)
    sold.waits_for()
    sold.when(EXPIRE, EXPIRES_US).then_nothing()


def test_payment_first_at_the_very_instant_of_expiry() -> None:
    sold = stock(STOCK_HELD).when(COMMIT, EXPIRES_US).then(STOCK_COMMITTED)

    sold.when(EXPIRE, EXPIRES_US).then_nothing()


def test_expiry_first_at_the_very_instant_of_payment() -> None:
    expired = stock(STOCK_HELD).when(EXPIRE, EXPIRES_US).then(EXPIRED)

    sold = expired.when(COMMIT, EXPIRES_US).then(
        StockReserved(HOODIE, ORDER_ID, AGAIN, 2, EXPIRES_US + TERMS.reservation_ttl_us),
        ReservationCommitted(HOODIE, ORDER_ID, AGAIN, 2),
    )

    assert counts(sold) == (1, 0, 2)
    sold.waits_for()
    sold.when(COMMIT, EXPIRES_US).then_nothing()


def test_a_payment_after_expiry_gets_nothing_if_the_units_have_gone() -> None:
    stock(STOCK_HELD, EXPIRED, other_hold(1, units=2)).when(COMMIT, EXPIRES_US).then(REJECTED)


def test_a_payment_told_twice_is_not_rejected_though_it_took_the_last_units() -> None:
    again = StockReserved(HOODIE, ORDER_ID, AGAIN, 2, EXPIRES_US)
    sold = stock(STOCK_HELD, EXPIRED, again, ReservationCommitted(HOODIE, ORDER_ID, AGAIN, 2), other_hold(1))

    sold.when(COMMIT, NOW_US).then_nothing()


@pytest.mark.parametrize(
    ("story", "events", "left"),
    [
        ((STOCK_HELD,), (StockReleased(HOODIE, ORDER_ID, HOODIE_HOLD, 2, "held"),), (3, 0, 0)),
        ((STOCK_HELD, STOCK_COMMITTED), (StockReleased(HOODIE, ORDER_ID, HOODIE_HOLD, 2, "committed"),), (3, 0, 0)),
        ((STOCK_HELD, EXPIRED), (), (3, 0, 0)),
        ((), (), (3, 0, 0)),
    ],
    ids=["held", "committed", "expired", "never held"],
)
def test_units_of_an_order_that_has_ended_come_back_once(
    story: tuple[Event, ...], events: tuple[Event, ...], left: tuple[int, int, int]
) -> None:
    released = stock(*story).when(RELEASE).then(*events)

    assert counts(released) == left
    released.when(RELEASE).then_nothing()


@pytest.mark.parametrize("story", [(STOCK_HELD,), (STOCK_HELD, STOCK_COMMITTED)], ids=["held", "committed"])
def test_a_reservation_asked_for_twice_takes_its_units_once(story: tuple[Event, ...]) -> None:
    stock(*story).when(RESERVE, NOW_US).then_nothing()
