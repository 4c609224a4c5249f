"""Judges what is fast, reliable or soon enough, from the calls that clients made. Pure.

Response time is the end minus the *intended* start: in an open model a customer who could not even be served their
request waits all the same. Every call counts, also those that failed or never got an answer. Percentiles are exact, by
nearest rank: the smallest value that was observed such that at least that share of the calls took no longer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Literal

import msgspec
import numpy
import pandas
from numpy.typing import NDArray

from .model import Objective
from .quantities import format_duration

FAILURES = ("error", "unknown")
"""Outcomes that count as failures. A refusal by a business rule is an answer like any other."""

Status = Literal["met", "missed", "no-data"]


class ObjectiveResult(msgspec.Struct, frozen=True):
    """How one objective came out. ``no-data`` means that nothing was measured, which is never a pass.

    ``value`` and ``limit`` are in ``unit``: ``ms``, ``s`` or ``share`` (0 to 1). ``detail`` says in words what was
    looked at, and where the worst of it was.
    """

    name: str
    status: Status
    value: float | None
    limit: float
    unit: Literal["ms", "s", "share"]
    detail: str

    @property
    def met(self) -> bool:
        """Whether it was measured and is within the limit."""
        return self.status == "met"


def evaluate(
    objectives: Iterable[Objective],
    requests: pandas.DataFrame,
    *,
    opens_at_us: int,
    sold_out_after_us: int | None = None,
) -> list[ObjectiveResult]:
    """One result for each objective, in their order.

    ``requests`` has at least the columns ``operation, intended_us, ended_us, outcome`` of a run folder, and
    ``opens_at_us`` is the run's origin. ``sold_out_after_us`` is how long after the opening everything was sold; None
    if it never was.
    """
    return [
        _sell_out(objective, sold_out_after_us)
        if objective.sell_out_max_us is not None
        else _of_calls(objective, requests, opens_at_us)
        for objective in objectives
    ]


def nearest_ranks(percentile: float, counts: NDArray[Any]) -> NDArray[Any]:
    """The rank, from 1, of ``percentile`` among so many sorted values each, in exact arithmetic."""
    share = Fraction(str(percentile)) / 100
    return numpy.array([math.ceil(int(count) * share) for count in counts], dtype=numpy.int64)


def _sell_out(objective: Objective, sold_out_after_us: int | None) -> ObjectiveResult:
    limit_s = (objective.sell_out_max_us or 0) / 1e6
    if sold_out_after_us is None:
        return ObjectiveResult("sell-out time", "no-data", None, limit_s, "s", "it was never sold out")
    value_s = sold_out_after_us / 1e6
    detail = f"sold out {format_duration(sold_out_after_us)} after the opening"
    return ObjectiveResult("sell-out time", _status(value_s, limit_s), value_s, limit_s, "s", detail)


def _of_calls(objective: Objective, requests: pandas.DataFrame, opens_at_us: int) -> ObjectiveResult:
    calls = requests if objective.operation == "*" else requests[requests["operation"] == objective.operation]
    by_time = objective.percentile is not None
    limit = (objective.max_ms if by_time else objective.failure_rate_max) or 0.0
    unit: Literal["ms", "share"] = "ms" if by_time else "share"
    name = _name(objective)
    if not len(calls):
        return ObjectiveResult(name, "no-data", None, limit, unit, "no such call was made")
    windows = _windows(objective, calls, opens_at_us)
    measured = _percentiles(objective.percentile, calls, windows) if objective.percentile else _failures(calls, windows)
    worst = int(numpy.argmax(measured.values))
    value = float(measured.values[worst])
    return ObjectiveResult(name, _status(value, limit), value, limit, unit, _detail(objective, measured, worst))


class _Measured(msgspec.Struct, frozen=True):
    """One value for each window that has calls: arrays of equal length, ``windows`` ascending."""

    windows: NDArray[Any]
    counts: NDArray[Any]
    values: NDArray[Any]


def _windows(objective: Objective, calls: pandas.DataFrame, opens_at_us: int) -> NDArray[Any]:
    """The number of the window that each call was meant to begin in; the first after the opening is 0."""
    intended_us: NDArray[Any] = calls["intended_us"].to_numpy()
    if objective.window_us is None:
        return numpy.zeros(len(intended_us), dtype=numpy.int64)
    windows: NDArray[Any] = (intended_us - opens_at_us) // objective.window_us
    return windows


def _percentiles(percentile: float, calls: pandas.DataFrame, windows: NDArray[Any]) -> _Measured:
    response_ms = (calls["ended_us"].to_numpy() - calls["intended_us"].to_numpy()) / 1e3
    in_order = response_ms[numpy.lexsort((response_ms, windows))]
    numbers, counts = numpy.unique(windows, return_counts=True)
    before = numpy.cumsum(counts) - counts
    return _Measured(numbers, counts, in_order[before + nearest_ranks(percentile, counts) - 1])


def _failures(calls: pandas.DataFrame, windows: NDArray[Any]) -> _Measured:
    failed = calls["outcome"].isin(FAILURES).to_numpy()
    numbers, places, counts = numpy.unique(windows, return_inverse=True, return_counts=True)
    return _Measured(numbers, counts, numpy.bincount(places, weights=failed) / counts)


def _status(value: float, limit: float) -> Status:
    return "met" if value <= limit else "missed"


def _name(objective: Objective) -> str:
    measure = f"p{objective.percentile:g}" if objective.percentile is not None else "failure rate"
    operation = "all operations" if objective.operation == "*" else objective.operation
    scope = f" in the worst {format_duration(objective.window_us)}" if objective.window_us is not None else ""
    return f"{measure} of {operation}{scope}"


def _detail(objective: Objective, measured: _Measured, worst: int) -> str:
    count = int(measured.counts[worst])
    calls = f"{count:,} calls" if count != 1 else "1 call"
    if objective.window_us is None:
        return calls
    begins_us = int(measured.windows[worst]) * objective.window_us
    side = "before" if begins_us < 0 else "after"
    windows = len(measured.windows)
    which = f"the worst of {windows:,} windows" if windows != 1 else "the only window"
    return f"{calls} in {which}, which begins {format_duration(abs(begins_us))} {side} the opening"
