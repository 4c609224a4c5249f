"""Tells people what a search has found: the verdict first, then what to do, then the figures."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from reports import wording
from simulations.search.searching import SeedOutcome

from ..console import output
from ..verdicts import STYLES
from .checked import Checked
from .evidence import Evidence
from .rates import clean_seeds_needed
from .total import Total


def print_checked(checked: Checked) -> None:
    """One searched scenario, for people."""
    total = checked.total
    output.print(Text(f" {total.verdict} ", STYLES[total.code]), _headline(checked))
    if total.first is not None:
        _print_violation(total, total.first, checked.evidence)
    for reason in total.why_invalid() if total.first is None else ():
        output.print(f"  {reason}")
    output.print()
    for line in rate_in_words(total):
        output.print(f"  {line}")
    if total.reached:
        output.print()
        output.print(_reached(total))
    if checked.evidence is not None:
        output.print()
        output.print(f"Story: {checked.evidence.story}")
        output.print(f"Replay: {checked.evidence.replay}")
    output.print()


def rate_in_words(total: Total) -> list[str]:
    """How often it breaks, how sure that is, and how many clean seeds it takes to believe a fix."""
    rate = total.rate
    if rate is None:
        return []
    seeds = wording.counted(total.searched, "seed")
    subject = f"Violation rate of {total.plant.caught_by}" if total.plant else "Violation rate"
    if not total.violations:
        bound = _percent(rate.high)
        return [f"{subject}: 0 of {seeds}; with 95% confidence it is below {bound}."]
    interval = f"95% interval {_percent(rate.low)} to {_percent(rate.high)}"
    estimate = f"{total.violations:,} of {seeds}, {_percent(rate.estimate)}"
    at_rate = wording.counted(clean_seeds_needed(rate.estimate), "clean seed")
    at_low_end = f"{clean_seeds_needed(rate.low):,}"
    return [
        f"{subject}: {estimate} ({interval}).",
        f"After a fix it takes {at_rate} in a row until the chance that it is still there, unseen, is below 5%;",
        f"{at_low_end} if it breaks only as often as the low end of the interval says.",
        *(["A search with --keep-going narrows the interval."] if total.stops else []),
    ]


def _percent(share: float) -> str:
    """A share of all seeds; of a small one, two digits that say something."""
    return wording.percent(share) if share >= 0.01 else f"{100 * share:.2g}%"


def _headline(checked: Checked) -> Text:
    total = checked.total
    seeds = f"{total.searched:,} of {wording.counted(len(total.seeds), 'seed')}"
    planted = f" with {total.plant.name} planted" if total.plant else ""
    events = wording.counted(total.events, "event")
    return Text(f"{total.scenario.name}{planted}: {seeds}, {events}, {wording.seconds(checked.wall_s)}")


def _print_violation(total: Total, first: SeedOutcome, evidence: Evidence | None) -> None:
    breach = total.breaches[total.invariant]
    output.print()
    output.print(Text(f"  Seed {first.seed} breaks {breach.invariant}", "bold red"))
    output.print(f"  {breach.message}")
    output.print(f"  Drawn: {first.configuration}")
    if evidence is not None:
        _print_faults(evidence)
    others = [f"{each.invariant} ({each.seeds:,})" for each in total.breaches.values() if each is not breach]
    if others:
        output.print(f"  Broke as well, under so many seeds: {wording.listed(others)}")
    for name, error in total.crashed.items():
        output.print(f"  The checker {name} crashed under {error}")


def _print_faults(evidence: Evidence) -> None:
    """The faults of the run that the story tells, each with its knobs."""
    requests = wording.counted(len(evidence.played.requests), "request")
    faults = wording.counted(len(evidence.played.faults), "fault")
    output.print(f"  {'Shrunk to' if evidence.shrunk else 'The run has'} {requests} and {faults}")
    for fault in evidence.played.faults:
        output.print(f"    {_fault(fault)}")


def _fault(fault: dict[str, Any]) -> str:
    knobs = ", ".join(f"{name} {value}" for name, value in fault.items() if name not in ("kind", "at"))
    return f"{fault['kind']} at {fault['at']}" + (f": {knobs}" if knobs else "")


def _reached(total: Total) -> Table:
    table = Table("Reached", "by seeds", box=None, pad_edge=False, padding=(0, 3, 0, 2), header_style="bold")
    missing = total.missing_reach if total.first is None else ()
    for name, seeds in total.reached.items():
        style = "bold yellow" if name in missing else "" if seeds else "dim"
        table.add_row(Text(name, style), Text(f"{seeds:,}", style, justify="right"))
    return table
