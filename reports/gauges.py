"""Levels that rise and fall with events, such as stock, counted out of a history by a system's picture definitions."""

from __future__ import annotations

from collections.abc import Iterable
from string import Template

import msgspec
import numpy
from numpy.typing import NDArray

from . import wording
from .happenings import Happened, Happenings, field_of, number_in
from .pictures import Change, Gauge, GaugeSeries, Pictures
from .time_axis import Floats, TimeAxis


class Moves(msgspec.Struct, frozen=True):
    """How one series of a gauge moved: instants in seconds (ascending), amounts, and the key that each was for."""

    seconds: Floats
    amounts: Floats
    keys: NDArray[numpy.str_]

    def levels(self, axis: TimeAxis) -> Floats:
        """The level at the end of each bucket."""
        reached = numpy.searchsorted(self.seconds, axis.edges_s[1:], side="left")
        levels: Floats = numpy.concatenate([[0.0], self.amounts.cumsum()])[reached]
        return levels

    def peaks(self, axis: TimeAxis) -> Floats:
        """The highest level within each bucket."""
        peaks = numpy.concatenate([[0.0], self.levels(axis)])[:-1]
        buckets = axis.bucket_of(self.seconds)
        inside = buckets >= 0
        numpy.maximum.at(peaks, buckets[inside], self.amounts.cumsum()[inside])
        return peaks

    def of(self, key: str) -> Moves:
        """The moves of one key alone."""
        chosen = self.keys == key
        return Moves(self.seconds[chosen], self.amounts[chosen], self.keys[chosen])

    def busiest_keys(self) -> list[str]:
        """The keys, those with most moves first."""
        keys, counts = numpy.unique(self.keys, return_counts=True)
        return [str(key) for key in keys[numpy.argsort(-counts, kind="stable")]]

    @property
    def final(self) -> float:
        """The level after everything."""
        return float(self.amounts.sum())

    @property
    def peak(self) -> float:
        """The highest level of all, at least zero."""
        return float(self.amounts.cumsum().max(initial=0.0))

    def ran_out_s(self) -> float | None:
        """When the level, having been above zero, first fell to zero. None: it never did."""
        levels = self.amounts.cumsum()
        fallen = numpy.flatnonzero((levels <= 0) & (numpy.maximum.accumulate(levels) > 0))
        return float(self.seconds[fallen[0]]) if fallen.size else None


class CountedGauge(msgspec.Struct, frozen=True):
    """A gauge with the moves of each of its series in one run."""

    gauge: Gauge
    moves: dict[str, Moves]

    @property
    def chief(self) -> Moves:
        """The moves of the series to draw where there is room for one only."""
        return self.moves[self.gauge.chief().name]

    @property
    def drawn(self) -> dict[str, Moves]:
        """The moves of the series that are to be seen, by name."""
        return {series.name: self.moves[series.name] for series in self.gauge.series if series.drawn}

    @property
    def moved(self) -> bool:
        """Whether any event of the run moved it."""
        return any(moves.seconds.size for moves in self.moves.values())

    @property
    def ran_out_s(self) -> float | None:
        """When the series that can run out first did, in seconds from time 0. None: never, or none can."""
        return self.chief.ran_out_s() if self.gauge.runs_out else None


def count(pictures: Pictures, happenings: Happenings) -> tuple[CountedGauge, ...]:
    """Every gauge of ``pictures``. Raises `BadPictures` if an event lacks a field that a gauge needs."""
    return tuple(
        CountedGauge(gauge, {series.name: _moves(happenings, gauge, series) for series in gauge.series})
        for gauge in pictures.gauges
    )


def headline(pictures: Pictures, gauges: Iterable[CountedGauge]) -> str:
    """The system's sentence on how the run went, with final levels filled in; empty if it has none."""
    levels = {name: wording.number(moves.final) for counted in gauges for name, moves in counted.moves.items()}
    return Template(pictures.headline).safe_substitute(levels)


def _moves(happenings: Happenings, gauge: Gauge, series: GaugeSeries) -> Moves:
    rows = [
        (happened.seconds, _amount(change, happened), wording.printable(str(field_of(happened, gauge.per) or "")))
        for happened, change in happenings.of_any(series.changes)
    ]
    rows.sort(key=lambda row: row[0])
    return Moves(
        numpy.array([row[0] for row in rows], dtype=float),
        numpy.array([row[1] for row in rows], dtype=float),
        numpy.array([row[2] for row in rows], dtype=str),
    )


def _amount(change: Change, happened: Happened) -> float:
    sign, path = (-1 if change.amount[0] == "-" else 1), change.amount[1:]
    return sign * (int(path) if path.isdigit() else number_in(happened, path, change.event))
