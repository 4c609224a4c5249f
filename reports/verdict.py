"""Verdicts: what a run proved, as an exit code, a label and reasons in words.

| code | verdict         | meaning                                                                     |
|------|-----------------|-----------------------------------------------------------------------------|
| 0    | PASS            | every invariant held, every objective was met, the run is valid             |
| 1    | FAIL: objective | an objective was missed                                                     |
| 3    | FAIL: invariant | an invariant broke                                                          |
| 4    | INVALID         | the run proves nothing: the generator fell behind, a checker crashed, ...   |

3 outranks 4 outranks 1: units that were sold twice were sold twice even if the generator was late, while a generator
that was late says nothing about speed. What was not measured never passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from pydantic import ValidationError

from reference_services.kernel.invariant import Finding
from scenarios.model import Objective
from scenarios.objectives import ObjectiveResult, evaluate
from scenarios.run_folder import Findings, NotARunFolder, Schedule, write_atomically
from scenarios.run_records import LATE_P99_LIMIT_US

from . import wording
from .run import Run

PASS, OBJECTIVE_MISSED, INVARIANT_BROKEN, INVALID = 0, 1, 3, 4

WORST_FIRST = (INVARIANT_BROKEN, INVALID, OBJECTIVE_MISSED, PASS)

LABELS = {
    PASS: "PASS",
    OBJECTIVE_MISSED: "FAIL: objective",
    INVARIANT_BROKEN: "FAIL: invariant",
    INVALID: "INVALID",
}

VERDICT_FILE = "verdict.json"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a run proved. ``invariants`` counts violations, ``reached`` situations; only a rehearsal has ``worlds``."""

    code: int
    label: str
    summary: str
    reasons: tuple[str, ...]
    invariants: dict[str, int] = {}
    objectives: tuple[ObjectiveResult, ...] = ()
    reached: dict[str, int] = {}
    missing_reach: tuple[str, ...] = ()
    worlds: dict[str, Verdict] = {}


def judge(
    findings: Findings,
    objectives: Sequence[ObjectiveResult],
    reach: Iterable[str],
    *,
    requests: int,
    headline: str = "",
) -> Verdict:
    """The verdict on one run.

    ``reach`` names the situations that the scenario must reach, ``requests`` is how many API calls were recorded, and
    ``headline`` is how the system itself tells that all went well.
    """
    missing = tuple(name for name in reach if not findings.reached.get(name))
    broken = [finding for finding in findings.invariants if finding.status == "broken"]
    problems = {
        INVARIANT_BROKEN: [_broken(finding) for finding in broken],
        INVALID: _why_invalid(findings, objectives, missing, requests),
        OBJECTIVE_MISSED: [_missed(result) for result in objectives if result.status == "missed"],
    }
    code = next((code for code in WORST_FIRST if problems.get(code)), PASS)
    reasons = [reason for code in WORST_FIRST for reason in problems.get(code, ())]
    return Verdict(
        code=code,
        label=LABELS[code],
        summary=_summary(code, broken, problems[OBJECTIVE_MISSED], headline),
        reasons=tuple(reasons or _why_passed(findings, objectives, tuple(reach))),
        invariants={finding.name: finding.violations for finding in findings.invariants},
        objectives=tuple(objectives),
        reached=dict(findings.reached),
        missing_reach=missing,
    )


def judge_run(run: Run) -> Verdict:
    """The verdict on the run in a folder. Raises `NotARunFolder` or `pictures.BadPictures` if it cannot be read."""
    return judge(
        run.findings,
        objective_results(run),
        run.info.scenario_document.get("reach", ()),
        requests=len(run.raw_requests),
        headline=run.headline,
    )


def objective_results(run: Run) -> list[ObjectiveResult]:
    """How the objectives of the run's scenario came out. Raises `NotARunFolder` if they cannot be understood."""
    try:
        objectives = [Objective.model_validate(each) for each in run.info.scenario_document.get("objectives", ())]
    except ValidationError as error:
        first = error.errors()[0]
        raise NotARunFolder(f"{run.path}: its scenario's objectives cannot be understood: {first['msg']}") from error
    return evaluate(
        objectives,
        run.raw_requests,
        opens_at_us=run.info.origin_us,
        sold_out_after_us=_ran_out_after_us(run),
    )


def worst_of(worlds: Mapping[str, Verdict]) -> Verdict:
    """The verdict on a rehearsal: that of the world that came out worst (of equals the last), and each world's own."""
    code = min((verdict.code for verdict in worlds.values()), key=WORST_FIRST.index)
    name, worst = [(name, verdict) for name, verdict in worlds.items() if verdict.code == code][-1]
    return Verdict(
        code=code,
        label=LABELS[code],
        summary=worst.summary if code == PASS else f"{name}: {worst.summary}",
        reasons=tuple(f"{name}: {reason}" for name, verdict in worlds.items() for reason in verdict.reasons),
        worlds=dict(worlds),
    )


def write_verdict(folder: Path, verdict: Verdict) -> Path:
    """Write ``verdict.json`` into ``folder``."""
    path = folder / VERDICT_FILE
    write_atomically(path, msgspec.json.format(msgspec.json.encode(verdict), indent=2) + b"\n")
    return path


def told_value(result: ObjectiveResult, value: float | None) -> str:
    """A value of an objective as one writes it."""
    match result.unit:
        case "ms":
            return wording.duration(None if value is None else value * 1e3)
        case "s":
            return wording.seconds(value)
        case "share":
            return wording.percent(value)


def _ran_out_after_us(run: Run) -> int | None:
    """How long after the opening the system's first gauge that can run out did so; None if it never did."""
    after_s = next((counted.ran_out_s for counted in run.gauges if counted.gauge.runs_out), None)
    return None if after_s is None else round(after_s * 1e6)


def _why_invalid(
    findings: Findings, objectives: Sequence[ObjectiveResult], missing: tuple[str, ...], requests: int
) -> list[str]:
    reasons = [f"The run ended early: {findings.crashed}"] if findings.crashed else []
    reasons += [
        f"The checker of {finding.name} crashed: {finding.error}"
        for finding in findings.invariants
        if finding.status == "crashed" or finding.error
    ]
    if not findings.invariants:
        reasons.append("No invariant was checked.")
    if not findings.events:
        reasons.append("No event was recorded.")
    if not requests:
        reasons.append("No request was recorded.")
    reasons += _unkept(findings.schedule)
    reasons += [f"The scenario must reach {name}, and never did." for name in missing]
    empty = [result for result in objectives if result.status == "no-data"]
    reasons += [f"Nothing was measured for {result.name}: {result.detail}." for result in empty]
    return reasons


def _unkept(schedule: Schedule) -> list[str]:
    """Why the load generator's schedule was not kept."""
    reasons = []
    if not schedule.planned:
        reasons.append("No arrival was planned.")
    if schedule.late_p99_us > LATE_P99_LIMIT_US:
        late, limit = wording.duration(schedule.late_p99_us), wording.duration(LATE_P99_LIMIT_US)
        reasons.append(f"The load generator fell behind: 1% of arrivals began {late} late or more, above {limit}.")
    if schedule.dropped:
        reasons.append(f"The load generator dropped {schedule.dropped:,} of {schedule.planned:,} arrivals.")
    never = schedule.planned - schedule.sent - schedule.dropped
    if never:
        reasons.append(f"Of {schedule.planned:,} planned arrivals {never:,} never began.")
    return reasons


def _broken(finding: Finding) -> str:
    count = wording.counted(finding.violations, "violation")
    first = f" First: {finding.samples[0].subject}: {finding.samples[0].message}" if finding.samples else ""
    return f"{finding.name} broke: {count}.{first}"


def _missed(result: ObjectiveResult) -> str:
    value, limit = told_value(result, result.value), told_value(result, result.limit)
    return f"The {result.name} was {value}; the objective is at most {limit} ({result.detail})."


def _why_passed(findings: Findings, objectives: Sequence[ObjectiveResult], reach: tuple[str, ...]) -> list[str]:
    schedule = findings.schedule
    reasons = [f"{_all(len(findings.invariants), 'invariant')} held over {wording.counted(findings.events, 'event')}."]
    if objectives:
        reasons.append(f"{_all(len(objectives), 'objective')} met.")
    if reach:
        reasons.append(f"{_all(len(reach), 'situation')} reached that had to be.")
    late = f"99% within {wording.duration(schedule.late_p99_us)} of their time" if schedule.late_p99_us else "on time"
    reasons.append(f"All {schedule.planned:,} planned arrivals began, {late}.")
    return reasons


def _all(count: int, noun: str) -> str:
    return f"The one {noun}" if count == 1 else f"All {count:,} {noun}s"


def _summary(code: int, broken: Sequence[Finding], missed: Sequence[str], headline: str) -> str:
    if code == INVARIANT_BROKEN:
        names = [f"{finding.name}, {wording.counted(finding.violations, 'time')}" for finding in broken]
        return f"{'An invariant' if len(broken) == 1 else f'{len(broken)} invariants'} broke: {'; '.join(names)}."
    if code == INVALID:
        return "This run proves nothing."
    if code == OBJECTIVE_MISSED:
        objectives = f"{wording.counted(len(missed), 'objective')} {'was' if len(missed) == 1 else 'were'} missed"
        return f"Every invariant held, but {objectives}."
    return f"{headline.rstrip('.')}." if headline else "Every invariant held, and every objective was met."
