"""``doorbuster rehearse``: a scenario in virtual time and for real, side by side. The main job."""

from __future__ import annotations

import typer

from ..console import Format, print_json, progress
from ..options import RUNS, OutputFormat, RunsFolder, ScenarioName, Seed, WithReport

EXAMPLE = "doorbuster rehearse flash_sale"
VERB = "rehearse"


def rehearse(
    scenario: ScenarioName,
    seed: Seed = 7,
    out: RunsFolder = RUNS,
    with_report: WithReport = True,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Rehearse a scenario: simulate it, run it for real, and judge both by the same checkers.

    The live run is the scenario compressed to minutes, and so is the simulation beside it. The whole scenario is
    simulated too. The exit code is that of the world that came out worst.
    """
    from reports.report import WHOLE
    from scenarios.loading import load_scenario

    from ..judging import judge_folder
    from ..live.run import LiveRun
    from ..runs import run_folder
    from ..simulated import say_what_is_left_out, simulate_into
    from ..verdicts import print_verdict, rehearsal_document

    whole = load_scenario(scenario)
    live = whole.compressed()
    live_run = LiveRun(scenario, live, seed)
    with run_folder(out, whole, VERB) as folder:
        with progress(f"Simulating all of {whole.name}") as tick:
            simulate_into(folder / WHOLE, whole, seed, verb=VERB, settings={}, tick=tick)
        say_what_is_left_out(live)
        with progress("Simulating what is about to run for real") as tick:
            simulate_into(folder / "simulated", live, seed, verb=VERB, settings={}, tick=tick, for_real=True)
        live_run.into(folder / "live", folder / "services", verb=VERB, settings={})
        with progress("Judging all of it"):
            verdict = judge_folder(folder, with_report=with_report)
    if output_format is Format.JSON:
        print_json(rehearsal_document(folder, verdict))
    else:
        print_verdict(verdict, folder)
    raise typer.Exit(verdict.code)
