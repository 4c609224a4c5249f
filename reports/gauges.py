"""Levels that rise and fall with events, such as stock, counted out of a history by a system's picture definitions."""

from __future__ import annotations

from collections.abc import Iterable
from string import Template
from typing import Any

import msgspec
import numpy
from numpy.typing import NDArray
from pandas import DataFrame

from . import wording
from .pictures import BadPictures, Change, Gauge, GaugeSeries, Pictures
from .time_axis import Floats, TimeAxis

_decode = msgspec.json.Decoder(dict[str, Any]).decode

_Happened = tuple[float, dict[str, Any]]
"""An event that a gauge wants to know: its instant in seconds, and its fields."""


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
    def moved(self) -> bool:
        """Whether any event of the run moved it."""
        return any(moves.seconds.size for moves in self.moves.values())

    @property
    def ran_out_s(self) -> float | None:
        """When the series that can run out first did, in seconds from time 0. None: never, or none can."""
        return self.chief.ran_out_s() if self.gauge.runs_out else None


def count(pictures: Pictures, events: DataFrame) -> tuple[CountedGauge, ...]:
    """Every gauge of ``pictures`` over ``events`` (columns ``seconds, type, data``, in order of the history).

    Raises `BadPictures` if an event lacks a field that a gauge needs.
    """
    wanted = {change.event for gauge in pictures.gauges for series in gauge.series for change in series.changes}
    happened = {event: _happened(events, event) for event in sorted(wanted)}
    return tuple(
        CountedGauge(gauge, {series.name: _moves(happened, gauge, series) for series in gauge.series})
        for gauge in pictures.gauges
    )


def headline(pictures: Pictures, gauges: Iterable[CountedGauge]) -> str:
    """The system's sentence on how the run went, with final levels filled in; empty if it has none."""
    levels = {name: wording.number(moves.final) for counted in gauges for name, moves in counted.moves.items()}
    return Template(pictures.headline).safe_substitute(levels)


def _happened(events: DataFrame, event: str) -> list[_Happened]:
    """The events whose type is or ends in ``event``, in order of the history."""
    types = [name for name in events["type"].unique() if f".{name}".endswith(f".{event}")]
    chosen = events[events["type"].isin(types)]
    return [(instant_s, _decode(text)) for instant_s, text in zip(chosen["seconds"], chosen["data"], strict=True)]


def _moves(happened: dict[str, list[_Happened]], gauge: Gauge, series: GaugeSeries) -> Moves:
    rows = [
        (instant_s, _amount(change, fields), wording.printable(str(fields.get(gauge.per, ""))))
        for change in series.changes
        for instant_s, fields in happened[change.event]
        if all(fields.get(name) == wanted for name, wanted in change.where.items())
    ]
    rows.sort(key=lambda row: row[0])
    return Moves(
        numpy.array([row[0] for row in rows], dtype=float),
        numpy.array([row[1] for row in rows], dtype=float),
        numpy.array([row[2] for row in rows], dtype=str),
    )


def _amount(change: Change, fields: dict[str, Any]) -> float:
    sign, name = (-1 if change.amount[0] == "-" else 1), change.amount[1:]
    value = int(name) if name.isdigit() else fields.get(name)
    if not isinstance(value, int | float):
        raise BadPictures(f"pictures of the run: {change.event} has no number in its field {name!r}")
    return sign * value
