"""Charts of what was measured while a run went on: queues, lag, and the load on processes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy
from pandas import DataFrame

from . import wording
from .chart import CYCLE, LINES_AT_MOST, Panel, Series, TimeChart, Unit
from .run import Run
from .scales import in_unit
from .time_axis import Floats, TimeAxis


class Metric(msgspec.Struct, frozen=True):
    """How a measured metric is told. One that is ``expected`` is said to be missing when no run has samples of it."""

    name: str
    title: str
    spoken: str
    value_label: str
    unit: Unit = "count"
    expected: bool = False


METRICS = (
    Metric("queue_depth", "Messages waiting", "queue depth", "messages", expected=True),
    Metric("lag", "Consumer lag", "lag", "messages behind", expected=True),
    Metric("in_flight", "Requests in flight", "requests in flight", "requests"),
    Metric("cpu_percent", "Processor use", "processor use", "percent of one core", "percent"),
    Metric("rss_bytes", "Memory", "memory", "resident memory", "bytes"),
)


def sample_charts(runs: Sequence[Run], axis: TimeAxis) -> list[TimeChart]:
    """One chart for each known metric that is expected or was measured in one of ``runs``."""
    measured = {metric for run in runs for metric in run.samples["metric"].unique()}
    return [_chart(runs, metric, axis) for metric in METRICS if metric.expected or metric.name in measured]


def _chart(runs: Sequence[Run], metric: Metric, axis: TimeAxis) -> TimeChart:
    return TimeChart(
        metric.name.replace("_", "-"),
        metric.title,
        f"The highest sample of every {wording.seconds(axis.bucket_s)}; parts of one service are added up.",
        metric.value_label,
        metric.unit,
        axis,
        tuple(_panel(run, metric, axis) for run in runs),
    )


def _panel(run: Run, metric: Metric, axis: TimeAxis) -> Panel:
    samples = run.samples[run.samples["metric"] == metric.name]
    if samples.empty:
        return Panel("", world=run.world, missing=f"No samples of {metric.spoken} were recorded.")
    levels = _most_first(_levels(samples, axis))
    if not levels:
        return Panel("", world=run.world, missing=f"No samples of {metric.spoken} fall into the time shown.")
    name, most = next(iter(levels.items()))
    place = f", in {name}" if name else ""
    title = f"At most {in_unit(float(numpy.nanmax(most)), metric.unit)}{place}"
    lines = _at_most(LINES_AT_MOST, levels)
    series = tuple(
        Series(name or metric.spoken, values, colour)
        for (name, values), colour in zip(lines.items(), CYCLE, strict=False)
    )
    return Panel(title, series, run.world)


def _levels(samples: DataFrame, axis: TimeAxis) -> dict[str, Floats]:
    """Per service (the label before the slash) its peak in each bucket: parts added, NaN where not measured.

    Peaks of parts need not coincide, so the sum is an upper bound; a mean would hide what queues are watched for.
    """
    placed = samples.assign(
        bucket=axis.bucket_of(samples["seconds"].to_numpy()),
        service=samples["label"].str.partition("/")[0],
    )
    peaks = placed[placed["bucket"] >= 0].groupby(["service", "label", "bucket"])["value"].max()
    table = peaks.groupby(["service", "bucket"]).sum().unstack("service").reindex(range(axis.buckets))
    return {wording.printable(str(service)): table[service].to_numpy(dtype=float) for service in table.columns}


def _most_first(levels: dict[str, Floats]) -> dict[str, Floats]:
    return dict(sorted(levels.items(), key=lambda item: -float(numpy.nanmax(item[1]))))


def _at_most(limit: int, levels: dict[str, Floats]) -> dict[str, Floats]:
    """The first ``limit`` - 1 levels as they are, and the sum of all others."""
    if len(levels) <= limit:
        return levels
    names = list(levels)
    others = numpy.nansum([levels[name] for name in names[limit - 1 :]], axis=0)
    return {**{name: levels[name] for name in names[: limit - 1]}, f"{len(names) - limit + 1} others": others}
