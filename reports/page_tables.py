"""The tables of the page: what had to hold, what was reached, which objectives were met, and where time went."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from reference_services.kernel.invariant import Finding, Violation

from . import wording
from .event_charts import TYPES_SHOWN, counts_of, hops_beside
from .hops import Hop
from .key_figures import OperationFigures, SlowRequest, operations_of, slowest_requests
from .run import Run
from .verdict import Verdict, told_value

VIOLATIONS_SHOWN = 5
"""Violations of one invariant that the page prints; all are counted."""


class InvariantRow(msgspec.Struct, frozen=True):
    """One invariant with what came of it in each world (None where it was not checked)."""

    name: str
    statement: str
    findings: tuple[Finding | None, ...]

    @property
    def status(self) -> str:
        """The worst that happened to it in any world."""
        statuses = [finding.status if finding else "unchecked" for finding in self.findings]
        return next(status for status in ("broken", "crashed", "unchecked", "held") if status in statuses)

    def samples(self, number: int) -> tuple[Violation, ...]:
        """The first violations in the world of that number."""
        finding = self.findings[number]
        return finding.samples[:VIOLATIONS_SHOWN] if finding else ()


class ReachedRow(msgspec.Struct, frozen=True):
    """One situation with how often each world reached it, and where it had to be reached and never was."""

    name: str
    counts: tuple[int | None, ...]
    missed: tuple[bool, ...]
    wanted: bool


class ObjectiveRow(msgspec.Struct, frozen=True):
    """One objective in one world."""

    world: str
    name: str
    status: str
    value: str
    limit: str
    detail: str


class HopCell(msgspec.Struct, frozen=True):
    """One hop in one world, and where its line from median to 99th percentile lies, in percent of the track."""

    world: str
    count: int
    median: str
    p99: str
    left: float
    width: float


class HopRow(msgspec.Struct, frozen=True):
    """One hop in all worlds."""

    label: str
    cells: tuple[HopCell | None, ...]


class CountRow(msgspec.Struct, frozen=True):
    """How often one type of event happened, and the length of its bar in percent, in each world."""

    name: str
    counts: tuple[int, ...]
    lengths: tuple[float, ...]


class OperationRow(msgspec.Struct, frozen=True):
    """One API call in all worlds (None where it was never made)."""

    name: str
    figures: tuple[OperationFigures | None, ...]


def invariant_rows(runs: Sequence[Run]) -> list[InvariantRow]:
    """Every invariant, those that did not hold first."""
    worlds = [{finding.name: finding for finding in run.findings.invariants} for run in runs]
    names = dict.fromkeys(name for world in worlds for name in world)
    rows = [
        InvariantRow(
            name,
            next(world[name].statement for world in worlds if name in world),
            tuple(world.get(name) for world in worlds),
        )
        for name in names
    ]
    return sorted(rows, key=lambda row: row.status == "held")


def reached_rows(runs: Sequence[Run], verdicts: Sequence[Verdict]) -> list[ReachedRow]:
    """Every situation that can be reached, those that had to be and were not first, then those that had to be."""
    wanted = [set(run.info.scenario_document.get("reach", ())) for run in runs]
    reached = [run.findings.reached for run in runs]
    names = dict.fromkeys(name for world in (*reached, *wanted) for name in world)
    rows = [
        ReachedRow(
            name,
            tuple(world.get(name) for world in reached),
            tuple(name in verdict.missing_reach for verdict in verdicts),
            any(name in world for world in wanted),
        )
        for name in names
    ]
    return sorted(rows, key=lambda row: (not any(row.missed), not row.wanted))


def objective_rows(runs: Sequence[Run], verdicts: Sequence[Verdict]) -> list[ObjectiveRow]:
    """Every objective in every world, worlds side by side under each objective."""
    rows = [
        (place, ObjectiveRow(
            run.world,
            result.name,
            result.status,
            told_value(result, result.value),
            told_value(result, result.limit),
            result.detail,
        ))
        for run, verdict in zip(runs, verdicts, strict=True)
        for place, result in enumerate(verdict.objectives)
    ]  # fmt: skip
    return [row for _, row in sorted(rows, key=lambda each: each[0])]


def hop_rows(runs: Sequence[Run]) -> list[HopRow]:
    """The hops with their lines on one log scale."""
    hops = hops_beside(runs)
    times_us = [time_us for _, each in hops for hop in each if hop for time_us in (hop.median_us, hop.p99_us)]
    scale = _LogScale([time_us for time_us in times_us if time_us > 0])
    return [
        HopRow(label, tuple(_hop_cell(run, hop, scale) if hop else None for run, hop in zip(runs, each, strict=True)))
        for label, each in hops
    ]


def count_rows(runs: Sequence[Run]) -> list[CountRow]:
    """The most frequent types of events with bars on one scale."""
    counts = counts_of(runs)[:TYPES_SHOWN]
    most = max((count for _, each in counts for count in each), default=1)
    return [CountRow(name, each, tuple(count / most * 100 for count in each)) for name, each in counts]


def operation_rows(runs: Sequence[Run]) -> list[OperationRow]:
    """Every operation, the most called first."""
    worlds = [{figures.name: figures for figures in operations_of(run)} for run in runs]
    names = dict.fromkeys(name for world in worlds for name in world)
    return [OperationRow(name, tuple(world.get(name) for world in worlds)) for name in names]


def slowest_by_world(runs: Sequence[Run]) -> list[tuple[str, list[SlowRequest]]]:
    """The slowest requests of each world."""
    return [(run.world, slowest_requests(run)) for run in runs]


class _LogScale:
    """Places durations on a track from 0 to 100 percent, decades equally long."""

    def __init__(self, times_us: list[float]) -> None:
        self._low = math.log10(min(times_us, default=1.0))
        self._length = max(math.log10(max(times_us, default=10.0)) - self._low, 1e-9)

    def percent(self, time_us: float) -> float:
        """Where ``time_us`` lies; 0 for what is too short for a log scale."""
        return max((math.log10(time_us) - self._low) / self._length * 100, 0.0) if time_us > 0 else 0.0


def _hop_cell(run: Run, hop: Hop, scale: _LogScale) -> HopCell:
    left, right = scale.percent(hop.median_us), scale.percent(hop.p99_us)
    return HopCell(
        run.world, hop.count, wording.duration(hop.median_us), wording.duration(hop.p99_us), left, right - left
    )
