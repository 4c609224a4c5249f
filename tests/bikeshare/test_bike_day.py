"""The scenario: demand as in the data, every tight spot reached, nothing broken; in the whole day and in small ones."""

from __future__ import annotations

import csv
from collections import Counter
from typing import Any

import pytest

from reference_services.kernel.message import Message
from scenarios.journeys.bikeshare import Population, visits
from scenarios.loading import load_scenario
from simulations.search.searching import search_seed
from simulations.simulation import SimulationResult, simulate

HOUR_US = 3_600_000_000
DAY = load_scenario("bike_day")
SMALL = DAY.for_check()
SEARCHED_FOR = 40


class StartsByHour:
    """Keeps nothing of a run but how many trips began in each hour of the day."""

    def __init__(self) -> None:
        self.trips: Counter[int] = Counter()

    def event(self, message: Message[Any]) -> None:
        if message.type == "bikeshare.trips.TripStarted":
            self.trips[(message.data.started_at_us - DAY.opens_at_us) // HOUR_US] += 1

    def request(self, *row: Any) -> None:
        """Not kept."""

    def sample(self, *row: Any) -> None:
        """Not kept."""


@pytest.fixture(scope="module")
def day() -> tuple[SimulationResult, StartsByHour]:
    starts = StartsByHour()
    return simulate(DAY, 7, sink=starts), starts


def wanted() -> list[float]:
    """Rides wanted in each hour of the day."""
    path = DAY.folder / "data" / "bike_demand_rainy_workday.csv"
    with path.open(newline="") as file:
        return [int(row["riders"]) * DAY.arrivals.scale for row in csv.DictReader(file)][:24]


def test_the_day_breaks_nothing_and_reaches_what_it_should(day: tuple[SimulationResult, StartsByHour]) -> None:
    result, _ = day
    assert [finding.name for finding in result.findings if finding.status != "held"] == []
    assert [spot for spot in DAY.reach if not result.reached[spot]] == []


def test_trips_follow_the_data(day: tuple[SimulationResult, StartsByHour]) -> None:
    _, starts = day
    expected = wanted()
    assert sum(expected) == pytest.approx(6_000, abs=5)
    assert sum(starts.trips.values()) == pytest.approx(sum(expected), rel=0.03)
    busy = {hour: rides for hour, rides in enumerate(expected) if rides > 100}
    assert {hour: starts.trips[hour] for hour in busy} == pytest.approx(busy, rel=0.08)


def test_demand_is_the_data_hour_by_hour() -> None:
    for seed in range(3):
        arrivals = Counter(visit.arrives_us // HOUR_US for visit in visits(DAY, seed) if visit.journey == "rider")
        watches = DAY.convert(("population",), Population).two_docks_share
        for hour, rides in enumerate(wanted()):
            assert arrivals[hour] == pytest.approx(rides * (1 + watches), abs=4 + 0.03 * rides)


def test_small_days_under_trouble_break_nothing_and_reach_everything_together() -> None:
    outcomes = [search_seed(SMALL, seed) for seed in range(1, SEARCHED_FOR + 1)]
    assert {outcome.seed: outcome.violated for outcome in outcomes if outcome.violated or outcome.crashed} == {}
    reached = sum((Counter(outcome.reached) for outcome in outcomes), Counter())
    assert set(DAY.reach) <= set(reached)


def test_the_same_seed_gives_the_same_day_and_another_one_another() -> None:
    first, again, other = (simulate(SMALL, seed).history_sha256 for seed in (3, 3, 4))
    assert first == again != other
