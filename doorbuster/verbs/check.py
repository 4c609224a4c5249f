"""``doorbuster check``: search seeds for one that breaks something."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..console import Format, print_json, say
from ..errors import Mendable
from ..options import RUNS, OutputFormat, RunsFolder

if TYPE_CHECKING:
    from ..checking.check import Asked
    from ..checking.checked import Checked

EXAMPLE = "doorbuster check flash_sale --seeds 1-1000 --minutes 5"
SEEDS = "1-1000"
PLANT_EXAMPLE = "doorbuster check flash_sale --plant decided-again"


def check(  # noqa: PLR0913, PLR0917 - the options of a command line
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENARIO",
            help="Names or paths; all that have a check block if none is given.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[str, typer.Option(metavar="FIRST-LAST", help="Which seeds to search.")] = SEEDS,
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Search this one seed: short for --seeds N-N.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, metavar="M", help="Stop searching after so many minutes, shrinking aside.")
    ] = None,
    plant: Annotated[
        str, typer.Option(metavar="NAME", help="Plant a bug, and search until the invariant breaks that must catch it.")
    ] = "",
    live: Annotated[
        bool, typer.Option("--live", help="With --plant: once, under the first seed, in services that run for real.")
    ] = False,
    list_planted: Annotated[bool, typer.Option("--list-planted", help="List the bugs that can be planted.")] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the result as JUnit XML, too.", show_default=False)
    ] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Search all seeds for the violation rate; keep the first violation.")
    ] = False,
    shrink: Annotated[
        bool, typer.Option("--shrink/--no-shrink", help="Whether to look for the smallest run that still breaks.")
    ] = True,
    shrink_seconds: Annotated[int, typer.Option(min=1, metavar="N", help="How long to look for it at most.")] = 60,
    jobs: Annotated[int, typer.Option(min=0, metavar="N", help="How many processes; 0 for one a core.")] = 0,
    hashes: Annotated[bool, typer.Option("--hashes", help="With --format json: each seed's history hash.")] = False,
    out: RunsFolder = RUNS,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Search for a seed under which an invariant breaks, shrink that run, and tell its story.

    Each seed draws which faults strike, how often and when, how many processes there are, and how the broker is tuned.
    A search ends with its first violation. What the scenario must reach has to be reached by all seeds together.
    """
    from simulations.planted.catalog import plant_named

    from ..checking.check import Asked

    if list_planted:
        _list_planted(output_format)
        return
    chosen = _seeds(seeds, seed)
    planted = plant_named(plant) if plant else None
    if live:
        from ..checking.live import check_live

        first, as_json = chosen[0], output_format is Format.JSON
        raise typer.Exit(check_live(scenarios or [], planted, first, out, as_json=as_json))
    asked = Asked(
        seeds=chosen,
        plant=planted,
        keep_going=keep_going,
        limit_s=math.inf if minutes is None else 60 * minutes,
        jobs=jobs,
        shrink_s=shrink_seconds if shrink else 0,
        out=out,
    )
    searches = _check(scenarios or [], asked, junit, output_format)
    if output_format is Format.JSON:
        print_json(_document(searches, hashes=hashes))
    raise typer.Exit(_code(searches))


def _seeds(seeds: str, seed: int | None) -> range:
    """The seeds that were asked for. Raises `Mendable`."""
    from ..seeds import parse_seeds

    if seed is None:
        return parse_seeds(seeds)
    if seeds != SEEDS:
        raise Mendable(f"--seed {seed} and --seeds {seeds} say different things; leave one of them out")
    return range(seed, seed + 1)


def _list_planted(output_format: Format) -> None:
    from ..checking.planted import planted_document, print_planted

    if output_format is Format.JSON:
        print_json(planted_document())
    else:
        print_planted()


def _check(names: list[str], asked: Asked, junit: Path | None, output_format: Format) -> list[Checked]:
    from ..checking import annotations
    from ..checking.check import check_all, scenarios_to_check
    from ..checking.junit import write_junit
    from ..checking.telling import print_checked

    scenarios = scenarios_to_check(names, asked.plant)
    if junit is not None:
        _make_room(junit)
    searches = []
    for checked in check_all(scenarios, asked):
        searches.append(checked)
        if output_format is Format.TEXT:
            print_checked(checked)
        for line in annotations.marks(checked) if annotations.wanted() else ():
            say(line)
    if junit is not None:
        write_junit(junit, searches)
    return searches


def _make_room(file: Path) -> None:
    """Better before a long search than after it. Raises `Mendable`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Mendable(f"--junit {file}: cannot be written: {error.strerror}") from error
    if file.is_dir():
        raise Mendable(f"--junit {file}: is a folder; name a file in it, e.g. {file / 'check.xml'}")


def _document(searches: list[Checked], *, hashes: bool) -> dict[str, object]:
    """One scenario's document as it is; of several, a list of them under the verdict on all."""
    from reports.verdict import LABELS

    documents = [checked.document(hashes=hashes) for checked in searches]
    if len(documents) == 1:
        return documents[0]
    code = _code(searches)
    return {"verdict": LABELS[code], "exit_code": code, "scenarios": documents}


def _code(searches: list[Checked]) -> int:
    from reports.verdict import WORST_FIRST

    return min((checked.total.code for checked in searches), key=WORST_FIRST.index)
