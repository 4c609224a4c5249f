from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.model import Objective
from scenarios.objectives import ObjectiveResult, evaluate, nearest_ranks

OPENING_US = 1_700_000_000_000_000
SECOND_US = 1_000_000


def calls(*rows: tuple[float, float, str], operation: str = "place_order") -> pandas.DataFrame:
    """Rows of (intended start in s after the opening, response time in ms, outcome); sent 100 ms late each."""
    return pandas.DataFrame(
        {
            "operation": [operation] * len(rows),
            "intended_us": [OPENING_US + round(begin_s * SECOND_US) for begin_s, _, _ in rows],
            "started_us": [OPENING_US + round(begin_s * SECOND_US) + 100_000 for begin_s, _, _ in rows],
            "ended_us": [OPENING_US + round(begin_s * SECOND_US + time_ms * 1e3) for begin_s, time_ms, _ in rows],
            "outcome": [outcome for _, _, outcome in rows],
        }
    )


def judge(requests: pandas.DataFrame, sold_out_after_us: int | None = None, **objective: Any) -> ObjectiveResult:
    wanted = Objective.model_validate(objective)
    return evaluate([wanted], requests, opens_at_us=OPENING_US, sold_out_after_us=sold_out_after_us)[0]


HUNDRED = calls(*((0.01 * number, float(number), "ok") for number in range(1, 101)))


@pytest.mark.parametrize(("percentile", "value_ms"), [(50, 50), (95, 95), (99, 99), (99.9, 100), (0.5, 1)])
def test_percentiles_are_values_that_were_observed(percentile: float, value_ms: float) -> None:
    result = judge(HUNDRED, percentile=percentile, max_ms=1_000)
    assert (result.value, result.unit, result.status) == (value_ms, "ms", "met")


@pytest.mark.parametrize(("max_ms", "status"), [(99, "met"), (98.9, "missed")])
def test_a_limit_is_met_up_to_the_limit(max_ms: float, status: str) -> None:
    result = judge(HUNDRED, percentile=99, max_ms=max_ms)
    assert (result.status, result.met) == (status, status == "met")


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60), st.integers(1, 999))
def test_a_percentile_is_the_smallest_value_that_enough_are_within(values: list[int], tenths: int) -> None:
    result = judge(calls(*((0, value, "ok") for value in values)), percentile=tenths / 10, max_ms=1)

    def within(limit: int) -> bool:
        return 1_000 * sum(value <= limit for value in values) >= tenths * len(values)

    assert result.value == min(value for value in values if within(value))


def test_ranks_are_exact_where_floats_are_not() -> None:
    assert nearest_ranks(99.9, numpy.array([1_000, 10_000, 1])).tolist() == [999, 9_990, 1]
    assert nearest_ranks(33.333333333333336, numpy.array([3_000_000_000])).tolist() == [1_000_000_001]


def test_response_time_counts_from_the_intended_start() -> None:
    assert judge(calls((0, 500, "ok")), percentile=50, max_ms=450).value == 500


def test_failures_count_as_slow_as_they_were() -> None:
    requests = calls((0, 10, "ok"), (0, 30_000, "unknown"))
    assert judge(requests, percentile=99, max_ms=500).status == "missed"


def test_a_failure_is_an_error_or_no_answer_but_no_refusal() -> None:
    requests = calls((0, 1, "ok"), (0, 1, "refused"), (0, 1, "error"), (0, 1, "unknown"))
    result = judge(requests, failure_rate_max="50%")
    assert (result.value, result.unit, result.status) == (0.5, "share", "met")
    assert judge(requests, failure_rate_max=0.49).status == "missed"


def test_no_failure_at_all_can_be_asked_for() -> None:
    assert judge(calls((0, 1, "ok")), failure_rate_max=0).met
    assert not judge(calls((0, 1, "error")), failure_rate_max=0).met


def test_an_objective_may_be_about_one_operation() -> None:
    requests = pandas.concat([calls((0, 10, "ok")), calls((0, 900, "ok"), operation="browse")])
    assert judge(requests, operation="place_order", percentile=99, max_ms=500).value == 10
    assert judge(requests, percentile=99, max_ms=500).value == 900


WINDOWS = calls(
    (-8, 40, "ok"),
    (1, 50, "ok"),
    (9.9, 60, "ok"),
    (20, 70, "ok"),
    (25, 900, "error"),
    (29.999999, 80, "ok"),
    (30, 90, "ok"),
)


def test_the_worst_window_is_found_and_named() -> None:
    result = judge(WINDOWS, percentile=50, max_ms=75, scope="worst_window", window="10s")
    assert result == ObjectiveResult(
        name="p50 of all operations in the worst 10s",
        status="missed",
        value=90.0,
        limit=75.0,
        unit="ms",
        detail="1 call in the worst of 4 windows, which begins 30s after the opening",
    )
    slowest = judge(WINDOWS, percentile=99, max_ms=75, scope="worst_window", window="10s")
    assert slowest.value == 900
    assert slowest.detail == "3 calls in the worst of 4 windows, which begins 20s after the opening"


def test_the_worst_window_of_failures() -> None:
    result = judge(WINDOWS, failure_rate_max="20%", scope="worst_window", window="10s")
    assert (result.value, result.status) == (pytest.approx(1 / 3), "missed")
    assert judge(WINDOWS, failure_rate_max="20%").met


def test_windows_before_the_opening_count_too() -> None:
    result = judge(calls((-8, 500, "ok"), (1, 5, "ok")), percentile=99, max_ms=9, scope="worst_window", window="10s")
    assert result.detail == "1 call in the worst of 2 windows, which begins 10s before the opening"


@pytest.mark.parametrize(
    "objective",
    [
        {"percentile": 99, "max_ms": 500},
        {"failure_rate_max": "1%"},
        {"percentile": 99, "max_ms": 500, "scope": "worst_window", "window": "10s"},
        {"failure_rate_max": "1%", "scope": "worst_window", "window": "10s"},
        {"sell_out_max": "5min"},
    ],
    ids=str,
)
def test_nothing_measured_is_never_a_pass(objective: dict[str, Any]) -> None:
    result = judge(calls(), **objective)
    assert (result.status, result.value, result.met) == ("no-data", None, False)


def test_an_operation_that_nobody_called_is_never_a_pass() -> None:
    assert judge(HUNDRED, operation="browse", percentile=99, max_ms=500).status == "no-data"


@pytest.mark.parametrize(("sold_out_s", "status"), [(300, "met"), (301, "missed")])
def test_selling_out_has_its_time(sold_out_s: int, status: str) -> None:
    result = judge(calls(), sold_out_after_us=sold_out_s * SECOND_US, sell_out_max="5min")
    assert (result.name, result.status, result.value, result.limit, result.unit) == (
        "sell-out time",
        status,
        float(sold_out_s),
        300.0,
        "s",
    )
