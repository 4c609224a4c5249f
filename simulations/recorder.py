"""Everything that happens in a simulated run goes through here, once: hashed, checked and, if wanted, written down."""

from __future__ import annotations

from typing import Any, Protocol

from reference_services.kernel.history import HistoryHash, VersionsMissing, observation
from reference_services.kernel.invariant import Checker
from reference_services.kernel.message import Event, Message, Record
from reference_services.kernel.one_history import LogReading


class EventSink(Protocol):
    """Where events are kept, e.g. a run folder."""

    def event(self, message: Message[Any]) -> None:
        """Keep one message."""


class Recorder:
    """The history of a run, folded as it happens: what was appended, each version of each aggregate once.

    No version may be missing. With ``reads_logs`` what the logs hold is compared, too, which takes memory for each
    record; where nothing goes wrong there is nothing to find.
    """

    def __init__(self, checker: Checker, sink: EventSink | None = None, *, reads_logs: bool = False) -> None:
        self.checker = checker
        self.domain_events = 0
        self._hash = HistoryHash()
        self._sink = sink
        self._observations = 0
        self._versions: dict[str, int] = {}
        self._reading = LogReading() if reads_logs else None

    def record(self, record: Record) -> None:
        """Take in what one decision appended; a version that was seen before is a copy, which all readers drop."""
        first = record[0]
        last = self._versions.get(first.subject, 0)
        if first.version > last + 1:
            self.observe(VersionsMissing(first.subject, last, first.version), first.subject, first.time_us)
        is_copy = first.version <= last
        if self._reading is not None:
            wrong = self._reading.copy(record) if is_copy else self._reading.new(record)
            if wrong is not None:
                self.observe(wrong, first.subject, first.time_us)
        if is_copy:
            return
        self._versions[first.subject] = first.version
        for message in record:
            self._take(message)
        self.domain_events += len(record)

    def observe(self, data: Event, subject: str, time_us: int) -> None:
        """Take in what a client, the provider or a host observed."""
        self._observations += 1
        self._take(observation(data, subject, time_us, self._observations))

    def sha256(self) -> str:
        """The hash of the history so far."""
        return self._hash.hexdigest()

    def _take(self, message: Message[Any]) -> None:
        self._hash.add(message)
        self.checker.observe(message)
        if self._sink is not None:
            self._sink.event(message)
