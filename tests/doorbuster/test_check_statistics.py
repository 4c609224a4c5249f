"""What a search says about rates: the values of the literature, and what the definitions demand."""

from __future__ import annotations

import math

import pytest

from doorbuster.checking.rates import (
    bound_after_none,
    clean_seeds_needed,
    interval_until_first,
    violation_rate,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("violations", "seeds", "low", "high"),
    [  # Newcombe, "Two-Sided Confidence Intervals for the Single Proportion" (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_are_those_of_the_literature(violations: int, seeds: int, low: float, high: float) -> None:
    assert wilson_interval(violations, seeds) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("seeds", [1, 2, 16, 1000])
def test_until_first_has_2_5_percent_beyond_each_end(seeds: int) -> None:
    low, high = interval_until_first(seeds)

    assert 1 - (1 - low) ** seeds == pytest.approx(0.025)  # as few seeds as this, or fewer
    if seeds > 1:
        assert (1 - high) ** (seeds - 1) == pytest.approx(0.025)  # as many, or more
    else:
        assert high == 1.0


def test_none_in_a_thousand_is_about_three_in_a_thousand() -> None:
    assert bound_after_none(1000) == pytest.approx(1 - 0.05 ** (1 / 1000))
    assert bound_after_none(1000) == pytest.approx(3 / 1000, rel=0.01)
    assert (1 - bound_after_none(7)) ** 7 == pytest.approx(0.05)


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01, 1e-4])
def test_clean_seeds_are_the_fewest_that_are_enough(rate: float) -> None:
    needed = clean_seeds_needed(rate)

    assert (1 - rate) ** needed <= 0.05 < (1 - rate) ** (needed - 1)


def test_clean_seeds_of_certain_and_of_impossible_violations() -> None:
    assert clean_seeds_needed(1.0) == 1
    for rate in (0.0, -0.1, 1.1):
        with pytest.raises(ValueError, match="never shows"):
            clean_seeds_needed(rate)


def test_how_a_search_ended_decides_what_was_measured() -> None:
    stopped = violation_rate(1, 40, stopped_at_first=True)
    went_on = violation_rate(1, 40, stopped_at_first=False)

    assert stopped.estimate == went_on.estimate == 1 / 40
    assert (stopped.low, stopped.high) == interval_until_first(40)
    assert (went_on.low, went_on.high) == wilson_interval(1, 40)


@pytest.mark.parametrize("stopped_at_first", [True, False])
def test_no_violation_is_bounded_from_above_only(stopped_at_first: bool) -> None:
    rate = violation_rate(0, 59, stopped_at_first=stopped_at_first)

    assert (rate.estimate, rate.low) == (0, 0)
    assert math.isclose(rate.high, bound_after_none(59))


@pytest.mark.parametrize(("violations", "seeds"), [(0, 0), (2, 1), (-1, 5)])
def test_nonsense_is_refused(violations: int, seeds: int) -> None:
    with pytest.raises(ValueError, match="say nothing"):
        violation_rate(violations, seeds, stopped_at_first=False)
