"""Arguments and options that several verbs share, each explained once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .console import Format

RUNS = Path("runs")


class Variant(StrEnum):
    """Which of its two sizes a scenario runs in."""

    WHOLE = "whole"
    LIVE = "live"


ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario's name, or the path of its YAML file.", show_default=False)
]
Seed = Annotated[
    int,
    typer.Option(min=0, metavar="N", help="Seed of every random draw: the same seed, the same run."),
]
IdleSeed = Annotated[
    int,
    typer.Option("--seed", min=0, metavar="N", help="Every verb takes a seed; this one draws nothing."),
]
OutputFormat = Annotated[
    Format, typer.Option("--format", help="What to print: text for people, or one JSON document for programs.")
]
RunsFolder = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where run folders are kept.")]
WithReport = Annotated[bool, typer.Option("--report/--no-report", help="Whether to draw charts and the HTML report.")]
