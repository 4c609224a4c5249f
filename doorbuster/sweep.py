"""One scenario under many seeds, on all cores, each seed judged by itself and all of them together."""

from __future__ import annotations

import gc
import shutil
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.text import Text

from loadtests.plan import scenario_for
from reports import wording
from reports.report import write_verdict_only
from reports.verdict import INVALID, LABELS, WORST_FIRST
from scenarios.model import Scenario

from .console import output
from .options import Variant
from .pool import spread
from .simulated import simulate_into
from .verdicts import STYLES, run_document

HASH_SHOWN = 12


def sweep(name: str, variant: Variant, seeds: Sequence[int]) -> Generator[dict[str, Any]]:
    """Simulate each seed and yield it as `verdicts.run_document` does, in the order of ``seeds``.

    No seed has to reach anything by itself. Raises `NothingProved` if a simulating process dies. Close the generator
    to stop early.
    """
    with (
        TemporaryDirectory(prefix="doorbuster-") as scratch,
        closing(spread(partial(_simulate_seed, name, variant, Path(scratch)), seeds)) as runs,
    ):
        yield from runs


def total_document(scenario: Scenario, seeds: str, variant: Variant, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All runs together, as JSON data. ``exit_code`` is that of the worst, or `INVALID` if something that the scenario
    must reach was reached under no seed."""
    reached: Counter[str] = Counter()
    for run in runs:
        reached.update(run["reached"])
    missing = [name for name in scenario.reach if not reached[name]]
    codes = {run["exit_code"] for run in runs} | ({INVALID} if missing else set())
    code = min(codes, key=WORST_FIRST.index)
    return {
        "scenario": scenario.name,
        "variant": variant.value,
        "seeds": seeds,
        "verdict": LABELS[code],
        "exit_code": code,
        "verdicts": dict(Counter(run["verdict"] for run in runs)),
        "events": sum(run["events"] for run in runs),
        "violations": sum(sum(run["invariants"].values()) for run in runs),
        "reached": dict(reached),
        "missing_reach": missing,
        "runs": list(runs),
    }


def print_run(run: dict[str, Any]) -> None:
    """One run in a line; why, if it did not pass."""
    code: int = run["exit_code"]
    line = Text(f"seed {run['seed']:>6}  ").append(f" {run['verdict']} ", STYLES[code])
    line.append(f"  {run['events']:>9,} events  {run['wall_s']:>6.1f} s  {run['history_sha256'][:HASH_SHOWN]}")
    output.print(line)
    for reason in run["reasons"] if code else ():
        output.print(f"             {reason}")


def print_total(total: dict[str, Any]) -> None:
    """All runs together, for people."""
    output.print()
    output.print(Text(f" {total['verdict']} ", STYLES[total["exit_code"]]), _told(total))
    for name, count in total["reached"].items():
        style = "bold yellow" if name in total["missing_reach"] else ""
        output.print(Text(f"  reached {name}: {count:,}", style))
    for name in total["missing_reach"]:
        output.print(f"  The scenario must reach {name}; no seed did.")


def _told(total: dict[str, Any]) -> str:
    each = wording.listed([f"{count} {verdict}" for verdict, count in total["verdicts"].items()])
    violations = wording.counted(total["violations"], "violation")
    return f"{wording.counted(len(total['runs']), 'seed')}: {each}; {violations} in {total['events']:,} events"


def _simulate_seed(name: str, variant: Variant, scratch: Path, seed: int) -> dict[str, Any]:
    folder = scratch / str(seed)
    simulate_into(
        folder,
        _scenario(name, variant),
        seed,
        verb="simulate",
        settings={},
        tick=_nobody_watches,
        for_real=variant is Variant.LIVE,
    )
    run = run_document(folder, write_verdict_only(folder)) | {"variant": variant.value, "folder": None}
    shutil.rmtree(folder)
    gc.collect()  # a run leaves a world of objects that know each other; the next one needs the memory
    return run


@cache
def _scenario(name: str, variant: Variant) -> Scenario:
    return scenario_for(name, variant.value).model_copy(update={"reach": ()})


def _nobody_watches(done: float, total: float, note: str = "") -> None:
    """The progress of one seed among many."""
