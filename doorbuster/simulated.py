"""A scenario in virtual time, kept in a run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenarios.model import Scenario
from scenarios.run_folder import RunFolderWriter
from scenarios.run_records import Findings, Schedule
from simulations.simulation import SimulationResult, simulate

from .console import Tick, say
from .runs import run_info


def simulate_into(
    folder: Path,
    scenario: Scenario,
    seed: int,
    *,
    verb: str,
    settings: Mapping[str, Any],
    tick: Tick,
    for_real: bool = False,
) -> None:
    """Play ``scenario`` once and leave its run in ``folder``; ``settings`` are the command line's other options.

    Of a scenario that is meant to run ``for_real`` the faults are left out that cannot happen in virtual time; for
    any other they raise `ScenarioError`.
    """
    scenario, left_out = scenario.fitted_to("simulated") if for_real else (scenario, ())
    info = run_info(
        scenario,
        world="simulated",
        verb=verb,
        seed=seed,
        origin_us=scenario.opens_at_us,
        settings=settings,
        left_out=left_out,
    )
    with RunFolderWriter(folder, info) as writer:
        writer.findings(_findings(simulate(scenario, seed, writer, tick)))


def say_what_is_left_out(live: Scenario) -> None:
    """Say which faults of a scenario that is meant to run for real a simulation of it goes without."""
    for fault in live.fitted_to("simulated")[1]:
        say(f"{fault.label} cannot happen in virtual time; the simulation goes without it")


def _findings(result: SimulationResult) -> Findings:
    # Virtual customers cannot be late, but may be due after the horizon. The staff's own journey is no visit.
    schedule = Schedule(planned=result.planned - 1, sent=result.journeys - 1, late_p99_us=0, dropped=0)
    return Findings(
        invariants=result.findings,
        reached=result.reached,
        history_sha256=result.history_sha256,
        events=result.events,
        wall_s=round(result.wall_s, 3),
        schedule=schedule,
    )
