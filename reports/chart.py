"""What a chart says, before it is drawn: the same description becomes a picture file and a part of the page."""

from __future__ import annotations

from typing import Literal

import msgspec

from .time_axis import Floats, TimeAxis

Colour = Literal["deep", "blue", "sky", "amber", "red", "green", "violet", "grey"]

CYCLE: tuple[Colour, ...] = ("blue", "amber", "green", "violet", "sky", "red", "deep", "grey")
"""Colours for things that have none of their own, in order of use."""

WORLD_COLOURS: dict[str, Colour] = {"Simulated": "violet", "Live": "green"}
"""The two worlds, where they share a drawing."""

LINES_AT_MOST = 6
"""Lines that one panel shows; what is beyond is added up."""

Mark = Literal["line", "step", "area", "stack"]
"""How a series is drawn: as a line, a line with steps, a filled shape behind the lines, or on top of the one before."""

Unit = Literal["count", "rate", "duration", "percent", "bytes", "money"]
"""What values are: numbers, numbers a second, microseconds, percent, bytes, cents."""

SINCE_THE_OPENING = "since the opening"


class Series(msgspec.Struct, frozen=True):
    """One value per bucket of the axis; NaN where there is none."""

    name: str
    values: Floats
    colour: Colour
    mark: Mark = "line"
    dashed: bool = False


class Panel(msgspec.Struct, frozen=True):
    """One drawing in a chart. ``title`` says what one sees; ``missing`` says why there is nothing to see."""

    title: str
    series: tuple[Series, ...] = ()
    world: str = ""
    missing: str = ""


class TimeChart(msgspec.Struct, frozen=True):
    """Panels that share a time axis and a scale of values. ``small`` ones are drawn many to a row.

    ``since`` says from where the axis counts.
    """

    slug: str
    title: str
    note: str
    value_label: str
    unit: Unit
    axis: TimeAxis
    panels: tuple[Panel, ...]
    small: bool = False
    logarithmic: bool = False
    since: str = SINCE_THE_OPENING

    @property
    def missing(self) -> str:
        """Why nothing at all can be drawn, or empty."""
        if any(not panel.missing for panel in self.panels):
            return ""
        return " ".join(dict.fromkeys(panel.missing for panel in self.panels)) or "There is nothing to draw."


class Bar(msgspec.Struct, frozen=True):
    """One row of a bar chart: a value per world, and where the mark is a span, the value at which it ends."""

    label: str
    values: tuple[float | None, ...]
    ends: tuple[float | None, ...] = ()


class BarChart(msgspec.Struct, frozen=True):
    """Rows of bars, one bar for each of ``worlds``; with ``ends``, spans from a value to another on a log scale."""

    slug: str
    title: str
    note: str
    value_label: str
    unit: Unit
    worlds: tuple[str, ...]
    bars: tuple[Bar, ...]
    missing: str = ""


class HeatPanel(msgspec.Struct, frozen=True):
    """How much of each row there was in each bucket: ``values`` has shape (rows, buckets), NaN where there is none.

    ``totals`` stand at the end of the rows.
    """

    title: str
    values: Floats
    world: str = ""
    totals: tuple[str, ...] = ()


class HeatChart(msgspec.Struct, frozen=True):
    """Rows over time, darker where there is more: by the logarithm of counts, evenly up to 100 percent."""

    slug: str
    title: str
    note: str
    axis: TimeAxis
    rows: tuple[str, ...]
    panels: tuple[HeatPanel, ...]
    unit: Unit = "count"
    missing: str = ""
    since: str = SINCE_THE_OPENING


Chart = TimeChart | BarChart | HeatChart
