"""Charts of what customers saw: when they came, how fast they were answered, and how it came out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
from pandas import Series as Column

from scenarios.objectives import FAILURES

from . import wording
from .chart import Colour, Panel, Series, TimeChart
from .percentiles import grouped_percentiles, percentiles
from .run import Run
from .time_axis import TimeAxis

PERCENTILES: tuple[tuple[str, float, Colour], ...] = (
    ("p99", 99, "red"),
    ("p95", 95, "amber"),
    ("p50 (median)", 50, "blue"),
)

OUTCOMES: tuple[tuple[str, str, Colour], ...] = (
    ("ok", "ok", "blue"),
    ("refused", "refused by a business rule", "amber"),
    ("error", "error", "red"),
    ("unknown", "no answer", "grey"),
)

NO_REQUESTS = "No requests were recorded."

LOGARITHMIC_FROM = 20.0
"""Response times are drawn on a log scale if the largest is this many times the smallest."""


def request_charts(runs: Sequence[Run], axis: TimeAxis) -> list[TimeChart]:
    """All charts of requests, one panel a run."""
    return [arrivals_chart(runs, axis), response_chart(runs, axis), outcomes_chart(runs, axis)]


def arrivals_chart(runs: Sequence[Run], axis: TimeAxis) -> TimeChart:
    """Visits begun a second: as planned, and as the generator managed to send them."""
    return TimeChart(
        "arrivals",
        "Customers arriving",
        "Planned is when the scenario wanted each visit to begin; sent is when its first request left.",
        "arrivals per second",
        "rate",
        axis,
        tuple(_arrivals_panel(run, axis) for run in runs),
    )


def _arrivals_panel(run: Run, axis: TimeAxis) -> Panel:
    visits = run.visits
    if visits.empty:
        return Panel("", world=run.world, missing="No customer came.")
    planned = axis.rates(visits["intended_s"].to_numpy())
    sent = axis.rates(visits["started_s"].to_numpy())
    second, count = busiest_second(visits["intended_s"])
    title = f"{wording.counted(count, 'arrival')} in the busiest second, {_when(second)}"
    series = (Series("planned", planned, "sky", "area"), Series("sent", sent, "blue", "step"))
    return Panel(title, series, run.world)


def busiest_second(instants_s: Column) -> tuple[int, int]:
    """The whole second that holds most of ``instants_s`` (the first of equals), and how many it holds."""
    counts = numpy.floor(instants_s).astype("int64").value_counts().sort_index()
    return int(counts.idxmax()), int(counts.max())


def _when(second: int) -> str:
    if second in (-1, 0):
        return "right at the opening"
    return f"{wording.seconds(abs(second))} {'after' if second > 0 else 'before'} the opening"


def response_chart(runs: Sequence[Run], axis: TimeAxis) -> TimeChart:
    """Percentiles of the response time of the requests that were meant to start in each bucket."""
    panels = tuple(_response_panel(run, axis) for run in runs)
    return TimeChart(
        "response-times",
        "How fast answers came",
        "From the instant a request was meant to be sent until its answer, so waiting to be sent counts too.",
        "response time",
        "duration",
        axis,
        panels,
        logarithmic=_spread(panels) >= LOGARITHMIC_FROM,
    )


def _response_panel(run: Run, axis: TimeAxis) -> Panel:
    requests = run.requests
    if requests.empty:
        return Panel("", world=run.world, missing=NO_REQUESTS)
    response_us, buckets = requests["response_us"].to_numpy(), axis.bucket_of(requests["intended_s"].to_numpy())
    over_time = grouped_percentiles(response_us, buckets, axis.buckets, [wanted for _, wanted, _ in PERCENTILES])
    series = tuple(
        Series(name, values, colour) for (name, _, colour), values in zip(PERCENTILES, over_time, strict=True)
    )
    median, p99 = percentiles(response_us, [50, 99])
    return Panel(f"Half within {wording.duration(median)}, 99% within {wording.duration(p99)}", series, run.world)


def _spread(panels: tuple[Panel, ...]) -> float:
    drawn = [series.values for panel in panels for series in panel.series]
    values = numpy.concatenate(drawn) if drawn else numpy.array([])
    values = values[values > 0]
    return float(values.max() / values.min()) if values.size else 1.0


def outcomes_chart(runs: Sequence[Run], axis: TimeAxis) -> TimeChart:
    """Requests a second by what came of them, on top of each other."""
    return TimeChart(
        "outcomes",
        "What came of requests",
        "A refusal is an answer: sold out, or over the limit. Only errors and missing answers are failures.",
        "requests per second",
        "rate",
        axis,
        tuple(_outcomes_panel(run, axis) for run in runs),
    )


def _outcomes_panel(run: Run, axis: TimeAxis) -> Panel:
    requests = run.requests
    if requests.empty:
        return Panel("", world=run.world, missing=NO_REQUESTS)
    outcomes, intended_s = requests["outcome"].to_numpy(), requests["intended_s"].to_numpy()
    series = tuple(
        Series(name, axis.rates(intended_s[outcomes == outcome]), colour, "stack") for outcome, name, colour in OUTCOMES
    )
    failed = float(numpy.isin(outcomes, FAILURES).mean())
    refused = float((outcomes == "refused").mean())
    return Panel(f"{wording.percent(refused)} refused, {wording.percent(failed)} failed", series, run.world)
