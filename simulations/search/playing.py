"""Plays a scenario under one seed with everything that goes wrong, and plays tapes again."""

from __future__ import annotations

import msgspec

from scenarios.model import Scenario

from ..network import Asked
from ..planted.catalog import design_of
from ..simulation import Simulation, SimulationResult, Staging, Trouble
from .tape import Scribe, Tape, fault_documents, violated_by


def play(scenario: Scenario, seed: int, trouble: Trouble, plant: str = "") -> SimulationResult:
    """One run, judged and forgotten. Raises `simulations.planted.catalog.UnknownPlant`."""
    return Simulation(scenario, seed, Staging(trouble, design_of(plant))).run()


def record(scenario: Scenario, seed: int, trouble: Trouble, plant: str = "") -> tuple[Tape, SimulationResult]:
    """One run with its customers, on tape."""
    scribe = Scribe()
    staging = Staging(trouble, design_of(plant))
    result = Simulation(scenario, seed, staging, sink=scribe, asked=scribe.requests.append).run()
    blank = Tape(
        scenario=scenario.document(),
        seed=seed,
        plant=plant,
        tuning=trouble.tuning,
        faults=fault_documents(trouble),
    )
    return written(blank, scribe.requests, scribe, result), result


def play_tape(tape: Tape) -> tuple[Tape, SimulationResult]:
    """What is on ``tape`` once more, and the tape of that; equal to the first unless the code has changed."""
    scribe = Scribe()
    result = rerun(tape, scribe)
    return written(tape, tape.requests, scribe, result), result


def rerun(tape: Tape, sink: Scribe | None = None) -> SimulationResult:
    """The run on ``tape``, judged. Raises `NotATape`, `UnknownPlant` or `scenarios.problems.ScenarioError`."""
    staging = Staging(tape.trouble(), design_of(tape.plant), tape.requests)
    return Simulation(tape.resolved_scenario(), tape.seed, staging, sink=sink).run()


def written(tape: Tape, requests: tuple[Asked, ...] | list[Asked], scribe: Scribe, result: SimulationResult) -> Tape:
    """``tape`` with what has happened in a run of it."""
    return msgspec.structs.replace(
        tape,
        requests=tuple(requests),
        history=tuple(scribe.history),
        history_sha256=result.history_sha256,
        violated=violated_by(result),
    )
