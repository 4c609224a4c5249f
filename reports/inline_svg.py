"""Drawings as parts of the page: one SVG a panel, in the page's fonts and colours, and the exact values behind it."""

from __future__ import annotations

import io
import re
from typing import Any
from xml.etree import ElementTree

import matplotlib
import msgspec
import numpy
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .chart import HeatChart, HeatPanel, Panel, TimeChart, Unit
from .charts import PANEL_INCHES, SMALL_PANEL_INCHES, draw_heat_panel, draw_time_panel, heat_inches
from .scales import in_unit
from .time_axis import Floats

_NAMESPACE = re.compile(r"^\{.*\}")
_FRACTION = re.compile(r"-?\d+\.\d{2,}")
_COLOUR = re.compile("|".join(re.escape(hexadecimal) for hexadecimal in style.PAGE_VARIABLES))

_FILE_ONLY = {"metadata", "style"}
"""Elements that a file needs and a page does not want."""


class Drawing(msgspec.Struct, frozen=True):
    """One panel on the page. ``box`` is where its axes lie in the picture: left, top, width, height in percent."""

    svg: Markup
    box: tuple[float, float, float, float]


def time_panel(chart: TimeChart, panel: Panel) -> Drawing:
    """The drawing of one panel of a time chart."""
    with style.styled():
        figure, axes = _blank(SMALL_PANEL_INCHES if chart.small else PANEL_INCHES)
        draw_time_panel(axes, chart, panel)
        return _drawing(figure, axes, f"{chart.slug} {panel.world} {panel.title}")


def heat_panel(chart: HeatChart, panel: HeatPanel) -> Drawing:
    """The drawing of one panel of a heat chart."""
    with style.styled():
        figure, axes = _blank(heat_inches(chart))
        draw_heat_panel(axes, chart, panel)
        return _drawing(figure, axes, f"{chart.slug} {panel.world}")


def bucket_names(chart: TimeChart | HeatChart) -> list[str]:
    """How each bucket of the time axis is called: the instant at which it begins."""
    digits = 1 if chart.axis.bucket_s < 1 else 0
    return [_clock(float(second), digits) for second in chart.axis.edges_s[:-1]]


def told_values(chart: TimeChart, panel: Panel) -> list[dict[str, Any]]:
    """Each series of a panel with its values as one writes them; those of a stack from the top down."""
    order = list(reversed(panel.series)) if panel.series and panel.series[0].mark == "stack" else list(panel.series)
    return [
        {"name": series.name, "colour": series.colour, "values": _told(series.values, chart.unit)} for series in order
    ]


def told_cells(chart: HeatChart, panel: HeatPanel) -> list[list[str | None]]:
    """Each row of a panel with its values as one writes them."""
    return [_told(row, chart.unit) for row in panel.values]


def _told(values: Floats, unit: Unit) -> list[str | None]:
    return [in_unit(float(value), unit) if numpy.isfinite(value) else None for value in values]


def _clock(second: float, digits: int) -> str:
    sign, second = ("−" if second < 0 else ""), abs(second)
    minutes, rest = divmod(round(second, digits), 60)
    hours, minutes = divmod(int(minutes), 60)
    told = f"{rest:0{3 + digits if digits else 2}.{digits}f}"
    return f"{sign}{hours}:{minutes:02}:{told}" if hours else f"{sign}{minutes}:{told}"


def _blank(inches: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=inches, layout="constrained")
    return figure, figure.subplots()


def _drawing(figure: Figure, axes: Axes, salt: str) -> Drawing:
    """Fix the layout, so that ``box`` is where the SVG has the axes, then draw. ``salt`` keeps ids on a page apart."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    place = axes.get_position()
    box = (place.x0 * 100, (1 - place.y1) * 100, place.width * 100, place.height * 100)
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt, "svg.image_inline": True}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return Drawing(Markup(for_page(buffer.getvalue())), box)  # noqa: S704 - matplotlib escapes what it draws


def for_page(svg: str) -> str:
    """A drawing as an element of an HTML page: no namespaces, no ids but those referred to, the page's look."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    root.attrib = {"viewBox": root.attrib["viewBox"], "aria-hidden": "true"}
    _adapt(root, references=set(re.findall(r"#(\w+)", svg)))
    return ElementTree.tostring(root, encoding="unicode")


def _adapt(element: ElementTree.Element, references: set[str]) -> None:
    element.tag = _NAMESPACE.sub("", element.tag)
    element.attrib = {
        _NAMESPACE.sub("", name): _value(_NAMESPACE.sub("", name), value)
        for name, value in element.attrib.items()
        if name != "id" or value in references
    }
    element.tail = None
    for child in list(element):
        _adapt(child, references)
        if child.tag in _FILE_ONLY or (child.tag in ("g", "defs") and not len(child)):
            element.remove(child)


def _value(name: str, value: str) -> str:
    """An attribute with colours and fonts left to the page, and no more digits than one can see."""
    if name == "style":
        kept = [part for part in value.split("; ") if not part.startswith("font-family")]
        return _COLOUR.sub(lambda found: style.PAGE_VARIABLES[found[0]], "; ".join(kept))
    if name in ("d", "x", "y", "transform"):
        return _FRACTION.sub(lambda found: f"{float(found[0]):.1f}", " ".join(value.split()))
    return value
