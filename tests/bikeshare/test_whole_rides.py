"""Rides through the whole bike share: pass, unlock, ride, return, fare; and whatever can come between."""

from __future__ import annotations

from typing import Any

import pytest
from bike_city import ANN, BOB, HALL, OPERATOR, PARK, City
from bike_examples import HOUR_US, LIMIT_US, MINUTE_US, TERMS

from reference_services.kernel.edge import rfc3339
from reference_services.kernel.operation import ANYONE, Principal
from reference_services.kernel.problem import Problem

PUBLIC = Principal("anyone", ANYONE)
SECOND_US = 1_000_000


@pytest.fixture
def city() -> City:
    return City()


def with_pass(city: City, who: Principal = ANN, plan: str = "day") -> None:
    city.ask("buy_pass", who, body={"plan": plan, "card_token": "card"})


def unlock(city: City, who: Principal = ANN, bike: str = "b-1") -> str:
    trip_id: str = city.ask("unlock_bike", who, body={"bike_id": bike})["trip_id"]
    return trip_id


def ride_off(city: City, who: Principal = ANN, bike: str = "b-1") -> str:
    trip_id = unlock(city, who, bike)
    city.ask("confirm_release", PARK, {"station_id": "park"}, {"bike_id": bike, "trip_id": trip_id})
    return trip_id


def give_back(city: City, dock: Principal = HALL, bike: str = "b-1", **told: Any) -> dict[str, Any]:
    body: dict[str, Any] = city.ask("return_bike", dock, {"station_id": dock.subject}, {"bike_id": bike, **told})
    return body


def report(city: City, trip_id: str, *, docked: bool, bike: str = "b-1") -> None:
    city.ask("report_bike", Principal(bike, "bike"), {"bike_id": bike}, {"trip_id": trip_id, "docked": docked})


def trip_of(city: City, trip_id: str, who: Principal = ANN) -> dict[str, Any]:
    trip: dict[str, Any] = city.ask("view_trip", who, {"trip_id": trip_id})
    return trip


def problem_of(call: Any) -> tuple[str, int]:
    with pytest.raises(Problem) as raised:
        call()
    return raised.value.kind.slug, raised.value.kind.status


def test_a_ride_from_pass_to_fare(city: City) -> None:
    with_pass(city)
    trip_id = ride_off(city)
    assert trip_of(city, trip_id)["status"] == "riding"
    city.wait(HOUR_US)
    assert give_back(city)["outcome"] == "docked"
    trip = trip_of(city, trip_id)
    assert (trip["status"], trip["fare"], trip["to_station"]) == ("closed", "4.00", "hall")
    charges = city.ask("list_charges", ANN)["charges"]
    assert [(each["purpose"], each["amount"], each["status"]) for each in charges] == [
        ("fare", "4.00", "paid"),
        ("pass", "10.00", "paid"),
    ]


def test_a_declined_card_buys_no_pass_and_no_ride() -> None:
    city = City(declines=frozenset({"card"}))
    assert problem_of(lambda: with_pass(city)) == ("payment-declined", 402)
    assert problem_of(lambda: unlock(city)) == ("no-valid-pass", 402)


def test_a_double_unlock_is_refused_and_nothing_is_lost(city: City) -> None:
    with_pass(city)
    trip_id = ride_off(city)
    assert problem_of(lambda: unlock(city, bike="b-2")) == ("trip-under-way", 409)
    give_back(city)
    assert trip_of(city, trip_id)["status"] == "closed"
    assert city.ask("view_station", PUBLIC, {"station_id": "park"})["bikes"] == ["b-2", "b-3"]


def test_a_bike_has_one_rider_and_the_other_one_may_ask_again(city: City) -> None:
    with_pass(city)
    with_pass(city, BOB)
    ride_off(city)
    assert problem_of(lambda: unlock(city, BOB)) == ("bike-taken", 409)
    ride_off(city, BOB, "b-2")


def test_an_unknown_dock_or_bike_is_not_found(city: City) -> None:
    nowhere = Principal("nowhere", "dock")
    assert problem_of(lambda: give_back(city, nowhere)) == ("not-found", 404)
    assert problem_of(lambda: give_back(city, HALL, "b-99")) == ("not-found", 404)
    assert problem_of(lambda: unlock(city, bike="b-99")) == ("not-found", 404)


def test_a_dock_speaks_for_its_own_station_only(city: City) -> None:
    call = lambda: city.ask("return_bike", PARK, {"station_id": "hall"}, {"bike_id": "b-1"})  # noqa: E731
    assert problem_of(call) == ("forbidden", 403)
    told = {"trip_id": "t-9", "docked": True}
    thief = lambda: city.ask("report_bike", Principal("b-2", "bike"), {"bike_id": "b-1"}, told)  # noqa: E731
    assert problem_of(thief) == ("forbidden", 403)


def test_a_clock_in_the_future_is_a_clear_problem_and_the_return_can_be_told_again(city: City) -> None:
    with_pass(city)
    trip_id = ride_off(city)
    city.wait(HOUR_US)
    ahead = rfc3339(city.now_us + TERMS.device_clock_ahead_max_us + SECOND_US)
    assert problem_of(lambda: give_back(city, docked_at=ahead)) == ("unprocessable", 422)
    assert problem_of(lambda: give_back(city, docked_at="2027-13-01T00:00:00+00:00")) == ("unprocessable", 422)
    assert trip_of(city, trip_id)["status"] == "riding"
    give_back(city, docked_at=rfc3339(city.now_us + SECOND_US))
    assert trip_of(city, trip_id)["ended_at"] == rfc3339(city.now_us)


def test_a_full_station_refuses_and_gives_a_quarter_of_an_hour(city: City) -> None:
    with_pass(city)
    with_pass(city, BOB)
    ride_off(city, BOB, "b-2")
    give_back(city, HALL, "b-2")
    trip_id = ride_off(city)
    city.wait(HOUR_US)
    assert problem_of(lambda: give_back(city)) == ("station-full", 409)
    assert give_back(city, PARK)["outcome"] == "docked"
    assert trip_of(city, trip_id)["fare"] == "0.00"


def test_an_offline_dock_tells_late_and_the_ride_ends_when_it_closed(city: City) -> None:
    with_pass(city)
    trip_id = ride_off(city)
    docked_at = rfc3339(city.now_us + 10 * MINUTE_US)
    city.wait(3 * HOUR_US)
    assert give_back(city, docked_at=docked_at, buffered=True)["outcome"] == "docked"
    assert give_back(city, docked_at=docked_at, buffered=True)["outcome"] == "known"
    assert trip_of(city, trip_id)["ended_at"] == docked_at
    assert len(city.happened("FareComputed")) == 1


def test_a_return_that_is_known_before_the_start_makes_a_whole_trip(city: City) -> None:
    with_pass(city)
    trip_id = unlock(city)
    city.wait(10 * MINUTE_US)
    give_back(city)
    assert trip_of(city, trip_id)["status"] == "closed"
    city.wait(HOUR_US)
    assert len(city.happened("TripStarted")) == len(city.happened("TripEnded")) == 1


def test_a_stuck_lock_gives_guard_and_ride_back(city: City) -> None:
    with_pass(city, plan="single")
    trip_id = unlock(city)
    city.wait(TERMS.lock_answers_within_us)
    report(city, trip_id, docked=True)
    assert trip_of(city, trip_id)["reason"] == "lock-stuck"
    ride_off(city, bike="b-2")


def test_a_report_that_comes_late_does_not_start_the_next_riders_trip(city: City) -> None:
    with_pass(city)
    with_pass(city, BOB)
    anns = unlock(city)
    city.wait(MINUTE_US)
    give_back(city, PARK)
    bobs = unlock(city, BOB)
    report(city, anns, docked=False)
    city.wait(TERMS.lock_answers_within_us)
    report(city, bobs, docked=True)
    assert trip_of(city, bobs, BOB)["reason"] == "lock-stuck"


def test_free_minutes_go_to_the_rider_who_was_sent_away(city: City) -> None:
    with_pass(city)
    with_pass(city, BOB)
    ride_off(city)
    city.wait(MINUTE_US)
    anns_return = rfc3339(city.now_us)
    give_back(city, docked_at=anns_return)
    city.ask("pick_up", OPERATOR, {"station_id": "hall"}, {"bike_id": "b-1"})
    city.wait(MINUTE_US)
    city.ask("drop_off", OPERATOR, {"station_id": "park"}, {"bike_id": "b-1"})
    ride_off(city, ANN, "b-2")
    city.wait(MINUTE_US)
    give_back(city, bike="b-2")
    bobs = unlock(city, BOB)
    city.wait(10 * MINUTE_US)
    assert problem_of(lambda: give_back(city, docked_at=anns_return)) == ("station-full", 409)
    assert not city.happened("FreeMinutesGranted")
    assert problem_of(lambda: give_back(city)) == ("station-full", 409)
    assert [each.trip_id for each in city.happened("FreeMinutesGranted")] == [bobs]


def test_a_renewal_that_fails_during_a_trip_blocks_the_next_unlock_only() -> None:
    declines: set[str] = set()
    city = City(declines=declines)
    with_pass(city, plan="monthly")
    city.wait(TERMS.month_us - HOUR_US // 2)
    trip_id = ride_off(city)
    declines.add("card")
    city.wait(HOUR_US)
    assert city.ask("list_passes", ANN)["passes"][0]["status"] == "lapsed"
    assert give_back(city)["outcome"] == "docked"
    assert trip_of(city, trip_id)["status"] == "closed"
    assert problem_of(lambda: unlock(city, bike="b-2")) == ("no-valid-pass", 402)


def test_a_month_that_is_paid_for_goes_on(city: City) -> None:
    with_pass(city, plan="monthly")
    city.wait(TERMS.month_us + 1)
    assert city.ask("list_passes", ANN)["passes"][0]["status"] == "active"
    ride_off(city)


@pytest.mark.parametrize("told_after_us", [LIMIT_US + HOUR_US, LIMIT_US + 2 * TERMS.hold_us])
def test_a_return_in_time_takes_hold_or_fee_back_once_however_late_it_is_told(city: City, told_after_us: int) -> None:
    with_pass(city)
    trip_id = ride_off(city)
    docked_at = rfc3339(city.now_us + LIMIT_US - 1)
    city.wait(told_after_us)
    assert trip_of(city, trip_id)["status"] in ("overdue", "lost")
    for _ in range(2):
        give_back(city, docked_at=docked_at, buffered=True)
    assert len(city.happened("HoldReleased") + city.happened("FeeReversed")) == 1
    assert len(city.happened("RefundStarted")) == len(city.happened("FeeCharged"))
    assert trip_of(city, trip_id)["status"] == "closed"


@pytest.mark.parametrize("brought_to", ["hall", "park"])
def test_a_return_in_time_is_believed_though_a_van_has_found_the_bike_since(city: City, brought_to: str) -> None:
    with_pass(city)
    trip_id = ride_off(city)
    docked_at = rfc3339(city.now_us + HOUR_US)
    city.wait(LIMIT_US + 2 * TERMS.hold_us)
    city.ask("drop_off", OPERATOR, {"station_id": brought_to}, {"bike_id": "b-1"})
    assert trip_of(city, trip_id)["status"] == "lost"
    for _ in range(2):
        give_back(city, docked_at=docked_at, buffered=True)
    assert len(city.happened("FeeReversed")) == len(city.happened("RefundStarted")) == 1
    trip = trip_of(city, trip_id)
    assert (trip["status"], trip["fare"], trip["ended_at"]) == ("closed", "4.00", docked_at)
    assert city.ask("view_station", PUBLIC, {"station_id": brought_to})["bikes"].count("b-1") == 1


def test_a_short_ride_to_a_dock_whose_clock_is_slow_is_over(city: City) -> None:
    with_pass(city)
    ride_off(city)
    city.wait(HOUR_US)
    give_back(city, PARK)
    city.wait(MINUTE_US)
    trip_id = ride_off(city)
    city.wait(2 * MINUTE_US)
    give_back(city, docked_at=rfc3339(city.now_us - 4 * MINUTE_US))
    assert trip_of(city, trip_id)["status"] == "closed"


def test_a_bike_that_is_back_a_moment_too_late_is_paid_for(city: City) -> None:
    with_pass(city)
    trip_id = ride_off(city)
    city.wait(LIMIT_US)
    give_back(city)
    city.wait(TERMS.hold_us)
    assert trip_of(city, trip_id)["status"] == "lost"
    assert city.ask("list_charges", ANN)["charges"][0]["amount"] == "1200.00"
    assert not city.happened("FeeReversed")


def test_nobody_reads_anothers_trips_passes_or_charges(city: City) -> None:
    with_pass(city)
    trip_id = ride_off(city)
    charge_id = city.ask("list_charges", ANN)["charges"][0]["charge_id"]
    assert problem_of(lambda: trip_of(city, trip_id, BOB)) == ("not-found", 404)
    assert problem_of(lambda: city.ask("open_dispute", BOB, {"charge_id": charge_id})) == ("not-found", 404)
    for listing, items in (("list_trips", "trips"), ("list_passes", "passes"), ("list_charges", "charges")):
        assert city.ask(listing, BOB)[items] == []
        assert city.ask(listing, ANN)[items]
    assert trip_of(city, trip_id, OPERATOR)["trip_id"] == trip_id
    assert problem_of(lambda: trip_of(city, trip_id, PARK)) == ("forbidden", 403)


def test_a_dispute_is_opened_by_the_rider_and_settled_by_the_operator(city: City) -> None:
    with_pass(city)
    path = {"charge_id": city.ask("list_charges", ANN)["charges"][0]["charge_id"]}
    assert city.ask("open_dispute", ANN, path)["disputed"]
    assert problem_of(lambda: city.ask("settle_dispute", ANN, path, {"upheld": True})) == ("forbidden", 403)
    settled = city.ask("settle_dispute", OPERATOR, path, {"upheld": True})
    assert (settled["disputed"], city.ask("list_charges", ANN)["charges"][0]["status"]) == (False, "refunded")


def test_a_van_evens_out_and_brings_back_what_was_repaired(city: City) -> None:
    with_pass(city)
    ride_off(city)
    give_back(city, PARK, maintenance=True)
    assert city.ask("list_cares", OPERATOR)["bikes"] == [{"bike_id": "b-1", "station_id": "park", "reason": "flagged"}]
    city.ask("pick_up", OPERATOR, {"station_id": "park"}, {"bike_id": "b-1"})
    not_here = lambda: city.ask("pick_up", OPERATOR, {"station_id": "park"}, {"bike_id": "b-1"})  # noqa: E731
    assert problem_of(not_here) == ("bike-not-here", 409)
    city.wait(HOUR_US)
    assert city.ask("drop_off", OPERATOR, {"station_id": "hall"}, {"bike_id": "b-1"})["outcome"] == "docked"
    assert city.ask("view_station", PUBLIC, {"station_id": "hall"})["bikes"] == ["b-1"]
    assert not city.ask("list_cares", OPERATOR)["bikes"]


def test_stations_open_once_and_share_no_bikes(city: City) -> None:
    body = {"name": "Hall", "latitude": 38.9, "longitude": -77.0, "docks": 3, "bikes": []}
    again = lambda: city.ask("open_station", OPERATOR, {"station_id": "hall"}, body)  # noqa: E731
    assert problem_of(again) == ("station-exists", 409)
    thief = lambda: city.ask("open_station", OPERATOR, {"station_id": "quay"}, body | {"bikes": ["b-1"]})  # noqa: E731
    assert problem_of(thief) == ("unprocessable", 422)


def test_plans_are_public(city: City) -> None:
    plans = city.ask("list_plans", PUBLIC)["plans"]
    assert [(each["plan"], each["price"]) for each in plans] == [
        ("single", "3.50"),
        ("day", "10.00"),
        ("monthly", "25.00"),
    ]
