"""Work takes as long as the scenario says: always the same, or lognormal."""

from __future__ import annotations

from statistics import quantiles

import pytest
from small_sale import small_sale

from scenarios.model import ServiceTime
from simulations.service_times import ServiceTimes
from simulations.simulation import simulate

FIXED = ServiceTime.model_validate({"median": "200us", "p99": "200us"})
SPREAD = ServiceTime.model_validate({"median": "1ms", "p99": "5ms"})


def test_what_is_always_the_same_adds_up() -> None:
    assert ServiceTimes(1, {"decide": FIXED, "policy": FIXED}).of("c-1") == 400


def test_what_varies_has_the_median_and_the_99th_percentile_that_were_said() -> None:
    times = ServiceTimes(1, {"decide": SPREAD})
    cuts = quantiles([times.of(f"c-{number}") for number in range(20_000)], n=100)
    assert cuts[49] == pytest.approx(1_000, rel=0.05)
    assert cuts[98] == pytest.approx(5_000, rel=0.1)


def test_the_same_work_takes_the_same_time_whatever_else_is_done() -> None:
    times, again = (ServiceTimes(7, {"decide": SPREAD}) for _ in range(2))
    again.of("c-0")
    assert times.of("c-1") == again.of("c-1") != times.of("c-2")


def test_a_run_draws_them() -> None:
    def history(p99: str) -> str:
        return simulate(small_sale(50, costs={"orders": {"decide": {"median": "250us", "p99": p99}}}), 1).history_sha256

    assert len({history("250us"), history("1ms"), history("20ms")}) == 3


def test_a_service_without_policies_pays_for_none() -> None:
    def history(policy: str) -> str:
        return simulate(small_sale(50, costs={"notifications": {"policy": policy}}), 1).history_sha256

    assert history("10us") == history("1s")
