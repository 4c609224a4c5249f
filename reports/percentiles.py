"""Percentiles as objectives take them: exact, by nearest rank, so that tables, charts and verdicts say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy
from numpy.typing import NDArray

from scenarios.objectives import nearest_ranks

from .time_axis import Floats


def percentiles(values: NDArray[Any], wanted: Sequence[float]) -> list[float]:
    """The ``wanted`` percentiles (0 to 100) of ``values``, of which there is at least one."""
    in_order = numpy.sort(values)
    counts = numpy.array([len(in_order)])
    return [float(in_order[int(nearest_ranks(percentile, counts)[0]) - 1]) for percentile in wanted]


def grouped_percentiles(
    values: NDArray[Any], groups: NDArray[numpy.int64], group_count: int, wanted: Sequence[float]
) -> list[Floats]:
    """For each wanted percentile an array with one entry per group 0 to ``group_count`` - 1; NaN where it is empty.

    ``groups`` says to which group each value belongs; values of other groups are left out.
    """
    inside = (groups >= 0) & (groups < group_count)
    values, groups = values[inside], groups[inside]
    in_order = values[numpy.lexsort((values, groups))]
    counts = numpy.bincount(groups, minlength=group_count)
    before, filled = numpy.cumsum(counts) - counts, counts > 0
    table = []
    for percentile in wanted:
        found = numpy.full(group_count, numpy.nan)
        found[filled] = in_order[(before + nearest_ranks(percentile, counts) - 1)[filled]]
        table.append(found)
    return table
