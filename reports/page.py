"""The report: one HTML file that a person reads offline, verdict first. Everything in it is inside it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import page_tables, style, wording
from .chart import WORLD_COLOURS, BarChart, Chart, HeatChart, TimeChart
from .key_figures import KeyFigures, key_figures
from .page_charts import page_chart
from .run import Run
from .side_by_side import HOW_WE_COMPARE, rows_of, summary
from .spans import rush_axis, whole_axis
from .verdict import Verdict

TEMPLATES = Path(__file__).parent / "templates"

TONES = {0: "pass", 1: "fail", 3: "fail", 4: "invalid"}
"""The colour of a verdict, by exit code."""


class Card(msgspec.Struct, frozen=True):
    """One key figure: its name, its value, and a word on it."""

    label: str
    value: str
    note: str


def render(runs: Sequence[Run], verdict: Verdict, charts: Sequence[Chart]) -> str:
    """The page on one run, or on a rehearsal's two (simulated first)."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "number": wording.number,
        "percent": wording.percent,
        "duration": wording.duration,
        "seconds": wording.seconds,
        "bytes": lambda count: f"{count / 1e9:.1f} GB",
    }
    return environment.get_template("report.html").render(_context(runs, verdict, charts))


def _context(runs: Sequence[Run], verdict: Verdict, charts: Sequence[Chart]) -> dict[str, Any]:
    first, verdicts = runs[0], [verdict.worlds.get(run.world, verdict) for run in runs]
    figures = [key_figures(run) for run in runs]
    comparison = rows_of(*figures) if len(figures) == 2 else []
    return {
        "info": first.info,
        "runs": runs,
        "worlds": [run.world for run in runs],
        "elsewhere": {
            name: f"{name.lower()}/report.html" for name in verdict.worlds.keys() - {run.world for run in runs}
        },
        "world_colours": WORLD_COLOURS,
        "colours": style.COLOURS,
        "dark_colours": style.DARK_COLOURS,
        "verdict": verdict,
        "tone": TONES[verdict.code],
        "cards": _cards(figures),
        "comparison": comparison,
        "comparison_summary": summary(comparison) if comparison else "",
        "how_we_compare": HOW_WE_COMPARE,
        "shown": _shown(runs),
        "charts": [page_chart(chart) for chart in charts if isinstance(chart, TimeChart | HeatChart)],
        "bar_notes": {chart.slug: chart for chart in charts if isinstance(chart, BarChart)},
        "invariants": page_tables.invariant_rows(runs),
        "violations_shown": page_tables.VIOLATIONS_SHOWN,
        "left_out": list(dict.fromkeys(name for run in runs for name in run.info.left_out)),
        "reached": page_tables.reached_rows(runs, verdicts),
        "objectives": page_tables.objective_rows(runs, verdicts),
        "hops": page_tables.hop_rows(runs),
        "operations": page_tables.operation_rows(runs),
        "slowest": page_tables.slowest_by_world(runs),
        "event_counts": page_tables.count_rows(runs),
        "configurations": _configurations(runs),
        "command": _command(runs),
    }


def _shown(runs: Sequence[Run]) -> str:
    """Which part of the run the charts show, if not all of it."""
    rush, whole = rush_axis(runs), whole_axis(runs)
    if rush == whole:
        return ""
    return (
        f"Charts show the rush, up to {wording.seconds(rush.end_s)} after the opening, unless they say otherwise. "
        f"The run went on for {wording.seconds(whole.end_s)}."
    )


def _cards(figures: Sequence[KeyFigures]) -> list[Card]:
    """The key figures: those of the last world large (in a rehearsal, the live one), the other's beside them."""
    told = [_told_figures(each) for each in figures]
    cards = []
    for label, (value, note) in told[-1].items():
        others = [f"simulated {world[label][0]}" for world in told[:-1] if label in world]
        cards.append(Card(label, value, " ".join(others) or note))
    return cards


def _told_figures(figures: KeyFigures) -> dict[str, tuple[str, str]]:
    """Each key figure by name: its value and what to know about it."""
    latency, shares = figures.latency, figures.shares
    return {
        "Customers": (wording.number(figures.customers), wording.counted(shares.requests, "request")),
        "Busiest second": (wording.number(figures.busiest_second), "arrivals"),
        **{
            gauge.label: ("never" if gauge.after_s is None else wording.seconds(gauge.after_s), "after the opening")
            for gauge in figures.ran_out
        },
        "Half answered in": (wording.duration(latency.p50_us if latency else None), "from the intended start"),
        "99% answered in": (wording.duration(latency.p99_us if latency else None), "from the intended start"),
        "Requests failed": (wording.percent(shares.failed), f"{wording.percent(shares.refused)} refused by a rule"),
        "Violations": (wording.number(figures.violations), f"in {wording.counted(figures.events, 'event')}"),
    }


def _configurations(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """The scenario of each world in YAML; one for both if they are the same."""
    documents: dict[str, list[str]] = {}
    for run in runs:
        text = yaml.safe_dump(run.info.scenario_document, sort_keys=False, allow_unicode=True, width=100)
        documents.setdefault(text, []).append(run.world)
    return [(" and ".join(worlds), text) for text, worlds in documents.items()]


def _command(runs: Sequence[Run]) -> str:
    """The command line that makes this run, or this rehearsal, again."""
    info = runs[-1].info
    words = ["doorbuster", "rehearse" if len(runs) > 1 else info.verb, info.named, "--seed", str(info.seed)]
    for name, value in info.settings.items():
        if value is not None and value is not False:
            words += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
    return shlex.join(words)
