"""Charts of waits: how many were how long."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from . import wording
from .chart import Panel, Series, TimeChart
from .gauge_charts import LEVEL_COLOURS
from .percentiles import percentiles
from .run import Run
from .slugs import slug
from .time_axis import TimeAxis
from .waits import Waited

BUCKETS_AT_MOST = 20
"""Columns of a histogram; with more of them it would show chance."""

World = tuple[Run, Waited]
"""A run with one kind of its waits."""


def wait_charts(runs: Sequence[Run]) -> list[TimeChart]:
    """One histogram for each wait that the system asks for, one panel a run."""
    return [_chart([(run, run.waits[number]) for run in runs]) for number, _ in enumerate(runs[0].pictures.waits)]


def _chart(worlds: list[World]) -> TimeChart:
    wait = worlds[0][1].wait
    longest_s = max((float(waited.seconds.max(initial=0.0)) for _, waited in worlds), default=0.0)
    axis = TimeAxis.spanning(0.0, longest_s, BUCKETS_AT_MOST)
    keys = sorted({str(key) for _, waited in worlds for key in waited.keys}, key=wording.natural_order)
    return TimeChart(
        slug(wait.title),
        wait.title,
        f"How many {wait.unit} took how long {wait.between}, in steps of {wording.seconds(axis.bucket_s)}.",
        wait.unit,
        "count",
        axis,
        tuple(_panel(run, waited, keys, axis) for run, waited in worlds),
        since=wait.between,
    )


def _panel(run: Run, waited: Waited, keys: list[str], axis: TimeAxis) -> Panel:
    if not waited.seconds.size:
        return Panel("", world=run.world, missing=f"No wait {waited.wait.between} came to an end.")
    median_s, p95_s = percentiles(waited.seconds, [50, 95])
    series = tuple(
        Series(key, axis.counts(waited.of(key)), colour, "stack")
        for key, colour in zip(keys, cycle(LEVEL_COLOURS), strict=False)
    )
    return Panel(f"Half within {wording.seconds(median_s)}, 95% within {wording.seconds(p95_s)}", series, run.world)
