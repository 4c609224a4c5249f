"""What rides cost: a table of worked examples, and what must hold of every fare."""

from __future__ import annotations

import pytest
from bike_examples import MINUTE_US, NOW_US, PLANS
from hypothesis import given
from hypothesis import strategies as st

from reference_services.bikeshare.pricing import PlanName, fare_cents
from reference_services.kernel.edge import instant_us

SECOND_US = MINUTE_US // 60

FARES: list[tuple[PlanName, int, int, int]] = [
    # plan, ridden in seconds, free minutes of full stations, fare in cents
    ("single", 0, 0, 0),
    ("single", 1, 0, 0),
    ("single", 12 * 60, 0, 0),
    ("single", 29 * 60 + 59, 0, 0),
    ("single", 30 * 60, 0, 0),
    ("single", 30 * 60 + 1, 0, 400),
    ("single", 44 * 60 + 59, 0, 400),
    ("single", 45 * 60, 0, 400),
    ("single", 45 * 60 + 1, 0, 800),
    ("single", 60 * 60, 0, 800),
    ("single", 60 * 60 + 1, 0, 1_200),
    ("single", 90 * 60, 0, 1_600),
    ("single", 30 * 60 + 1, 15, 0),
    ("single", 45 * 60, 15, 0),
    ("single", 45 * 60 + 1, 15, 400),
    ("single", 60 * 60, 30, 0),
    ("single", 75 * 60, 15, 800),
    ("single", 24 * 3600 - 1, 0, 94 * 400),
    ("day", 0, 0, 0),
    ("day", 30 * 60 + 1, 0, 0),
    ("day", 44 * 60 + 59, 0, 0),
    ("day", 45 * 60, 0, 0),
    ("day", 45 * 60 + 1, 0, 400),
    ("day", 60 * 60, 0, 400),
    ("day", 60 * 60 + 1, 0, 800),
    ("day", 75 * 60, 0, 800),
    ("day", 2 * 3600, 0, 2_000),
    ("day", 2 * 3600 + 1, 0, 2_400),
    ("day", 60 * 60, 15, 0),
    ("day", 60 * 60 + 1, 15, 400),
    ("day", 90 * 60, 45, 0),
    ("day", 91 * 60, 30, 800),
    ("day", 24 * 3600 - 1, 0, 93 * 400),
    ("monthly", 0, 0, 0),
    ("monthly", 10 * 60, 0, 0),
    ("monthly", 45 * 60, 0, 0),
    ("monthly", 45 * 60 + 1, 0, 250),
    ("monthly", 60 * 60, 0, 250),
    ("monthly", 60 * 60 + 1, 0, 500),
    ("monthly", 3 * 3600, 0, 2_250),
    ("monthly", 60 * 60, 15, 0),
    ("monthly", 61 * 60, 15, 250),
    ("monthly", 5 * 60, 15, 0),
    ("monthly", 24 * 3600 - 1, 0, 93 * 250),
]


@pytest.mark.parametrize(("plan", "ridden_s", "bonus_min", "cents"), FARES)
def test_a_fare_is_each_started_quarter_of_an_hour_beyond_what_is_free(
    plan: PlanName, ridden_s: int, bonus_min: int, cents: int
) -> None:
    ended_at_us = NOW_US + ridden_s * SECOND_US
    assert fare_cents(PLANS[plan], NOW_US, ended_at_us, bonus_min * MINUTE_US) == cents


def test_there_are_enough_examples() -> None:
    assert len(FARES) >= 40


NIGHTS: list[tuple[PlanName, str, str, int]] = [
    # plan, start and end on the docks' clocks in Washington, fare in cents
    ("single", "2026-03-08T01:50:00-05:00", "2026-03-08T03:20:00-04:00", 0),  # 30 minutes, not an hour and a half
    ("single", "2026-03-08T01:50:00-05:00", "2026-03-08T03:20:01-04:00", 400),
    ("day", "2026-03-08T01:30:00-05:00", "2026-03-08T03:15:00-04:00", 0),  # 45 minutes
    ("monthly", "2026-03-08T01:00:00-05:00", "2026-03-08T04:00:00-04:00", 5 * 250),  # 2 hours, not 3
    ("day", "2026-03-08T00:00:00-05:00", "2026-03-08T23:59:59-04:00", 89 * 400),  # a day of 23 hours
    ("single", "2026-11-01T01:50:00-04:00", "2026-11-01T01:20:00-05:00", 0),  # 30 minutes, though the clock went back
    ("single", "2026-11-01T01:50:00-04:00", "2026-11-01T01:20:01-05:00", 400),
    ("day", "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00", 400),  # an hour, not none
    ("monthly", "2026-11-01T00:30:00-04:00", "2026-11-01T02:00:00-05:00", 7 * 250),  # 2 hours and a half
    ("day", "2026-11-01T00:00:00-04:00", "2026-11-01T22:59:59-05:00", 93 * 400),  # 24 hours are over at 23:00
]


@pytest.mark.parametrize(("plan", "started", "ended", "cents"), NIGHTS)
def test_a_ride_is_as_long_as_it_is_whatever_the_clocks_show(
    plan: PlanName, started: str, ended: str, cents: int
) -> None:
    assert fare_cents(PLANS[plan], instant_us(started), instant_us(ended)) == cents


def test_a_ride_that_ends_before_it_starts_has_no_fare() -> None:
    with pytest.raises(ValueError, match="1 us before it starts"):
        fare_cents(PLANS["day"], NOW_US, NOW_US - 1)


rides = st.integers(0, 24 * 3600 * SECOND_US)


@given(plan=st.sampled_from(sorted(PLANS)), shorter_us=rides, longer_us=rides, bonus_us=rides)
def test_longer_never_costs_less_and_a_bonus_never_costs(
    plan: PlanName, shorter_us: int, longer_us: int, bonus_us: int
) -> None:
    shorter_us, longer_us = sorted((shorter_us, longer_us))
    shorter, longer = (fare_cents(PLANS[plan], NOW_US, NOW_US + ridden_us) for ridden_us in (shorter_us, longer_us))
    assert shorter <= longer
    assert fare_cents(PLANS[plan], NOW_US, NOW_US + longer_us, bonus_us) <= longer
