"""Axes with round numbers in the unit that fits: clock time along the bottom, quantities up the side."""

from __future__ import annotations

import math

import numpy
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter, NullLocator

from . import wording
from .chart import TimeChart, Unit
from .time_axis import TimeAxis

TIME_UNITS = (("seconds", 1, 200), ("minutes", 60, 3 * 3_600), ("hours", 3_600, 3 * 86_400), ("days", 86_400, math.inf))
"""Name, length in seconds, and the longest stretch of time told in this unit."""

TICK_STEPS = (0.5, 1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60, 100, 120, 200, 300)
TICKS_AT_MOST = 8

FEW_DECADES = 500
"""A log scale whose end is less than this many times its start has few powers of ten."""

HEADROOM = 1.06
"""The top of the scale, as a multiple of the largest value."""


def time_unit(axis: TimeAxis) -> tuple[str, int]:
    """The unit in which ``axis`` is told, and its length in seconds."""
    length_s = axis.end_s - axis.start_s
    return next((name, unit_s) for name, unit_s, longest_s in TIME_UNITS if length_s <= longest_s)


def set_time_axis(axes: Axes, axis: TimeAxis, since: str) -> None:
    """Time along the bottom of ``axes``, whose data are in seconds; the label says ``since`` when, or is left out."""
    name, unit_s = time_unit(axis)
    length = (axis.end_s - axis.start_s) / unit_s
    step = next((step for step in TICK_STEPS if length / step <= TICKS_AT_MOST), length / TICKS_AT_MOST)
    axes.set_xlim(axis.start_s, axis.end_s)
    axes.xaxis.set_major_locator(MultipleLocator(step * unit_s))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / unit_s:g}".replace("-", "−")))
    if since:
        axes.set_xlabel(f"{name} {since}", fontsize="small")


def value_limits(chart: TimeChart) -> tuple[float, float]:
    """The scale that all panels of ``chart`` share: from zero, or on a log scale from below the smallest value."""
    tops, bottoms = [0.0], [math.inf]
    for panel in chart.panels:
        stacked = numpy.zeros(chart.axis.buckets)
        for series in panel.series:
            if series.mark == "stack":
                stacked = stacked + numpy.nan_to_num(series.values)
                tops.append(float(stacked.max()))
            elif numpy.isfinite(series.values).any():
                tops.append(float(numpy.nanmax(series.values)))
                positive = series.values[series.values > 0]
                bottoms.append(float(positive.min()) if positive.size else math.inf)
    if chart.logarithmic:
        return min(bottoms) / 1.5, max(tops) * 1.5
    return 0.0, max(tops) * HEADROOM or 1.0


def set_value_axis(axes: Axes, chart: TimeChart) -> None:
    """The chart's scale up the side of ``axes``."""
    axes.set_ylim(*value_limits(chart))
    if chart.logarithmic:
        axes.set_yscale("log")
        mark_logarithmic(axes.yaxis)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(3 if chart.small else 5, integer=chart.unit == "count"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, chart.unit)))


def mark_logarithmic(axis: Axis) -> None:
    """Marks on a log scale at powers of ten, and where these are few, at twice and five times them."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < FEW_DECADES * low else (1,), numticks=12))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def tick(value: float, unit: Unit) -> str:
    """A value as it stands at the side of a chart: no digit more than it needs."""
    match unit:
        case "duration":
            return duration_tick(value)
        case "percent":
            return f"{value:g}%"
        case "bytes":
            return f"{value / 1e6:,.0f} MB"
        case "money":
            return f"{value / 100:,.0f}"
        case _:
            return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:g}"


def in_unit(value: float, unit: Unit) -> str:
    """A value as one writes it in a sentence."""
    match unit:
        case "bytes":
            return f"{value / 1e6:,.0f} MB"
        case "percent":
            return f"{value:,.0f}%"
        case "duration":
            return wording.duration(value)
        case "money":
            return f"{value / 100:,.2f}"
        case _:
            return wording.number(round(value) if value >= 10 else value)


def duration_tick(duration_us: float) -> str:
    """A round duration in microseconds: ``200 ms``, ``1.5 s``, ``2 min``."""
    if duration_us >= 120e6:
        return wording.duration(duration_us)
    if duration_us >= 1e6 or duration_us == 0:
        return f"{duration_us / 1e6:g} s"
    return f"{duration_us / 1e3:g} ms"
