"""The charts of the page: drawings, legends, and the exact values that appear where one points."""

from __future__ import annotations

from typing import Any

import msgspec
from markupsafe import Markup

from .chart import HeatChart, HeatPanel, Panel, TimeChart
from .charts import legend_of
from .inline_svg import Drawing, bucket_names, heat_panel, time_panel, told_cells, told_values


class PagePanel(msgspec.Struct, frozen=True):
    """One drawing with its title. ``data`` is what pointing at it tells; ``missing`` says why there is no drawing."""

    world: str
    title: str
    svg: Markup = Markup("")
    data: dict[str, Any] = {}
    missing: str = ""

    @property
    def spoken(self) -> str:
        """The title with the world that it is about, for those who cannot see the drawing."""
        return ": ".join(filter(None, [self.world, self.title]))


class PageLegend(msgspec.Struct, frozen=True):
    """One entry of a legend."""

    name: str
    colour: str
    filled: bool
    dashed: bool


class PageChart(msgspec.Struct, frozen=True):
    """One chart on the page. ``data`` holds the names of the buckets, which all panels share."""

    slug: str
    title: str
    note: str
    panels: tuple[PagePanel, ...]
    legend: tuple[PageLegend, ...] = ()
    data: dict[str, Any] = {}
    small: bool = False
    missing: str = ""
    value_label: str = ""


def page_chart(chart: TimeChart | HeatChart) -> PageChart:
    """``chart`` as a part of the page."""
    if chart.missing:
        return PageChart(chart.slug, chart.title, chart.note, (), missing=chart.missing)
    if isinstance(chart, HeatChart):
        return PageChart(
            chart.slug,
            chart.title,
            chart.note,
            tuple(_heat_panel(chart, panel) for panel in chart.panels),
            data={"buckets": bucket_names(chart), "since": chart.since, "rows": list(chart.rows)},
        )
    return PageChart(
        chart.slug,
        chart.title,
        chart.note,
        tuple(_time_panel(chart, panel) for panel in chart.panels),
        legend=_legend(chart),
        data={"buckets": bucket_names(chart), "since": chart.since},
        small=chart.small,
        value_label=chart.value_label,
    )


def _time_panel(chart: TimeChart, panel: Panel) -> PagePanel:
    if panel.missing:
        return PagePanel(panel.world, "", missing=panel.missing)
    drawing = time_panel(chart, panel)
    return PagePanel(panel.world, panel.title, drawing.svg, {**_box(drawing), "series": told_values(chart, panel)})


def _heat_panel(chart: HeatChart, panel: HeatPanel) -> PagePanel:
    drawing = heat_panel(chart, panel)
    return PagePanel(panel.world, panel.title, drawing.svg, {**_box(drawing), "cells": told_cells(chart, panel)})


def _box(drawing: Drawing) -> dict[str, list[float]]:
    return {"box": [round(each, 3) for each in drawing.box]}


def _legend(chart: TimeChart) -> tuple[PageLegend, ...]:
    series = legend_of(chart)
    if len(series) < 2:
        return ()
    return tuple(PageLegend(each.name, each.colour, each.mark in ("stack", "area"), each.dashed) for each in series)
