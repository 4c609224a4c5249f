"""Charts of the history itself: how often each type of event happened, when, and how long one took to cause another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from . import wording
from .chart import Bar, BarChart, HeatChart, HeatPanel
from .hops import Hop
from .run import Run
from .time_axis import Floats, TimeAxis

TYPES_SHOWN = 30
"""Types of events drawn; of more, the most frequent."""

HOPS_SHOWN = 25
"""Hops listed; of more, those on which most time was spent."""

NO_EVENTS = "No events were recorded."


def event_charts(runs: Sequence[Run], axis: TimeAxis) -> list[BarChart | HeatChart]:
    """All charts made from events."""
    return [hops_chart(runs), counts_chart(runs), flow_chart(runs, axis)]


def counts_of(runs: Sequence[Run]) -> list[tuple[str, tuple[int, ...]]]:
    """Each type of event with how often it happened in each run, the most frequent first."""
    worlds = [run.events["name"].value_counts().to_dict() for run in runs]
    names = {str(name) for world in worlds for name in world}
    counts = [(name, tuple(int(world.get(name, 0)) for world in worlds)) for name in sorted(names)]
    return sorted(counts, key=lambda row: -max(row[1]))


def counts_chart(runs: Sequence[Run]) -> BarChart:
    """How often each type of event happened."""
    counts = counts_of(runs)
    return BarChart(
        "events-by-type",
        "Events by type",
        "Everything that the services decided, and what clients and the outside reported.",
        "events",
        "count",
        tuple(run.world for run in runs),
        tuple(Bar(name, tuple(float(count) for count in each)) for name, each in counts[:TYPES_SHOWN]),
        "" if counts else NO_EVENTS,
    )


def hops_beside(runs: Sequence[Run]) -> list[tuple[str, tuple[Hop | None, ...]]]:
    """Hops by label, one column a run, at most ``HOPS_SHOWN`` of them, in order of first passage."""
    columns = [{hop.label: hop for hop in run.hops} for run in runs]
    labels = list(dict.fromkeys(label for column in columns for label in column))
    spent = {label: max(column[label].spent_us for column in columns if label in column) for label in labels}
    kept = set(sorted(labels, key=lambda label: -spent[label])[:HOPS_SHOWN])
    return [(label, tuple(column.get(label) for column in columns)) for label in labels if label in kept]


def hops_chart(runs: Sequence[Run]) -> BarChart:
    """From the median to the 99th percentile of each hop."""
    hops = hops_beside(runs)
    return BarChart(
        "hops",
        "Where time goes",
        "From an event to the event that it caused: the dot is the median, the line ends at the 99th percentile.",
        "time",
        "duration",
        tuple(run.world for run in runs),
        tuple(
            Bar(
                label,
                tuple(hop.median_us if hop else None for hop in each),
                tuple(hop.p99_us if hop else None for hop in each),
            )
            for label, each in hops
        ),
        "" if hops else "No event of this run names another event as its cause.",
    )


def flow_chart(runs: Sequence[Run], axis: TimeAxis) -> HeatChart:
    """How often each type of event happened in each bucket, types in order of their first appearance."""
    shown = {name for name, _ in counts_of(runs)[:TYPES_SHOWN]}
    appeared = dict.fromkeys(str(name) for run in runs for name in run.events["name"].unique())
    rows = [name for name in appeared if name in shown]
    return HeatChart(
        "event-flow",
        "Events over time",
        f"Each row is a type of event, each cell {wording.seconds(axis.bucket_s)}; darker is more, on a log scale.",
        axis,
        tuple(rows),
        tuple(HeatPanel(_busiest(run, axis), _counts(run, rows, axis), run.world) for run in runs),
        missing="" if rows else NO_EVENTS,
    )


def _counts(run: Run, rows: list[str], axis: TimeAxis) -> Floats:
    buckets = axis.bucket_of(run.events["seconds"].to_numpy())
    row = {name: number for number, name in enumerate(rows)}
    numbers = run.events["name"].map(row).fillna(-1).to_numpy(dtype=numpy.int64)
    inside = (buckets >= 0) & (numbers >= 0)
    cells = numpy.bincount(numbers[inside] * axis.buckets + buckets[inside], minlength=len(rows) * axis.buckets)
    return cells.reshape(len(rows), axis.buckets).astype(numpy.float64)


def _busiest(run: Run, axis: TimeAxis) -> str:
    rates = axis.rates(run.events["seconds"].to_numpy())
    return f"At most {wording.number(float(rates.max()))} events a second"
