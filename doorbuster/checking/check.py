"""Searches scenarios one after the other and keeps what is found."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reports import wording
from scenarios.loading import list_scenarios, load_scenario
from scenarios.model import Scenario
from scenarios.run_folder import write_atomically
from simulations.planted.plant import Plant

from ..console import Tick, progress, say
from ..errors import Mendable
from .checked import Checked
from .evidence import Violation, keep_evidence
from .searching import search
from .total import Total

CHECK_FILE = "check.json"


@dataclass(frozen=True)
class Asked:
    """What to search and how. ``limit_s`` and ``shrink_s`` are seconds, ``jobs`` processes (0: one a core)."""

    seeds: range
    plant: Plant | None
    keep_going: bool
    limit_s: float
    jobs: int
    shrink_s: float
    out: Path


def scenarios_to_check(names: list[str], plant: Plant | None) -> dict[str, Scenario]:
    """The scenarios of these names or paths; without any, all that have a ``check`` block and can have ``plant``.

    Raises `ScenarioError`, and `Mendable` if there is none or if a scenario's system cannot have the plant.
    """
    if not names:
        return _all_to_check(plant)
    asked = {name: load_scenario(name) for name in names}
    for name, scenario in asked.items():
        scenario.for_check().faults_in("simulated")
        if plant is not None and not _can_have(scenario, plant):
            raise Mendable(f"--plant {plant.name}: a bug of the system {plant.system}, but {name} is about another")
    return asked


def _all_to_check(plant: Plant | None) -> dict[str, Scenario]:
    loaded = {name: load_scenario(name) for name in list_scenarios()}
    found = {name: each for name, each in loaded.items() if each.check is not None and _can_have(each, plant)}
    if not found:
        raise Mendable("no scenario that comes with Doorbuster can be checked so; name one that has a `check` block")
    return found


def check_all(scenarios: dict[str, Scenario], asked: Asked) -> Iterator[Checked]:
    """Search each scenario and yield what came of it. The time that there is, is shared among those that are left.

    A plant that has been found is not looked for in the scenarios that are left.
    """
    ends_s = time.monotonic() + asked.limit_s
    for left, (name, scenario) in zip(range(len(scenarios), 0, -1), scenarios.items(), strict=True):
        now_s = time.monotonic()
        checked = check(name, scenario, asked, now_s + (ends_s - now_s) / left)
        ends_s += time.monotonic() - now_s - checked.wall_s  # keeping evidence is not searching
        yield checked
        if asked.plant is not None and checked.total.first is not None:
            return


def check(name: str, scenario: Scenario, asked: Asked, until_s: float) -> Checked:
    """Search one scenario until ``until_s`` on the clock of `time.monotonic`, and keep the evidence of a violation."""
    began_s = time.monotonic()
    total = Total(scenario, asked.seeds, asked.plant, stops=not asked.keep_going)
    _search_into(total, name, asked.jobs, until_s)
    checked = Checked(name, total, time.monotonic() - began_s)
    if total.first is None:
        return checked
    say(f"Seed {total.first.seed} breaks {total.invariant}")
    plant = asked.plant.name if asked.plant else ""
    violation = Violation(scenario.for_check(), total.first.seed, total.invariant, plant)
    evidence = keep_evidence(asked.out, violation, asked.shrink_s)
    checked = Checked(name, total, checked.wall_s, evidence)
    write_atomically(evidence.folder / CHECK_FILE, (json.dumps(checked.document(), indent=2) + "\n").encode())
    return checked


def _search_into(total: Total, name: str, jobs: int, until_s: float) -> None:
    began_s = time.monotonic()
    plant = total.plant.name if total.plant else ""
    title = f"Searching {total.scenario.name}, {wording.counted(len(total.seeds), 'seed')}"
    searching = search(name, total.seeds, plant, jobs=jobs, until_s=until_s)
    told_of_others = False
    with progress(title) as tick, closing(searching):
        for outcome in searching:
            total.add(outcome)
            _show(tick, total, began_s, until_s)
            if total.is_over:
                return
            if total.plant is not None and outcome.violated and not total.violations and not told_of_others:
                told_of_others = True
                others = wording.listed(list(outcome.violated))
                say(f"Seed {outcome.seed} breaks {others}; searching on for {total.plant.caught_by}")


def _show(tick: Tick, total: Total, began_s: float, until_s: float) -> None:
    """How far the search is: by seeds or by time, whichever ends it sooner."""
    of_seeds = total.searched / len(total.seeds)
    of_time = 0.0 if math.isinf(until_s) else (time.monotonic() - began_s) / max(until_s - began_s, 1e-9)
    found = f", {wording.counted(total.violations, 'violation')}" if total.violations else ""
    tick(min(1.0, max(of_seeds, of_time)), 1.0, f"{total.searched:,} of {len(total.seeds):,} seeds{found}")


def _can_have(scenario: Scenario, plant: Plant | None) -> bool:
    return plant is None or plant.system in ("", scenario.system)
