"""Invariants: what must hold over every prefix of a history, and what must have been reached by its end.

Checkers see one stream of messages: the domain's events, the answers that clients got and the provider's books.
A checker that raises makes the run INVALID; it never counts as a pass.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable
from types import MethodType
from typing import ClassVar, Literal

import msgspec

from .history import InboxCounted
from .message import Event, Message
from .observer import Observer, on

SAMPLES_KEPT = 20
"""Violations of one invariant that are kept whole; all are counted."""


class Violation(msgspec.Struct, frozen=True):
    """One breach: of what, by which message, in words."""

    invariant: str
    subject: str
    time_us: int
    event_id: str
    message: str


class Invariant(Observer):
    """One rule with the state that it needs. Handlers call `violate`; `finish` checks what must hold at the end."""

    name: ClassVar[str]
    statement: ClassVar[str]
    """The rule in words, as reports print it."""

    def __init__(self) -> None:
        self.count = 0
        self.samples: list[Violation] = []
        self.last: Violation | None = None

    def finish(self, end_us: int) -> None:
        """Called once after the last message; ``end_us`` is the end of the observed time."""

    def violate(self, message: str, cause: Message | None = None, *, subject: str = "", time_us: int = 0) -> None:
        """Record a breach, seen at message ``cause`` (or at the end of the run)."""
        violation = Violation(
            self.name,
            cause.subject if cause is not None else subject,
            cause.time_us if cause is not None else time_us,
            cause.id if cause is not None else "",
            message,
        )
        self.count += 1
        self.last = violation
        if len(self.samples) < SAMPLES_KEPT:
            self.samples.append(violation)


class InboxDrained(Invariant):
    """The liveness of the hosts themselves: nothing that entered an inbox is still there or has vanished.

    Only the hosts can tell. Where none has, the rule was not looked at, and raises in the end.
    """

    name = "inbox-drained"
    statement = "At the end every inbox is empty, and consumed = decided + duplicates + dead-lettered."

    def __init__(self) -> None:
        super().__init__()
        self._is_told = False

    @on(InboxCounted)
    def counted(self, message: Message[InboxCounted]) -> None:
        """One service's count must add up and leave nothing waiting."""
        self._is_told = True
        count = message.data
        if count.lag:
            self.violate(f"{count.service}: {count.lag} commands still wait", message)
        accounted = count.decided + count.duplicates + count.dead_lettered
        if count.consumed != accounted:
            self.violate(f"{count.service}: {count.consumed} consumed, {accounted} accounted for", message)

    def finish(self, end_us: int) -> None:
        """Raises LookupError if no host has counted anything: there was nothing to judge."""
        if not self._is_told:
            raise LookupError("no host has said what became of its inbox")


class Coverage(Observer):
    """Marks the situations that a run has been through: ``reached[name]`` counts how often."""

    names: ClassVar[tuple[str, ...]]
    """Every situation that can be marked."""

    def __init__(self) -> None:
        self.reached: Counter[str] = Counter(dict.fromkeys(self.names, 0))

    def mark(self, name: str) -> None:
        """Count one more time that the situation ``name`` was reached."""
        self.reached[name] += 1


class Finding(msgspec.Struct, frozen=True):
    """The result of one invariant: how many breaches, the first ones, and the last."""

    name: str
    statement: str
    status: Literal["held", "broken", "crashed"]
    violations: int
    samples: tuple[Violation, ...] = ()
    last: Violation | None = None
    error: str = ""


class Checker:
    """Runs invariants and coverage over a history, one message at a time."""

    def __init__(self, invariants: Iterable[Invariant], coverage: Coverage) -> None:
        self.invariants = tuple(invariants)
        self.coverage = coverage
        self.messages_seen = 0
        self._crashes: dict[str, str] = {}
        self._handlers: dict[type[Event], list[MethodType]] = {}
        for observer in (*self.invariants, coverage):
            for event_type, handler in observer.handlers().items():
                self._handlers.setdefault(event_type, []).append(handler)

    def observe(self, message: Message) -> None:
        """Show ``message`` to every checker that asked for its type."""
        self.messages_seen += 1
        for handler in self._handlers.get(type(message.data), ()):
            try:
                handler(message)
            except Exception as error:  # a broken checker must be told apart from a broken system
                self._crash(handler.__self__, error)

    def finish(self, end_us: int) -> list[Finding]:
        """Check what must hold at the end and return one finding per invariant, crashes included."""
        for invariant in self.invariants:
            try:
                invariant.finish(end_us)
            except Exception as error:  # as above
                self._crash(invariant, error)
        findings = [self._finding(invariant) for invariant in self.invariants]
        if "coverage" in self._crashes:
            findings.append(Finding("coverage", "Coverage is counted.", "crashed", 0, error=self._crashes["coverage"]))
        return findings

    def _crash(self, observer: object, error: Exception) -> None:
        name = observer.name if isinstance(observer, Invariant) else "coverage"
        self._crashes.setdefault(name, "".join(traceback.format_exception_only(error)).strip())

    def _finding(self, invariant: Invariant) -> Finding:
        error = self._crashes.get(invariant.name, "")
        status: Literal["held", "broken", "crashed"] = "broken" if invariant.count else "held"
        if error and not invariant.count:
            status = "crashed"
        return Finding(
            invariant.name,
            invariant.statement,
            status,
            invariant.count,
            tuple(invariant.samples),
            invariant.last,
            error,
        )
