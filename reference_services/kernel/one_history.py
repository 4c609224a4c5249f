"""What must hold of the log itself, whatever is decided: one whole history for all who read, no command in it twice.

Readers drop a version of an aggregate that they have seen. That is sound only if whoever appended it once more, a
worker that was given up or one that starts over after a crash, has appended the very same.
"""

from __future__ import annotations

from .history import Diverged, RepeatedDecision, VersionsMissing
from .invariant import Invariant
from .message import Message, Record
from .observer import on


class OneHistory(Invariant):
    """Two owners of a partition, one after the other or by mistake at once, decide the same, and nothing is lost."""

    name = "one-history"
    statement = "Whoever appends a version of an aggregate appends the same events, and no version is missing."

    @on(VersionsMissing)
    def missing(self, message: Message[VersionsMissing]) -> None:
        """There is a hole in the log of an aggregate."""
        found = message.data
        self.violate(f"version {found.version} of {found.subject} comes right after version {found.after}", message)

    @on(Diverged)
    def diverged(self, message: Message[Diverged]) -> None:
        """One version has two contents."""
        found = message.data
        self.violate(f"version {found.version} of {found.subject} was appended with two different contents", message)


class DecidedOnce(Invariant):
    """A command leads to one record, however often it is delivered."""

    name = "decided-once"
    statement = "No command leads to two decisions."

    @on(RepeatedDecision)
    def repeated(self, message: Message[RepeatedDecision]) -> None:
        """A command has led to a second record."""
        found = message.data
        self.violate(f"{found.command_id} was decided at {found.first} and again at {found.again}", message)


class LogReading:
    """Folds the records of all logs and tells what no reader of events could see."""

    def __init__(self) -> None:
        self._records: dict[str, list[Record]] = {}
        self._decided: dict[str, str] = {}

    def new(self, record: Record) -> RepeatedDecision | None:
        """Take in a version that was not seen before."""
        first = record[0]
        self._records.setdefault(first.subject, []).append(record)
        decided = self._decided.setdefault(first.causation_id, first.id)
        return RepeatedDecision(first.causation_id, decided, first.id) if decided != first.id else None

    def copy(self, record: Record) -> Diverged | None:
        """Take in a version that was seen before."""
        first = record[0]
        seen = self._records.get(first.subject, [])
        same = any(earlier == record for earlier in seen if earlier[0].version == first.version)
        return None if same else Diverged(first.subject, first.version)
