"""Charts of occupied time: a row for each thing that offered time, darker where more of it was used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from . import wording
from .chart import HeatChart, HeatPanel
from .run import Run
from .scales import in_unit
from .slugs import slug
from .time_axis import TimeAxis
from .utilization import Books

ROWS_AT_MOST = 24
"""Things drawn; of more, those that were used most."""

ALL = "all"
"""The name of the row on top."""

World = tuple[Run, Books]
"""A run with one of its books."""


def utilization_charts(runs: Sequence[Run], axis: TimeAxis) -> list[HeatChart]:
    """One chart for each utilization that the system asks for, one panel a run."""
    return [
        _chart([(run, run.books[number]) for run in runs], axis)
        for number, _ in enumerate(runs[0].pictures.utilizations)
    ]


def _chart(worlds: list[World], axis: TimeAxis) -> HeatChart:
    title = worlds[0][1].utilization.title
    names = list(dict.fromkeys(name for _, books in worlds for name in books.names))
    shown = _most_used(worlds, names, axis)
    apart = f" The {len(shown)} of {len(names)} used most are shown." if len(names) > len(shown) else ""
    return HeatChart(
        slug(title),
        title,
        f"Share of the time offered that was used, every {wording.seconds(axis.bucket_s)} and, at the end of a row, "
        f"overall. Darker is fuller, white is not offered.{apart}",
        axis,
        (ALL, *shown),
        tuple(_panel(run, books, shown, axis) for run, books in worlds),
        unit="percent",
        missing="" if names else "No event of this run offered any time.",
    )


def _most_used(worlds: list[World], names: list[str], axis: TimeAxis) -> list[str]:
    used = {name: max(numpy.nan_to_num(books.share([name], axis)) for _, books in worlds) for name in names}
    return sorted(sorted(names, key=lambda name: -used[name])[:ROWS_AT_MOST], key=wording.natural_order)


def _panel(run: Run, books: Books, shown: list[str], axis: TimeAxis) -> HeatPanel:
    rows = [books.names, *([name] for name in shown)]
    shares = [books.share(names, axis) for names in rows]
    return HeatPanel(
        f"{wording.percent(shares[0])} of the time offered was used",
        100 * numpy.array([books.shares(names, axis) for names in rows]),
        run.world,
        tuple(in_unit(100 * share, "percent") if numpy.isfinite(share) else wording.MISSING for share in shares),
    )
