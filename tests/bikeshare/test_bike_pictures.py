"""What reports draw of the bike share, on a day small enough to work the numbers out by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bike_city import ANN, BOB, HALL, OPENS_US, OPERATOR, PARK, City
from bike_examples import HOUR_US, LIMIT_US

from reference_services.kernel.operation import Principal
from reports.gauges import CountedGauge
from reports.report import charts_of
from reports.run import Run

MINUTE_S = 60.0


@pytest.fixture
def city() -> City:
    """Station park with three bikes in five docks, station hall with one dock, empty."""
    return City()


def ride_off(city: City, who: Principal, bike: str, plan: str) -> str:
    city.ask("buy_pass", who, body={"plan": plan, "card_token": "card"})
    trip_id: str = city.ask("unlock_bike", who, body={"bike_id": bike})["trip_id"]
    city.ask("confirm_release", PARK, {"station_id": "park"}, {"bike_id": bike, "trip_id": trip_id})
    return trip_id


def give_back(city: City, bike: str, dock: Principal) -> None:
    city.ask("return_bike", dock, {"station_id": dock.subject}, {"bike_id": bike})


def finals(run: Run, title: str) -> dict[str, float]:
    return {name: moves.final for name, moves in gauge_of(run, title).moves.items()}


def gauge_of(run: Run, title: str) -> CountedGauge:
    return next(each for each in run.gauges if each.gauge.title == title)


def panel_titles(run: Run, slug: str) -> list[str]:
    return [panel.title for chart in charts_of([run]) if chart.slug == slug for panel in chart.panels]


def test_stations_are_empty_and_full_while_they_are(city: City, told_run: Callable[..., Run]) -> None:
    """Hall is empty until a bike fills its only dock."""
    ride_off(city, ANN, "b-1", "day")
    city.wait(HOUR_US)
    give_back(city, "b-1", HALL)

    run = told_run("bikeshare", OPENS_US, city.history)

    stations = gauge_of(run, "Stations empty and full")
    assert {name: (moves.peak, moves.final) for name, moves in stations.moves.items()} == {
        "empty": (1, 0),
        "full": (1, 1),
    }
    assert panel_titles(run, "gauge-stations-empty-and-full") == ["At most 1 empty and 1 full"]


def test_trips_and_revenue_are_told_by_plan(city: City, told_run: Callable[..., Run]) -> None:
    """Ann's day pass and its hour of riding cost 10.00 and 4.00; Bob's single ride of an hour costs 3.50 and 8.00."""
    ride_off(city, ANN, "b-1", "day")
    ride_off(city, BOB, "b-2", "single")
    city.wait(HOUR_US)
    give_back(city, "b-1", HALL)
    give_back(city, "b-2", PARK)

    run = told_run("bikeshare", OPENS_US, city.history)

    assert finals(run, "Trips by plan") == {"single": 1, "day": 1, "monthly": 0, "rides": 2}
    assert finals(run, "Revenue by plan") == {"single": 1_150, "day": 1_400, "monthly": 0, "lost bikes": 0}
    assert panel_titles(run, "gauge-revenue-by-plan") == ["At the end 12 single, 14 day, 0 monthly and 0 lost bikes"]


@pytest.mark.parametrize(("purpose", "left_cents"), [("pass", 400), ("fare", 1_000)])
def test_money_that_goes_back_is_no_revenue(
    city: City, told_run: Callable[..., Run], purpose: str, left_cents: int
) -> None:
    ride_off(city, ANN, "b-1", "day")
    city.wait(HOUR_US)
    give_back(city, "b-1", HALL)
    charge = next(each for each in city.ask("list_charges", ANN)["charges"] if each["purpose"] == purpose)
    path = {"charge_id": charge["charge_id"]}
    city.ask("open_dispute", ANN, path)
    city.ask("settle_dispute", OPERATOR, path, {"upheld": True})

    assert finals(told_run("bikeshare", OPENS_US, city.history), "Revenue by plan")["day"] == left_cents


def test_a_bike_is_missing_from_the_limit_until_it_is_found(city: City, told_run: Callable[..., Run]) -> None:
    ride_off(city, ANN, "b-1", "day")
    ride_off(city, BOB, "b-2", "day")
    city.wait(2 * LIMIT_US)
    give_back(city, "b-1", HALL)

    run = told_run("bikeshare", OPENS_US, city.history)

    bikes = gauge_of(run, "Bikes on the road")
    assert (bikes.moves["missing"].peak, bikes.moves["missing"].final) == (2, 1)
    assert bikes.moves["riding"].final == 0
    assert finals(run, "Revenue by plan")["lost bikes"] == 2 * 120_000
    assert run.headline == "Every bike accounted for: 2 trips, 1 bikes missing at the end"
