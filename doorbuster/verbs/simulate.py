"""``doorbuster simulate``: a scenario in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from ..console import Format, print_json, progress
from ..options import RUNS, OutputFormat, RunsFolder, ScenarioName, Seed, Variant, WithReport

if TYPE_CHECKING:
    from scenarios.model import Scenario

EXAMPLE = "doorbuster simulate flash_sale --seed 7"
MANY_SEEDS_EXAMPLE = "doorbuster simulate flash_sale --seeds 1-20 --variant live"


def simulate(
    scenario: ScenarioName,
    seed: Seed = 7,
    seeds: Annotated[
        str,
        typer.Option(metavar="FIRST-LAST", help="Simulate every seed of a range on all cores, keeping no run folders."),
    ] = "",
    variant: Annotated[Variant, typer.Option(help="The scenario as it is, or as compressed for a live run.")] = (
        Variant.WHOLE
    ),
    out: RunsFolder = RUNS,
    with_report: WithReport = True,
    with_folder: Annotated[bool, typer.Option("--folder/--no-folder", help="Whether to keep a run folder.")] = True,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Simulate a scenario in virtual time and judge it.

    With --seeds the situations that a scenario must reach have to be reached by all seeds together, not by each.
    """
    from loadtests.plan import scenario_for

    from ..simulated import say_what_is_left_out

    resolved = scenario_for(scenario, variant.value)
    if variant is Variant.LIVE:
        say_what_is_left_out(resolved)
    if seeds:
        _simulate_many(scenario, resolved, seeds, variant, output_format)
    else:
        _simulate_one(resolved, seed, variant, out if with_folder else None, with_report, output_format)


def _simulate_one(
    scenario: Scenario, seed: int, variant: Variant, out: Path | None, with_report: bool, output_format: Format
) -> None:
    from ..judging import judge_folder
    from ..simulated import simulate_into
    from ..verdicts import print_verdict, run_document

    options = {} if variant is Variant.WHOLE else {"variant": variant.value}
    with _kept(out, scenario) as folder:
        with progress(f"Simulating {scenario.name}, seed {seed}") as tick:
            simulate_into(
                folder,
                scenario,
                seed,
                verb="simulate",
                settings=options,
                tick=tick,
                for_real=variant is Variant.LIVE,
            )
        with progress("Judging it"):
            verdict = judge_folder(folder, with_report=with_report and out is not None)
        document = run_document(folder, verdict) | {"variant": variant.value}
    if output_format is Format.JSON:
        print_json(document if out is not None else document | {"folder": None})
    else:
        print_verdict(verdict, folder if out is not None else None)
    raise typer.Exit(verdict.code)


@contextmanager
def _kept(out: Path | None, scenario: Scenario) -> Iterator[Path]:
    """The folder of the run: a new one under ``out``, or one that is gone afterwards."""
    from ..runs import run_folder

    if out is not None:
        with run_folder(out, scenario, "simulate") as folder:
            yield folder
    else:
        with TemporaryDirectory(prefix="doorbuster-") as folder_name:
            yield Path(folder_name)


def _simulate_many(name: str, scenario: Scenario, seeds: str, variant: Variant, output_format: Format) -> None:
    from ..seeds import parse_seeds
    from ..sweep import print_run, print_total, sweep, total_document

    asked = parse_seeds(seeds)
    runs = []
    title = f"Simulating {scenario.name}, {len(asked)} seeds"
    with progress(title) as tick, closing(sweep(name, variant, asked)) as sweeping:
        for run in sweeping:
            runs.append(run)
            tick(len(runs), len(asked))
            if output_format is Format.TEXT:
                print_run(run)
    total = total_document(scenario, seeds, variant, runs)
    if output_format is Format.JSON:
        print_json(total)
    else:
        print_total(total)
    raise typer.Exit(total["exit_code"])
