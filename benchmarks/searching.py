"""Speed of a search over seeds: events with checkers and faults on, and what a second core is worth."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

from doorbuster.checking.searching import search
from scenarios.loading import load_scenario
from simulations.search.searching import search_seed

from .figure import Figure
from .simulated import bare_timeout_s

SCENARIO = "flash_sale"
WARM_UP = range(1, 4)
ONE_CORE = range(1, 101)
MANY = range(1, 401)
MILLION = 1_000_000


def figures() -> Iterator[Figure]:
    """One core's speed in seconds and in bare timeouts, then one process against two."""
    yield from one_core()
    yield two_cores()


def one_core() -> Iterator[Figure]:
    """A hundred seeds in this process."""
    scenario = load_scenario(SCENARIO).for_check()
    for seed in WARM_UP:
        search_seed(scenario, seed)
    bare_before_s = bare_timeout_s()
    began_s = time.process_time()
    outcomes = [search_seed(scenario, seed) for seed in ONE_CORE]
    took_s = time.process_time() - began_s
    bare_s = (bare_before_s + bare_timeout_s()) / 2
    events = sum(outcome.events for outcome in outcomes)
    violated = sum(bool(outcome.violated) for outcome in outcomes)
    yield Figure(
        "1M simulated domain events, checkers and faults on",
        took_s / events * MILLION,
        "s of one core",
        "",
        f"{len(outcomes)} seeds, {events:,} events, {violated} with violations",
    )
    yield Figure(
        "the same, one event", took_s / events / bare_s, "bare SimPy timeouts", "", f"{bare_s * 1e6:.2f} us each"
    )


def two_cores() -> Figure:
    """The same seeds in one process and in two."""
    _wall_s(MANY[:20], jobs=2)
    one_s, two_s = _wall_s(MANY, jobs=1), _wall_s(MANY, jobs=2)
    return Figure(
        "a search on two cores instead of one",
        one_s / two_s,
        "times as fast",
        "at least 1.7",
        f"{len(MANY)} seeds: {one_s:.1f} s and {two_s:.1f} s, start of the processes included",
    )


def _wall_s(seeds: Sequence[int], *, jobs: int) -> float:
    began_s = time.perf_counter()
    for _ in search(SCENARIO, seeds, jobs=jobs, until_s=math.inf):
        pass
    return time.perf_counter() - began_s
