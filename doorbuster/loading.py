"""Follows a load run on the console, and judges one that has no history beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pandas

from loadtests.load_run import LoadFailed, LoadRun
from loadtests.report import Progress, Started
from reports import wording
from reports.verdict import INVALID, LABELS, OBJECTIVE_MISSED, PASS, Verdict
from scenarios.model import Scenario
from scenarios.objectives import evaluate
from scenarios.run_records import RequestRow

from .console import Tick
from .errors import Mendable
from .options import Variant

UNCHECKED = "Only speed and failures were judged: no invariant can be checked without the system's history."


def play_load(
    name: str, scenario: Scenario, variant: Variant, url: str, secret: str, seed: int, folder: Path, tick: Tick
) -> LoadRun:
    """Play the load against ``url``, to its end. Raises `Mendable` if it cannot begin."""
    run = LoadRun(name, base_url=url, token_secret=secret, seed=seed, folder=folder, variant=variant.value)
    with run:
        try:
            follow(run, scenario, tick)
        except LoadFailed as error:
            raise Mendable(str(error)) from error
    return run


def follow(
    run: LoadRun,
    scenario: Scenario,
    tick: Tick,
    *,
    begun: Callable[[Started], None] = lambda started: None,
    look: Callable[[], None] = lambda: None,
) -> int:
    """Show how a load stands until it has ended; ``begun`` is told of its start, ``look`` is called once a second.

    Returns the instant at which the scenario ends. Raises `LoadFailed`, and whatever the two functions raise.
    """
    ends_us = 0
    for line in run.progress():
        look()
        if isinstance(line, Started):
            ends_us = line.ends_us
            begun(line)
        else:
            tick(*position(scenario, round(line.elapsed_s * 1e6)), _how_it_stands(line))
    return ends_us


def position(scenario: Scenario, elapsed_us: int) -> tuple[float, float]:
    """How much of the scenario has passed ``elapsed_us`` after its opening, and how long it is, from its lead on."""
    length_us = scenario.lead_us + scenario.horizon_us
    return float(min(max(0, scenario.lead_us + elapsed_us), length_us)), float(length_us)


def judge_load(scenario: Scenario, run: LoadRun) -> Verdict:
    """The verdict on a load without a history: was its schedule kept, and were the objectives about calls met?"""
    requests = pandas.DataFrame(map(msgspec.structs.astuple, run.requests()), columns=RequestRow.__struct_fields__)
    about_calls = [objective for objective in scenario.objectives if objective.sell_out_max_us is None]
    results = evaluate(about_calls, requests, opens_at_us=run.report.origin_us)
    missed = [result for result in results if result.status == "missed"]
    unmeasured = [
        f"Nothing was measured for {each.name}: {each.detail}." for each in results if each.status == "no-data"
    ]
    invalid = [*run.report.invalid, *unmeasured]
    code = INVALID if invalid else OBJECTIVE_MISSED if missed else PASS
    reasons = [*invalid, *(f"The objective on the {each.name} was missed." for each in missed), UNCHECKED]
    return Verdict(
        code=code,
        label=LABELS[code],
        summary=_summary(run),
        reasons=tuple(reasons),
        objectives=tuple(results),
    )


def _summary(run: LoadRun) -> str:
    outcomes = run.report.outcomes
    each = wording.listed([f"{count:,} {outcome}" for outcome, count in outcomes.items()])
    return f"{wording.counted(run.report.schedule.sent, 'visit')}, {sum(outcomes.values()):,} calls: {each}."


def _how_it_stands(line: Progress) -> str:
    speed = f", p99 {line.p99_ms:,.0f} ms" if line.p99_ms is not None else ""
    errors = line.outcomes.get("error", 0) + line.outcomes.get("unknown", 0)
    failed = f", {errors:,} failed" if errors else ""
    return f"{line.started:,} of {line.planned:,} visits{speed}{failed}"
