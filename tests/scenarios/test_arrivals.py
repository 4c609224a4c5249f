from __future__ import annotations

import math
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from pydantic import TypeAdapter

from scenarios.arrival_kinds import Arrivals
from scenarios.arrivals import arrival_times, arrivals_of
from scenarios.loading import load_scenario
from scenarios.problems import BadValues, ScenarioError
from scenarios.traces import check_trace

DATA = Path(__file__).parent / "data"
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US

FLASH = {"kind": "flash", "decay": "90s", "early_share": "5%", "lead": "2min"}
KINDS: dict[str, dict[str, Any]] = {
    "constant": {"kind": "constant", "rate_per_s": 50, "duration": "100s"},
    "ramp": {"kind": "ramp", "from_per_s": 0, "to_per_s": 100, "duration": "100s"},
    "falling ramp": {"kind": "ramp", "from_per_s": 100, "to_per_s": 0, "duration": "100s"},
    "spike": {
        "kind": "spike",
        "base_per_s": 10,
        "peak_per_s": 210,
        "at": "30s",
        "width": "20s",
        "duration": "100s",
    },
    "flash": FLASH,
    "diurnal": {"kind": "diurnal", "daily_total": 5_000, "hourly_weights": [0] * 8 + [1, 3] + [1] * 8 + [0] * 6},
}


def arrivals(document: dict[str, Any]) -> Any:
    return TypeAdapter(Arrivals).validate_python(document)


def times(document: dict[str, Any], count: int = 5_000, seed: int = 7, **options: Any) -> list[int]:
    return [arrival.time_us for arrival in arrival_times(arrivals(document), count, seed, **options)]


@pytest.mark.parametrize("kind", KINDS)
def test_arrivals_are_in_order_and_the_same_for_the_same_seed(kind: str) -> None:
    found = times(KINDS[kind])
    assert found == sorted(found)
    assert found == times(KINDS[kind])
    assert found != times(KINDS[kind], seed=8)


@pytest.mark.parametrize("kind", ["constant", "ramp", "falling ramp", "spike", "diurnal"])
def test_rates_bring_as_many_as_they_add_up_to(kind: str) -> None:
    # A Poisson count has a standard deviation of the root of its mean; five of them is one run in two million.
    for seed in range(5):
        assert abs(len(times(KINDS[kind], seed=seed)) - 5_000) < 5 * math.sqrt(5_000)


def share_between(found: list[int], begin_us: int, end_us: int) -> float:
    return sum(begin_us <= time_us < end_us for time_us in found) / len(found)


def test_a_ramp_brings_three_quarters_in_its_higher_half() -> None:
    assert share_between(times(KINDS["ramp"]), 50 * SECOND_US, 100 * SECOND_US) == pytest.approx(0.75, abs=0.03)
    assert share_between(times(KINDS["falling ramp"]), 0, 50 * SECOND_US) == pytest.approx(0.75, abs=0.03)


def test_a_spike_is_where_it_should_be() -> None:
    found = times(KINDS["spike"])
    assert share_between(found, 30 * SECOND_US, 50 * SECOND_US) == pytest.approx(4_200 / 5_000, abs=0.03)
    assert share_between(found, 0, 30 * SECOND_US) == pytest.approx(300 / 5_000, abs=0.03)


def test_a_spike_at_the_opening_needs_nothing_before_it() -> None:
    found = times(KINDS["spike"] | {"at": "0s"})
    assert share_between(found, 0, 20 * SECOND_US) == pytest.approx(4_200 / 5_000, abs=0.03)


def test_nobody_comes_at_rate_zero() -> None:
    assert times(KINDS["constant"] | {"rate_per_s": 0}) == []


def test_a_higher_rate_moves_arrivals_but_draws_no_others() -> None:
    slow, fast = times(KINDS["constant"]), times(KINDS["constant"] | {"rate_per_s": 100})
    assert fast[: len(slow)] == pytest.approx([time_us / 2 for time_us in slow], abs=1)


def test_a_longer_time_only_adds_arrivals() -> None:
    short, long = times(KINDS["constant"]), times(KINDS["constant"] | {"duration": "200s"})
    assert long[: len(short)] == short
    assert len(long) > len(short)


def test_a_flash_brings_everybody_some_early_and_the_rest_decaying() -> None:
    found = times(FLASH, count=20_000)
    assert len(found) == 20_000
    early = [time_us for time_us in found if time_us < 0]
    later = [time_us for time_us in found if time_us >= 0]
    assert len(early) / len(found) == pytest.approx(0.05, abs=0.01)
    assert min(early) >= -2 * MINUTE_US
    assert mean(early) == pytest.approx(-MINUTE_US, rel=0.1)
    assert mean(later) == pytest.approx(90 * SECOND_US, rel=0.05)
    assert share_between(later, 0, round(90 * SECOND_US * math.log(2))) == pytest.approx(0.5, abs=0.02)


def test_a_flash_that_is_cut_off_keeps_its_shape_and_its_number() -> None:
    found = times(FLASH | {"within": "90s", "early_share": 0, "lead": 0}, count=20_000)
    assert len(found) == 20_000
    assert found[0] >= 0
    assert found[-1] < 90 * SECOND_US
    # The distribution function of the exponential distribution truncated at its mean, at half its mean.
    half = (1 - math.exp(-0.5)) / (1 - math.exp(-1))
    assert share_between(found, 0, 45 * SECOND_US) == pytest.approx(half, abs=0.02)


def test_one_customer_more_moves_nobody_else() -> None:
    few = {customer: time_us for time_us, customer in arrival_times(arrivals(FLASH), 100, 7)}
    more = {customer: time_us for time_us, customer in arrival_times(arrivals(FLASH), 101, 7)}
    assert sorted(few) == list(range(100))
    assert {customer: more[customer] for customer in few} == few


def test_the_day_has_its_rhythm_from_midnight_on() -> None:
    found = times(KINDS["diurnal"], opening_of_day_us=8 * HOUR_US + 30 * MINUTE_US)
    # Half an hour of the eighth hour's weight 1, then the ninth hour with weight 3, of 12 in all.
    assert share_between(found, 0, HOUR_US // 2) == pytest.approx(0.5 / 12, abs=0.02)
    assert share_between(found, HOUR_US // 2, 3 * HOUR_US // 2) == pytest.approx(3 / 12, abs=0.03)
    assert share_between(found, 10 * HOUR_US, 23 * HOUR_US) == 0


def trace(tmp_path: Path, content: str, **options: Any) -> list[int]:
    (tmp_path / "trips.csv").write_text(content)
    document = {"kind": "trace", "csv": "trips.csv", "columns": {"time": "at"}} | options
    return times(document, folder=tmp_path)


def test_a_trace_is_played_as_it_was(tmp_path: Path) -> None:
    content = "id,at\n1,2026-03-02T08:00:00Z\n2,2026-03-02T08:00:01.5Z\n3,2026-03-02T09:00:02+01:00\n"
    assert trace(tmp_path, content) == [0, 1_500_000, 2_000_000]
    assert trace(tmp_path, content, speed=10) == [0, 150_000, 200_000]


def test_a_trace_in_seconds_with_counts_spreads_them(tmp_path: Path) -> None:
    content = "at,trips\n100,300\n160,0\n220,100\n"
    found = trace(tmp_path, content, columns={"time": "at", "count": "trips"})
    assert len(found) == 400
    assert sum(time_us < 60 * SECOND_US for time_us in found) == 300
    assert sum(120 * SECOND_US <= time_us < 180 * SECOND_US for time_us in found) == 100
    assert len(set(found)) > 390


def test_a_scaled_trace_brings_more_or_fewer(tmp_path: Path) -> None:
    content = "at\n" + "".join(f"{second}\n" for second in range(1_000))
    assert len(trace(tmp_path, content, scale=3)) == 3_000
    assert len(trace(tmp_path, content, scale=0.5)) == pytest.approx(500, abs=80)
    assert set(range(0, 1_000 * SECOND_US, SECOND_US)) <= set(trace(tmp_path, content, scale=3))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("at\n1\nnoon\n", "trips.csv:3: 'noon' is not an instant with a time zone; write e.g. 2026-03-02T12:00:00Z"),
        ("at\n2\n1\n", "trips.csv:3: '1' is before the row above; sort the file by time"),
        ("at\n1e99\n", "trips.csv:2: '1e99' is not a time; write RFC 3339 or seconds"),
        ("at\n", "trips.csv:1: has no rows; add at least one arrival"),
        ("n,at\n5\n", "trips.csv:2: None is not an instant with a time zone; write e.g. 2026-03-02T12:00:00Z"),
    ],
    ids=["no time", "not sorted", "no real time", "empty", "short row"],
)
def test_a_damaged_trace_names_its_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        trace(tmp_path, content)
    assert str(caught.value) == said


def test_a_bad_count_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        trace(tmp_path, "at,trips\n1,-3\n", columns={"time": "at", "count": "trips"})
    assert str(caught.value) == "trips.csv:2: '-3' is not a number of arrivals; write a number, 0 or more"


def test_a_trace_is_checked_for_its_columns(tmp_path: Path) -> None:
    (tmp_path / "trips.csv").write_text("started_at,trips\n")
    document = {"kind": "trace", "csv": "trips.csv", "columns": {"time": "startd_at", "count": "bikes"}}
    with pytest.raises(BadValues) as caught:
        check_trace(arrivals(document), tmp_path)
    assert str(caught.value) == (
        "arrivals.columns.time: unknown column 'startd_at'; did you mean 'started_at'?; "
        "arrivals.columns.count: unknown column 'bikes'; choose one of started_at, trips"
    )


def test_a_scenario_draws_its_own_population() -> None:
    scenario = load_scenario(DATA / "book_signing.yaml")
    found = list(arrivals_of(scenario, seed=1))
    assert sorted(customer for _, customer in found) == list(range(scenario.population.customers))
    assert found == sorted(found)
    assert found == list(arrival_times(scenario.arrivals, scenario.population.customers, 1))
