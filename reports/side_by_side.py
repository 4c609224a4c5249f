"""Simulated beside live: the same figures of both worlds, and where they agree."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import msgspec

from . import wording
from .key_figures import KeyFigures, Latency

COUNTS_AGREE_WITHIN = 0.05
"""Counts agree if they differ by at most this share of the larger."""

SHARES_AGREE_WITHIN = 0.01
"""Shares agree if they differ by at most one percentage point."""

TIMES_AGREE_WITHIN = 1.5
"""Times agree if neither is more than this many times the other. A simulation that knows only service times and the
shape of the network cannot be expected to be closer."""

TIMES_TOO_SHORT_TO_TELL_US = 5_000
"""Times that differ by less agree in any case: no customer notices."""

HOW_WE_COMPARE = (
    "Counts agree within 5%, shares within one percentage point, times within a factor of 1.5 or 5 ms; "
    "violations agree only if they are equal."
)

Kind = Literal["count", "share", "time", "exact"]


class Row(msgspec.Struct, frozen=True):
    """One figure in both worlds; None where a world has none. Times are in microseconds."""

    name: str
    kind: Kind
    simulated: float | None
    live: float | None

    @property
    def comparable(self) -> bool:
        """Whether both worlds have this figure, or neither (something that happened in no world)."""
        return (self.simulated is None) == (self.live is None)

    @property
    def agrees(self) -> bool:
        """Whether the worlds agree on this figure."""
        if self.simulated is None or self.live is None:
            return self.comparable
        difference = abs(self.live - self.simulated)
        match self.kind:
            case "count":
                return difference <= COUNTS_AGREE_WITHIN * max(abs(self.simulated), abs(self.live))
            case "share":
                return difference <= SHARES_AGREE_WITHIN
            case "time":
                return difference <= TIMES_TOO_SHORT_TO_TELL_US or self.apart <= TIMES_AGREE_WITHIN
            case "exact":
                return difference == 0

    @property
    def apart(self) -> float:
        """How many times the smaller figure the larger one is; infinite if only one is zero or missing."""
        if self.simulated is None or self.live is None:
            return 1.0 if self.comparable else math.inf
        smaller, larger = sorted((abs(self.simulated), abs(self.live)))
        return 1.0 if larger == smaller else larger / smaller if smaller else math.inf

    @property
    def told(self) -> tuple[str, str]:
        """Both figures as one writes them."""
        return _told(self.kind, self.simulated), _told(self.kind, self.live)

    @property
    def difference(self) -> str:
        """Live against simulated: a factor, or percentage points for shares."""
        if self.simulated is None or self.live is None:
            return wording.MISSING
        if self.kind == "share":
            points = (self.live - self.simulated) * 100
            return f"{points:+.2f} points".replace("-", "−") if round(points, 2) else "equal"
        if self.live == self.simulated:
            return "equal"
        return f"× {self.live / self.simulated:.2f}" if self.simulated else wording.MISSING


def rows_of(simulated: KeyFigures, live: KeyFigures) -> list[Row]:
    """Every figure of both worlds, in the order in which one reads them."""
    both = (simulated, live)
    return [
        _row("Customers", "count", both, lambda figures: figures.customers),
        _row("Arrivals in the busiest second", "count", both, lambda figures: figures.busiest_second),
        _row("Requests", "count", both, lambda figures: figures.shares.requests),
        _row("Requests refused by a rule", "share", both, lambda figures: figures.shares.refused),
        _row("Requests failed", "share", both, lambda figures: figures.shares.failed),
        _row("Response time, median", "time", both, _latency(lambda latency: latency.p50_us)),
        _row("Response time, 95th percentile", "time", both, _latency(lambda latency: latency.p95_us)),
        _row("Response time, 99th percentile", "time", both, _latency(lambda latency: latency.p99_us)),
        *_ran_out_rows(simulated, live),
        _row("Events", "count", both, lambda figures: figures.events),
        _row("Violations of invariants", "exact", both, lambda figures: figures.violations),
    ]


def summary(rows: list[Row]) -> str:
    """Where the two worlds agree, in a sentence or two."""
    apart = [row for row in rows if not row.agrees]
    if not apart:
        return (
            f"Simulation and reality agree on {'all ' if len(rows) > 1 else ''}{wording.counted(len(rows), 'figure')}."
        )
    said = f"Simulation and reality agree on {len(rows) - len(apart)} of {len(rows)} figures. They are apart on "
    return said + wording.listed([_how_apart(row) for row in apart]) + "."


def _how_apart(row: Row) -> str:
    simulated, live = row.told
    return f"{row.name[0].lower()}{row.name[1:]} ({simulated} simulated, {live} live)"


def _row(
    name: str, kind: Kind, both: tuple[KeyFigures, KeyFigures], figure: Callable[[KeyFigures], float | None]
) -> Row:
    return Row(name, kind, *(_known(figure(figures)) for figures in both))


def _latency(figure: Callable[[Latency], float]) -> Callable[[KeyFigures], float | None]:
    return lambda figures: figure(figures.latency) if figures.latency else None


def _ran_out_rows(simulated: KeyFigures, live: KeyFigures) -> list[Row]:
    worlds = [{gauge.label: gauge.after_s for gauge in figures.ran_out} for figures in (simulated, live)]
    labels = dict.fromkeys(label for world in worlds for label in world)
    return [Row(label, "time", *(_us(world.get(label)) for world in worlds)) for label in labels]


def _us(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e6


def _known(value: float | None) -> float | None:
    """None for what is not a number, such as a share of nothing."""
    return value if value is not None and math.isfinite(value) else None


def _told(kind: Kind, value: float | None) -> str:
    match kind:
        case "time":
            return wording.duration(value)
        case "share":
            return wording.percent(value)
        case _:
            return wording.number(value)
