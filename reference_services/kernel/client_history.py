"""What clients themselves saw of a run, and whether one order of events explains it.

The other checkers read the system's own events. This one believes nothing but the clients: what each asked, when, and
what it was told. A system that takes part has a module ``sequential_models`` that sorts such calls by key.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from .edge import rfc3339
from .history import AnswerOutcome
from .invariant import SAMPLES_KEPT, Finding, Violation
from .linearizability import CONFIGURATIONS_MAX, Model, Operation, Verdict, check


class ClientCall(msgspec.Struct, frozen=True, kw_only=True):
    """One API call as its client made it and saw it answered. Instants are microseconds since the epoch.

    ``client`` is the caller's subject; ``path`` and ``body`` are what was sent, ``command_id`` what it asks for (equal
    for repetitions with one idempotency key, empty for queries). ``invoked_us`` is when it was really sent.
    ``returned_us`` is None as long as nothing came back, and then the outcome is ``unknown``: a call still open when
    the run ends belongs to its history too, since it may have been carried out. ``answer`` is the JSON body.
    """

    client: str
    operation: str
    invoked_us: int
    returned_us: int | None = None
    outcome: AnswerOutcome = "unknown"
    status: int = 0
    reason: str = ""
    command_id: str = ""
    path: Mapping[str, str] = {}
    body: Any = None
    answer: Any = None


class KeyHistory(msgspec.Struct, frozen=True):
    """The operations on one key, for the model of it; ``rule`` names the rule that they are to keep."""

    rule: str
    key: str
    model: Model[Any]
    operations: list[Operation]


class SequentialModels(msgspec.Struct, frozen=True):
    """How a system's client history is checked.

    ``rules`` maps the name of each rule to its statement; ``operations`` are the API operations that matter, so that a
    recorder need keep no others; ``histories`` sorts all of a run's calls by key.
    """

    rules: Mapping[str, str]
    operations: frozenset[str]
    histories: Callable[[Iterable[ClientCall]], Iterable[KeyHistory]]


def check_client_history(
    models: SequentialModels, calls: Iterable[ClientCall], configurations_max: int = CONFIGURATIONS_MAX
) -> list[Finding]:
    """One finding per rule. What could not be decided counts as a checker that crashed, never as a pass."""
    violations: dict[str, list[Violation]] = {rule: [] for rule in models.rules}
    errors: dict[str, str] = {}
    try:
        for history in models.histories(calls):
            verdict = check(history.model, history.operations, configurations_max)
            if verdict.status == "impossible":
                violations[history.rule].append(_violation(history, verdict))
            elif verdict.status == "undecided":
                error = f"{history.key}: undecided after {verdict.configurations} configurations"
                errors.setdefault(history.rule, error)
    except Exception as error:  # a broken checker must be told apart from a broken system
        text = "".join(traceback.format_exception_only(error)).strip()
        errors = {rule: errors.get(rule, text) for rule in models.rules}
    return [
        _finding(rule, statement, violations[rule], errors.get(rule, "")) for rule, statement in models.rules.items()
    ]


def explanation(history: KeyHistory, verdict: Verdict) -> str:
    """Who saw what, in a sentence, that no order of events can explain."""
    stuck = verdict.stuck
    assert stuck is not None, "what is linearizable needs no explanation"
    assert stuck.returned_us is not None, "what never returned is never stuck"
    return (
        f"{history.key}: {history.model.saw(stuck)} (asked {rfc3339(stuck.invoked_us)}, told "
        f"{rfc3339(stuck.returned_us)}), but {history.model.situation(verdict.state)}; no order of the "
        f"{len(history.operations)} operations that clients saw explains that"
    )


def _violation(history: KeyHistory, verdict: Verdict) -> Violation:
    stuck = verdict.stuck
    assert stuck is not None
    time_us = stuck.returned_us if stuck.returned_us is not None else stuck.invoked_us
    return Violation(history.rule, history.key, time_us, "", explanation(history, verdict))


def _finding(rule: str, statement: str, violations: list[Violation], error: str) -> Finding:
    in_order = sorted(violations, key=lambda violation: violation.time_us)
    return Finding(
        rule,
        statement,
        "broken" if violations else "crashed" if error else "held",
        len(violations),
        tuple(in_order[:SAMPLES_KEPT]),
        in_order[-1] if in_order else None,
        error,
    )
