"""Charts of a system's gauges: the levels together, and the chief of them apart for each key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import cycle

from . import wording
from .chart import WORLD_COLOURS, Colour, Panel, Series, TimeChart
from .gauges import CountedGauge
from .run import Run
from .scales import time_unit
from .spans import running_out_axis
from .time_axis import TimeAxis

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


def _slug(title: str) -> str:
    """A name for files and anchors, whatever the title holds."""
    return "gauge-" + "-".join(re.findall(r"[a-z0-9]+", title.lower()))


def _together(worlds: list[World], title: str, axis: TimeAxis) -> TimeChart:
    gauge = worlds[0][1].gauge
    return TimeChart(
        _slug(title),
        title,
        f"Counted from the history: {gauge.unit} at the end of every {wording.seconds(axis.bucket_s)}.",
        gauge.unit,
        "count",
        axis,
        tuple(_panel(run, counted, axis) for run, counted in worlds),
    )


def _panel(run: Run, counted: CountedGauge, axis: TimeAxis) -> Panel:
    gauge = counted.gauge
    if not counted.moved:
        return Panel("", world=run.world, missing=f"No event of this run moved {gauge.title.lower()}.")
    drawn = [series.name for series in gauge.series if series.drawn]
    series = tuple(
        Series(name, counted.moves[name].levels(axis), colour, "stack" if gauge.stacked else "step")
        for name, colour in zip(drawn, cycle(LEVEL_COLOURS), strict=False)
    )
    return Panel(_how_it_went(counted), series, run.world)


def _how_it_went(counted: CountedGauge) -> str:
    gauge = counted.gauge
    if counted.ran_out_s is not None:
        return f"{gauge.ran_out} {wording.seconds(counted.ran_out_s)}"
    return f"At the end {wording.number(counted.chief.final)} {gauge.unit} {gauge.chief().name}"


def _apart(worlds: list[World], axis: TimeAxis) -> TimeChart:
    gauge = worlds[0][1].gauge
    keys = list(dict.fromkeys(key for _, counted in worlds for key in counted.chief.busiest_keys() if key))
    shown = sorted(keys[:KEYS_AT_MOST])
    apart = f"The {len(shown)} of {len(keys)} that moved most" if len(keys) > len(shown) else "Each on its own"
    return TimeChart(
        _slug(f"{gauge.title} by {gauge.per}"),
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
