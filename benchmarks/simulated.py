"""Speed of the simulation: the cost of an event, a whole sale, and what memory a longer run takes."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Generator, Iterator

import psutil
import simpy

from scenarios.loading import from_document, load_scenario
from scenarios.model import Scenario
from simulations.simulation import SimulationResult, simulate

from .figure import Figure

BARE_TIMEOUTS = 500_000
SEED = 7


def figures() -> Iterator[Figure]:
    """Measure one after the other."""
    yield from event_cost()
    yield _whole("clinic_week", "a clinic fortnight", "under 20")
    yield _whole("bike_day", "a bike day", "under 30")
    yield from memory()


def event_cost() -> Iterator[Figure]:
    """The whole sale with all checkers on, beside bare SimPy timeouts in the same process, before and after."""
    sale = load_scenario("flash_sale")
    bare_before_s = bare_timeout_s()
    cpu_s, result = _timed(sale)
    bare_s = (bare_before_s + bare_timeout_s()) / 2
    event_s = cpu_s / result.events
    broken = sum(finding.violations for finding in result.findings)
    yield Figure(
        "one simulated domain event",
        event_s / bare_s,
        "bare SimPy timeouts",
        "at most 20",
        f"{event_s * 1e6:.1f} us of processor time an event, {bare_s * 1e6:.2f} us a timeout",
    )
    yield Figure(
        "the whole sale with 24 h of pickups",
        result.wall_s,
        "s",
        "under 60",
        f"{result.events:,} events, {result.journeys:,} journeys, {broken} violations",
    )


def memory() -> Iterator[Figure]:
    """What a longer run takes: the same customers over a longer time, and more customers."""
    base = _peak_mb(5_000, "24h 40min")
    longer = _peak_mb(5_000, "240h")
    more = _peak_mb(20_000, "24h 40min")
    yield Figure(
        "memory of a run ten times as long",
        longer / base,
        "times",
        "1 (flat)",
        f"{base:.0f} MB for 24 h, {longer:.0f} MB for 240 h, 5,000 customers each",
    )
    yield Figure(
        "memory of each further customer",
        (more - base) / 15_000 * 1024,
        "KB",
        "",
        f"{base:.0f} MB for 5,000 customers, {more:.0f} MB for 20,000",
    )


def _whole(scenario: str, name: str, target: str) -> Figure:
    """One whole scenario, all checkers on."""
    _, result = _timed(load_scenario(scenario))
    broken = sum(finding.violations for finding in result.findings)
    note = f"{result.events:,} events, {result.journeys:,} journeys, {broken} violations"
    return Figure(f"{name}, simulated", result.wall_s, "s", target, note)


def bare_timeout_s() -> float:
    """Processor time of one bare SimPy timeout: a process that does nothing but wait."""
    environment = simpy.Environment()

    def wait() -> Generator[simpy.Event, None, None]:
        for _ in range(BARE_TIMEOUTS):
            yield environment.timeout(1)

    environment.process(wait())
    began_s = time.process_time()
    environment.run()
    return (time.process_time() - began_s) / BARE_TIMEOUTS


def _timed(scenario: Scenario) -> tuple[float, SimulationResult]:
    began_s = time.process_time()
    result = simulate(scenario, SEED)
    return time.process_time() - began_s, result


def _peak_mb(customers: int, horizon: str) -> float:
    """Peak memory of a process of its own that simulates the sale."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_simulate_and_weigh, (customers, horizon))


def _simulate_and_weigh(customers: int, horizon: str) -> float:
    document = load_scenario("flash_sale").document()
    document["population"]["customers"] = customers
    document["horizon"] = horizon
    process, peak_bytes = psutil.Process(), 0

    def weigh(_done: int, _journeys: int) -> None:
        # Not the peak that the system keeps: a process inherits that of the one that has started it.
        nonlocal peak_bytes
        peak_bytes = max(peak_bytes, process.memory_info().rss)

    simulate(from_document(document), SEED, progress=weigh)
    return peak_bytes / 1024**2
