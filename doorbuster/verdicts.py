"""Verdicts as the command line tells them: first how it came out, then the figures, world by world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from reports import wording
from reports.report import REPORT_FILE
from reports.verdict import INVALID, INVARIANT_BROKEN, OBJECTIVE_MISSED, PASS, Verdict, told_value
from scenarios.run_folder import RunFolderReader

from .console import output

STYLES = {
    PASS: "bold white on green",
    OBJECTIVE_MISSED: "bold white on red",
    INVARIANT_BROKEN: "bold white on red",
    INVALID: "bold black on yellow",
}


def run_document(folder: Path, verdict: Verdict) -> dict[str, Any]:
    """One run as JSON data: what it was, what was found, how it came out, and where to read on."""
    reader = RunFolderReader(folder)
    run, findings = reader.run, reader.findings
    return {
        "scenario": run.scenario,
        "title": run.title,
        "world": run.world,
        "seed": run.seed,
        "history_sha256": findings.history_sha256,
        "events": findings.events,
        "wall_s": findings.wall_s,
        "left_out": list(run.left_out),
        **verdict_document(verdict),
        **paths_document(folder),
    }


def rehearsal_document(folder: Path, verdict: Verdict) -> dict[str, Any]:
    """A rehearsal as JSON data: the worst of its worlds, and each world."""
    worlds = {name: run_document(folder / name.lower(), world) for name, world in verdict.worlds.items()}
    first = next(iter(worlds.values()))
    return {
        "scenario": first["scenario"],
        "title": first["title"],
        "seed": first["seed"],
        "verdict": verdict.label,
        "exit_code": verdict.code,
        "summary": verdict.summary,
        "reasons": list(verdict.reasons),
        "worlds": {name.lower(): world for name, world in worlds.items()},
        **paths_document(folder),
    }


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """A verdict on one run as JSON data; ``invariants`` counts violations, ``reached`` situations."""
    return {
        "verdict": verdict.label,
        "exit_code": verdict.code,
        "summary": verdict.summary,
        "reasons": list(verdict.reasons),
        "invariants": verdict.invariants,
        "reached": verdict.reached,
        "missing_reach": list(verdict.missing_reach),
        "objectives": msgspec.to_builtins(verdict.objectives),
    }


def paths_document(folder: Path) -> dict[str, str | None]:
    """Where a run is, and its report if there is one."""
    report = folder / REPORT_FILE
    return {"folder": str(folder), "report": str(report) if report.exists() else None}


def print_verdict(verdict: Verdict, folder: Path | None) -> None:
    """Print a verdict on a run or a rehearsal for people; ``folder`` is where it was kept."""
    output.print(banner(verdict), Text(verdict.summary))
    output.print()
    for reason in _reasons(verdict):
        output.print(f"  {reason}")
    output.print()
    output.print(_figures(verdict.worlds or {"": verdict}))
    if folder is not None:
        output.print()
        output.print(_where(folder))


def banner(verdict: Verdict) -> Text:
    """The verdict in a word or two, in its colour."""
    return Text(f" {verdict.label} ", STYLES[verdict.code])


def _reasons(verdict: Verdict) -> list[str]:
    """Why it came out so; of a rehearsal, only why some of its worlds did not pass."""
    failed = [f"{name}: {reason}" for name, world in verdict.worlds.items() if world.code for reason in world.reasons]
    if verdict.worlds:
        return failed or ["Every world passed."]
    return list(verdict.reasons)


def _where(folder: Path) -> str:
    report = folder / REPORT_FILE
    return f"Report: {report}" if report.exists() else f"Run folder: {folder}"


def _figures(worlds: Mapping[str, Verdict]) -> Table:
    """One column a world, and a row for each thing that was judged."""
    table = Table("", *worlds, box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    verdicts = list(worlds.values())
    if len(verdicts) > 1:
        table.add_row("Verdict", *(banner(verdict) for verdict in verdicts))
    _add_rows(table, "Invariants", _invariant, verdicts, (verdict.invariants for verdict in verdicts))
    objectives = ([result.name for result in verdict.objectives] for verdict in verdicts)
    _add_rows(table, "Objectives", _objective, verdicts, objectives)
    _add_rows(table, "Reached", _reached, verdicts, (verdict.reached for verdict in verdicts))
    return table


def _add_rows(
    table: Table,
    heading: str,
    cell: Callable[[Verdict, str], Text],
    verdicts: Sequence[Verdict],
    names: Iterable[Iterable[str]],
) -> None:
    """A row for every name that one of the worlds knows, in the order in which they come up."""
    rows = dict.fromkeys(name for each in names for name in each)
    if rows:
        table.add_row(Text(heading, "bold"))
    for name in rows:
        table.add_row(f"  {name}", *(cell(verdict, name) for verdict in verdicts))


def _invariant(verdict: Verdict, name: str) -> Text:
    count = verdict.invariants.get(name)
    if count is None:
        return Text(wording.MISSING)
    return Text("held", "green") if not count else Text(wording.counted(count, "violation"), "bold red")


def _objective(verdict: Verdict, name: str) -> Text:
    result = next((result for result in verdict.objectives if result.name == name), None)
    if result is None:
        return Text(wording.MISSING)
    colour = {"met": "green", "missed": "bold red", "no-data": "yellow"}[result.status]
    return Text(f"{told_value(result, result.value)} of {told_value(result, result.limit)}", colour)


def _reached(verdict: Verdict, name: str) -> Text:
    count = verdict.reached.get(name)
    if count is None:
        return Text(wording.MISSING)
    return Text(f"{count:,}", "bold yellow" if name in verdict.missing_reach else "" if count else "dim")
