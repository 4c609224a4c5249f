"""Draws when customers arrive. Pure: the same arrivals, population and seed give the same instants, everywhere.

A flash draws each customer's time from the customer's own random stream, so one customer more moves nobody else. Rates
are Poisson processes drawn by inversion: the n-th arrival is where the cumulated rate reaches the n-th point of a
Poisson process of rate 1. So a rate that is changed shifts arrivals, but never draws others.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from reference_services.kernel.random_streams import stream

from .arrival_kinds import Arrivals, Constant, Diurnal, Flash, Ramp, Spike, Trace
from .model import SCENARIOS_FOLDER, Scenario
from .traces import TraceRow, read_trace, spans_of

PURPOSE = "arrivals"
"""The purpose of the random streams that arrivals are drawn from; the entity is the customer's or the row's number."""

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


class Arrival(NamedTuple):
    """Customer number ``customer`` (from 0) arrives at ``time_us``, counted from the opening (before it: negative)."""

    time_us: int
    customer: int


class Slope(msgspec.Struct, frozen=True):
    """A stretch of time, in seconds after the opening, in which the rate per second changes steadily."""

    begin_s: float
    end_s: float
    begin_per_s: float
    end_per_s: float


def arrivals_of(scenario: Scenario, seed: int) -> Iterator[Arrival]:
    """Who arrives when in ``scenario``, in order of time. Raises `ScenarioError` if the file of a trace is damaged."""
    midnight = scenario.starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return arrival_times(
        scenario.arrivals,
        scenario.population.customers,
        seed,
        opening_of_day_us=(scenario.starts_at - midnight) // timedelta(microseconds=1),
        folder=scenario.folder,
    )


def arrival_times(
    arrivals: Arrivals, count: int, seed: int, *, opening_of_day_us: int = 0, folder: Path = SCENARIOS_FOLDER
) -> Iterator[Arrival]:
    """Who arrives when, in order of time.

    ``count`` customers come to a flash. The other kinds decide themselves how many come, and number them in order of
    arrival. ``opening_of_day_us`` is the time of day of the opening, for `Diurnal`; ``folder`` is where the file of a
    `Trace` is. Raises `ScenarioError` if that file is damaged.
    """
    if isinstance(arrivals, Flash):
        return iter(sorted(Arrival(flash_time(arrivals, customer, seed), customer) for customer in range(count)))
    if isinstance(arrivals, Trace):
        times = _trace_times(arrivals, read_trace(arrivals, folder), seed)
    else:
        times = _poisson_times(rate_slopes(arrivals, opening_of_day_us), stream(seed, PURPOSE))
    return (Arrival(time_us, number) for number, time_us in enumerate(times))


def flash_time(flash: Flash, customer: int, seed: int) -> int:
    """When one customer comes to a flash: early and evenly spread, or after an exponential delay.

    With ``within`` the exponential distribution is truncated there, by inversion of its distribution function.
    """
    draw = stream(seed, PURPOSE, customer)
    early = draw.random() < flash.early_share
    position = draw.random()
    if early:
        return -1 - int(position * flash.lead_us)
    inside = -math.expm1(-flash.within_us / flash.decay_us) if flash.within_us is not None else 1.0
    return int(-flash.decay_us * math.log1p(-position * inside))


def rate_slopes(arrivals: Constant | Ramp | Spike | Diurnal, opening_of_day_us: int) -> Iterator[Slope]:
    """The rate of arrivals over time, as stretches that follow each other from time 0 on."""
    end_s = arrivals.duration_us / 1e6
    match arrivals:
        case Constant():
            yield Slope(0, end_s, arrivals.rate_per_s, arrivals.rate_per_s)
        case Ramp():
            yield Slope(0, end_s, arrivals.from_per_s, arrivals.to_per_s)
        case Spike():
            rises_s, falls_s = arrivals.at_us / 1e6, (arrivals.at_us + arrivals.width_us) / 1e6
            yield Slope(0, rises_s, arrivals.base_per_s, arrivals.base_per_s)
            yield Slope(rises_s, falls_s, arrivals.peak_per_s, arrivals.peak_per_s)
            yield Slope(falls_s, end_s, arrivals.base_per_s, arrivals.base_per_s)
        case Diurnal():
            yield from _hours(arrivals, opening_of_day_us)


def _hours(diurnal: Diurnal, opening_of_day_us: int) -> Iterator[Slope]:
    per_weight_s = diurnal.daily_total / sum(diurnal.hourly_weights) / 3_600
    begin_us = 0
    while begin_us < diurnal.duration_us:
        of_day_us = (opening_of_day_us + begin_us) % DAY_US
        end_us = min(begin_us + HOUR_US - of_day_us % HOUR_US, diurnal.duration_us)
        rate_per_s = diurnal.hourly_weights[of_day_us // HOUR_US] * per_weight_s
        yield Slope(begin_us / 1e6, end_us / 1e6, rate_per_s, rate_per_s)
        begin_us = end_us


def _poisson_times(slopes: Iterator[Slope], draw: random.Random) -> Iterator[int]:
    """Inversion of the cumulated rate. Source: E. Çinlar, "Introduction to Stochastic Processes", 1975, section 4.7."""
    wanted = draw.expovariate(1.0)
    for slope in slopes:
        length_s = slope.end_s - slope.begin_s
        expected = (slope.begin_per_s + slope.end_per_s) / 2 * length_s
        while wanted < expected:
            yield int((slope.begin_s + _reached_after_s(slope, wanted, length_s)) * 1e6)
            wanted += draw.expovariate(1.0)
        wanted -= expected


def _reached_after_s(slope: Slope, wanted: float, length_s: float) -> float:
    """How far into the stretch its cumulated rate, ``begin * t + (end - begin) / (2 * length) * t**2``, is ``wanted``.

    The root is written so that it is exact for a flat rate too and never subtracts nearly equal numbers.
    """
    steepness = (slope.end_per_s - slope.begin_per_s) / length_s
    root = math.sqrt(max(0.0, slope.begin_per_s**2 + 2 * steepness * wanted))
    return min(2 * wanted / (slope.begin_per_s + root), length_s) if wanted else 0.0


def _trace_times(trace: Trace, rows: Iterator[TraceRow], seed: int) -> Iterator[int]:
    for number, span in enumerate(spans_of(rows)):
        yield from _row_times(trace, span.row, span.width_us, stream(seed, PURPOSE, number))


def _row_times(trace: Trace, row: TraceRow, width_us: int, draw: random.Random) -> list[int]:
    """The arrivals of one row: whole ones for sure, a fraction by chance; a row without a count keeps its instant."""
    exact = row.count * trace.scale
    whole = int(exact)
    number = whole + (draw.random() < exact - whole)
    offsets = [draw.random() * width_us for _ in range(number)]
    if trace.columns.count is None and offsets:
        offsets[0] = 0.0
    return sorted(int((row.time_us + offset) / trace.speed) for offset in offsets)
