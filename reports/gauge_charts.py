"""Charts of a system's gauges: the levels together, and the chief of them apart for each key."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy

from . import wording
from .chart import CYCLE, WORLD_COLOURS, Colour, Mark, Panel, Series, TimeChart, Unit
from .gauges import CountedGauge, Moves
from .pictures import Gauge
from .run import Run
from .scales import tick, time_unit
from .slugs import slug
from .spans import running_out_axis
from .time_axis import Floats, TimeAxis

LEVEL_COLOURS: tuple[Colour, ...] = ("sky", "amber", "blue", "green", "violet", "grey")

KEYS_AT_MOST = 12
"""Keys drawn in one chart; of more, those that move most are shown."""


World = tuple[Run, CountedGauge]
"""A run with one of its gauges."""


def gauge_charts(runs: Sequence[Run], rush: TimeAxis, whole: TimeAxis) -> list[TimeChart]:
    """The charts of every gauge: while it runs out, during the rush, over the whole run, and apart by key.

    Stretches of time that are about the same are shown once.
    """
    charts: list[TimeChart] = []
    for number, gauge in enumerate(runs[0].pictures.gauges):
        worlds = [(run, run.gauges[number]) for run in runs]
        ran_out_s = [counted.ran_out_s for _, counted in worlds]
        running_out = running_out_axis(rush, [instant_s for instant_s in ran_out_s if instant_s is not None])
        if running_out != rush:
            charts.append(_together(worlds, f"{gauge.title}, while it ran out", running_out))
        charts.append(_together(worlds, gauge.title, rush))
        if whole != rush:
            charts.append(_together(worlds, f"{gauge.title}, the whole run", whole))
        if gauge.per:
            charts.append(_apart(worlds, running_out))
    return charts


def _together(worlds: list[World], title: str, axis: TimeAxis) -> TimeChart:
    gauge = worlds[0][1].gauge
    return TimeChart(
        slug(title),
        title,
        _note(gauge, axis),
        "share" if gauge.share_of else gauge.unit,
        _unit(gauge),
        axis,
        tuple(_panel(run, counted, axis) for run, counted in worlds),
    )


def _note(gauge: Gauge, axis: TimeAxis) -> str:
    if gauge.share_of:
        return f"Percent of the {gauge.unit} {gauge.share_of} so far."
    every = f"every {wording.seconds(axis.bucket_s)}"
    levels = f"most {gauge.unit} within" if gauge.told_by == "peak" else f"{gauge.unit} at the end of"
    return f"Counted from the history: {levels} {every}."


def _unit(gauge: Gauge) -> Unit:
    return "percent" if gauge.share_of else gauge.measure


def _panel(run: Run, counted: CountedGauge, axis: TimeAxis) -> Panel:
    gauge = counted.gauge
    if not counted.moved:
        return Panel("", world=run.world, missing=f"No event of this run moved {gauge.title.lower()}.")
    colours, mark = _look(gauge)
    series = tuple(
        Series(name, _values(counted, moves, axis), colour, mark)
        for (name, moves), colour in zip(counted.drawn.items(), cycle(colours), strict=False)
    )
    return Panel(_how_it_went(counted), series, run.world)


def _look(gauge: Gauge) -> tuple[tuple[Colour, ...], Mark]:
    """Pale colours first where they fill an area; strong ones for lines."""
    return (LEVEL_COLOURS, "stack") if gauge.stacked and not gauge.share_of else (CYCLE, "step")


def _values(counted: CountedGauge, moves: Moves, axis: TimeAxis) -> Floats:
    """The levels of ``moves``, or their percentage of those that they are shares of (NaN of nothing)."""
    if counted.gauge.told_by == "peak":
        return moves.peaks(axis)
    levels = moves.levels(axis)
    if not counted.gauge.share_of:
        return levels
    of = counted.moves[counted.gauge.share_of].levels(axis)
    return numpy.divide(100 * levels, of, out=numpy.full_like(of, numpy.nan), where=of > 0)


def _how_it_went(counted: CountedGauge) -> str:
    gauge = counted.gauge
    if counted.ran_out_s is not None:
        return f"{gauge.ran_out} {wording.seconds(counted.ran_out_s)}"
    if gauge.share_of:
        return _final_shares(counted)
    peak = gauge.told_by == "peak"
    levels = {name: moves.peak if peak else moves.final for name, moves in counted.drawn.items()}
    told = wording.listed([f"{tick(level, gauge.measure)} {name}" for name, level in levels.items()])
    return f"{'At most' if peak else 'At the end'} {told}"


def _final_shares(counted: CountedGauge) -> str:
    gauge, whole = counted.gauge, counted.moves[counted.gauge.share_of].final
    told = [
        f"{wording.percent(moves.final / whole if whole else None)} {name}: {wording.number(moves.final)}"
        for name, moves in counted.drawn.items()
    ]
    return f"{', '.join(told)} of {wording.number(whole)} {gauge.unit}"


def _apart(worlds: list[World], axis: TimeAxis) -> TimeChart:
    gauge = worlds[0][1].gauge
    keys = list(dict.fromkeys(key for _, counted in worlds for key in counted.chief.busiest_keys() if key))
    shown = sorted(keys[:KEYS_AT_MOST])
    apart = f"The {len(shown)} of {len(keys)} that moved most" if len(keys) > len(shown) else "Each on its own"
    return TimeChart(
        slug(f"{gauge.title} by {gauge.per}"),
        f"{gauge.title} {gauge.chief().name}, by {gauge.per}",
        f"{apart}, over {time_unit(axis)[0]} since the opening; they share the scale.",
        gauge.unit,
        "count",
        axis,
        tuple(_key_panel(worlds, key, axis) for key in shown),
        small=True,
    )


def _key_panel(worlds: list[World], key: str, axis: TimeAxis) -> Panel:
    series = tuple(
        Series(
            run.world.lower(),
            counted.chief.of(key).levels(axis),
            WORLD_COLOURS[run.world],
            "step",
            dashed=len(worlds) > 1 and run.info.world == "simulated",
        )
        for run, counted in worlds
    )
    return Panel(key, series)
