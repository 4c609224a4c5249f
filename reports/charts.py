"""Draws charts with matplotlib, and writes each as a picture for print (SVG) and for everywhere else (PNG)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from . import style
from .chart import WORLD_COLOURS, BarChart, Chart, HeatChart, HeatPanel, Panel, Series, TimeChart, Unit
from .scales import mark_logarithmic, set_time_axis, set_value_axis, tick

PANEL_INCHES = (5.4, 2.75)
SMALL_PANEL_INCHES = (3.6, 1.75)
SMALL_COLUMNS = 3
ROW_INCHES = 0.2
"""Height of one row of a bar or heat chart."""

HEADING_INCHES, INDENT_INCHES = 0.95, 0.15
PNG_DPI = 144

AREA_ALPHA, STACK_ALPHA = 0.55, 0.9

FAINTEST, DARKEST = 0.1, 1.0
"""Opacity of the emptiest cell of a heat chart that has something to tell, and of the fullest."""


def write_charts(charts: Iterable[Chart], folder: Path) -> list[Path]:
    """Draw every chart that has something to show into ``folder``, as ``<slug>.svg`` and ``<slug>.png``.

    Pictures of an earlier report are taken away first, so that none outlives its data.
    """
    folder.mkdir(exist_ok=True)
    for old in (*folder.glob("*.svg"), *folder.glob("*.png")):
        old.unlink()
    written: list[Path] = []
    for chart in charts:
        if chart.missing:
            continue
        with style.styled():
            figure = draw(chart)
            for suffix in ("svg", "png"):
                path = folder / f"{chart.slug}.{suffix}"
                figure.savefig(path, dpi=PNG_DPI, metadata={"Date": None} if suffix == "svg" else None)
                written.append(path)
    return written


def draw(chart: Chart) -> Figure:
    """One chart with its heading, its legend and all its panels, to be looked at on its own."""
    match chart:
        case TimeChart():
            return _draw_time_chart(chart)
        case HeatChart():
            return _draw_heat_chart(chart)
        case BarChart():
            return _draw_bar_chart(chart)


def draw_time_panel(axes: Axes, chart: TimeChart, panel: Panel) -> None:
    """One panel of a time chart, without heading and legend."""
    if panel.missing:
        axes.set_axis_off()
        axes.text(0.5, 0.5, panel.missing, ha="center", va="center", color=style.MUTED, transform=axes.transAxes)
        return
    set_value_axis(axes, chart)
    set_time_axis(axes, chart.axis, "" if chart.small else chart.since)
    if chart.axis.start_s < 0 < chart.axis.end_s:
        axes.axvline(0, color=style.MUTED, linewidth=0.7, linestyle=(0, (2, 2)))
    below = numpy.zeros(chart.axis.buckets)
    for series in panel.series:
        _draw_series(axes, chart, series, below)
        if series.mark == "stack":
            below = below + numpy.nan_to_num(series.values)


def draw_heat_panel(axes: Axes, chart: HeatChart, panel: HeatPanel) -> None:
    """One panel of a heat chart, with the totals of its rows."""
    height, width = panel.values.shape
    image = numpy.empty((height, width, 4))
    image[..., :3] = to_rgb(style.COLOURS["blue"])
    image[..., 3] = _opacity(panel.values, chart.unit)
    extent = (chart.axis.start_s, chart.axis.end_s, height - 0.5, -0.5)
    axes.imshow(image, aspect="auto", interpolation="nearest", extent=extent)
    axes.set_yticks(range(height), chart.rows)
    axes.set_ylim(height - 0.5, -0.5)
    axes.grid(False)
    axes.hlines(numpy.arange(height + 1) - 0.5, *extent[:2], color=style.GRID, linewidth=0.5)
    for row, total in enumerate(panel.totals):
        axes.annotate(
            total, (1, row), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
            va="center", fontsize=style.SMALL_PT, color=style.MUTED,
        )  # fmt: skip
    set_time_axis(axes, chart.axis, chart.since)


def _opacity(values: numpy.ndarray, unit: Unit) -> numpy.ndarray:
    """How much of the colour each cell of a heat chart gets: none where there is nothing to tell."""
    if unit == "percent":
        depth, told = numpy.clip(values / 100, 0.0, 1.0), numpy.isfinite(values)
    else:
        depth, told = numpy.log1p(values) / max(float(numpy.log1p(values).max()), 1.0), values > 0
    return numpy.where(told, FAINTEST + (DARKEST - FAINTEST) * depth, 0.0)


def heat_inches(chart: HeatChart) -> tuple[float, float]:
    """Width and height of one panel of ``chart``."""
    return PANEL_INCHES[0], len(chart.rows) * ROW_INCHES + 0.6


def _draw_series(axes: Axes, chart: TimeChart, series: Series, below: numpy.ndarray) -> None:
    colour, edges_s = style.COLOURS[series.colour], chart.axis.edges_s
    line = (0, (3, 1.5)) if series.dashed else "-"
    match series.mark:
        case "stack":
            top = below + numpy.nan_to_num(series.values)
            axes.stairs(top, edges_s, baseline=below, fill=True, color=colour, alpha=STACK_ALPHA, linewidth=0)
        case "area":
            axes.stairs(series.values, edges_s, fill=True, color=colour, alpha=AREA_ALPHA, linewidth=0)
        case "step":
            axes.stairs(series.values, edges_s, baseline=None, color=colour, linewidth=1.5, linestyle=line)
        case "line":
            alone = _alone(series.values)
            axes.plot(chart.axis.middles_s, series.values, color=colour, linestyle=line)
            axes.plot(chart.axis.middles_s[alone], series.values[alone], ".", color=colour, markersize=4)


def _alone(values: numpy.ndarray) -> numpy.ndarray:
    """Which values have no neighbour to draw a line to."""
    known = numpy.isfinite(values)
    padded = numpy.concatenate([[False], known, [False]])
    return known & ~padded[:-2] & ~padded[2:]


def _draw_time_chart(chart: TimeChart) -> Figure:
    columns = min(SMALL_COLUMNS if chart.small else 2, len(chart.panels))
    rows = -(-len(chart.panels) // columns)
    inches = SMALL_PANEL_INCHES if chart.small else PANEL_INCHES
    figure, grid = _sheet(chart, rows, columns, (inches[0], inches[1] + 0.25))
    for axes, panel in zip(grid, chart.panels, strict=False):
        draw_time_panel(axes, chart, panel)
        axes.set_title(_titled(panel, chart), loc="left", fontsize=style.TEXT_PT)
    for axes in grid[len(chart.panels) :]:
        axes.set_axis_off()
    grid[0].set_ylabel(chart.value_label, fontsize="small")
    _add_legend(figure, [_handle(series) for series in legend_of(chart)])
    return figure


def legend_of(chart: TimeChart) -> list[Series]:
    """The series of all panels, each name once."""
    return list({series.name: series for panel in chart.panels for series in panel.series}.values())


def _draw_heat_chart(chart: HeatChart) -> Figure:
    figure, grid = _sheet(chart, 1, len(chart.panels), heat_inches(chart))
    for axes, panel in zip(grid, chart.panels, strict=True):
        draw_heat_panel(axes, chart, panel)
        axes.set_title(_titled(panel, chart), loc="left", fontsize=style.TEXT_PT)
    return figure


def _draw_bar_chart(chart: BarChart) -> Figure:
    worlds = len(chart.worlds)
    figure, (axes,) = _sheet(chart, 1, 1, (8.0, len(chart.bars) * ROW_INCHES * (0.6 + 0.6 * worlds) + 0.5))
    positions = numpy.arange(len(chart.bars))
    for number, world in enumerate(chart.worlds):
        colour = style.COLOURS[WORLD_COLOURS[world]]
        offset = (number - (worlds - 1) / 2) * 0.36
        for position, bar in zip(positions + offset, chart.bars, strict=True):
            end = bar.ends[number] if bar.ends else None
            _draw_bar(axes, chart, bar.values[number], end, float(position), colour)
    if any(bar.ends for bar in chart.bars):
        axes.set_xscale("log")
        mark_logarithmic(axes.xaxis)
    axes.set_yticks(positions, [bar.label for bar in chart.bars])
    axes.set_ylim(len(chart.bars) - 0.4, -0.6)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, chart.unit)))
    axes.set_xlabel(chart.value_label, fontsize="small")
    if worlds > 1:
        _add_legend(figure, [Patch(color=style.COLOURS[WORLD_COLOURS[name]], label=name) for name in chart.worlds])
    return figure


def _draw_bar(
    axes: Axes, chart: BarChart, value: float | None, end: float | None, position: float, colour: str
) -> None:
    if value is None:
        return
    if end is None:
        axes.barh(position, value, height=0.3, color=colour)
        axes.text(value, position, f" {tick(value, chart.unit)}", va="center", fontsize=6.5, color=style.MUTED)
        return
    axes.plot([value, end], [position, position], color=colour, linewidth=2, solid_capstyle="butt", alpha=0.6)
    axes.plot([value], [position], "o", color=colour, markersize=4)


def _sheet(chart: Chart, rows: int, columns: int, inches: tuple[float, float]) -> tuple[Figure, Sequence[Axes]]:
    """A figure with the chart's heading above a grid of axes."""
    width, height = inches[0] * columns, inches[1] * rows + HEADING_INCHES
    below_heading = (0.01, 0.01, 0.98, 1 - HEADING_INCHES / height)
    layout = ConstrainedLayoutEngine(rect=below_heading, wspace=0.04, hspace=0.06)
    figure = Figure(figsize=(width, height), layout=layout)
    figure.text(
        INDENT_INCHES / width, 1 - 0.18 / height, chart.title, fontsize=style.HEADING_PT, fontweight="bold", va="top"
    )
    note = textwrap.fill(chart.note, int(width * 13))
    figure.text(INDENT_INCHES / width, 1 - 0.46 / height, note, fontsize=style.SMALL_PT, color=style.MUTED, va="top")
    grid = figure.subplots(rows, columns, squeeze=False)
    return figure, list(grid.flat)


def _titled(panel: Panel | HeatPanel, chart: TimeChart | HeatChart) -> str:
    return ": ".join(filter(None, [panel.world if len(chart.panels) > 1 else "", panel.title]))


def _handle(series: Series) -> Line2D | Patch:
    colour = style.COLOURS[series.colour]
    if series.mark in ("stack", "area"):
        return Patch(color=colour, label=series.name, alpha=AREA_ALPHA if series.mark == "area" else STACK_ALPHA)
    return Line2D([], [], color=colour, label=series.name, linestyle="--" if series.dashed else "-")


def _add_legend(figure: Figure, handles: list[Line2D | Patch]) -> None:
    width, height = figure.get_size_inches()
    figure.legend(
        handles=handles,
        loc="upper left",
        ncols=len(handles),
        bbox_to_anchor=(INDENT_INCHES / width, 1 - 0.68 / height),
        handlelength=1.4,
        columnspacing=1.4,
        borderaxespad=0,
        borderpad=0,
    )
