"""The event-sourced table of one service: what a host consults to decide, and folds to remember.

Both hosts use this very class, the one on Faust and the one in virtual time; so what a retry, a replay after a crash
or a zombie can do to the state is the same in both worlds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from .decider import Deadline, Decider
from .message import (
    DEADLINE_COMMAND,
    KERNEL_EVENTS,
    NOTHING_CHANGED,
    Message,
    Record,
    child_traceparent,
    derived_id,
    event_id,
    is_sent_by_time,
)
from .system import Service, System

DECIDED_IDS_KEPT = 20_000
"""Command ids remembered per aggregate. Must exceed what can lie between a command and its last redelivery on one
aggregate: a worker that replays from its last commit repeats up to half a minute of work, some thousand commands."""


class VersionGap(Exception):
    """A record skips a version of its aggregate: something that was appended has been lost."""


class Aggregate:
    """One aggregate as a host holds it: who decides for it, its state, its version, and the ids of what it decided."""

    __slots__ = ("decided", "decider", "state", "version")

    def __init__(self, decider: Decider[Any], state: Any) -> None:
        self.decider = decider
        self.state = state
        self.version = 0
        self.decided: dict[str, None] = {}


class AggregateTable:
    """All aggregates of one service that a host is responsible for."""

    def __init__(self, system: System, service: Service) -> None:
        self._system = system
        self._source = system.source(service)
        self._deciders = {decider.name: decider for decider in service.deciders}
        self._aggregates: dict[str, Aggregate] = {}

    def decide(self, command: Message[Any]) -> Record:
        """The record that ``command`` leads to, or an empty tuple if it has been decided before.

        A command that there is nothing to do about leads to `NothingChanged`; only time's own leave no trace then,
        since they are sent again as long as something is due.

        Does not alter the table: append the record first, then `fold` it.
        """
        subject = command.subject
        aggregate = self._aggregates.get(subject)
        if aggregate is None:
            decider, key = self._addressed(subject)
            state, version = decider.initial(key), 1
        elif command.id in aggregate.decided:
            return ()
        else:
            decider, state, version = aggregate.decider, aggregate.state, aggregate.version + 1
        events = decider.decide(state, command.data, command.time_us)
        if not events:
            if is_sent_by_time(command):
                return ()
            events = [NOTHING_CHANGED]
        traceparent = child_traceparent(command.traceparent, command.id)
        return tuple(
            [
                Message(
                    event_id(subject, version, index),
                    self._source,
                    self._system.type_name(type(event)),
                    subject,
                    command.time_us,
                    event,
                    version,
                    command.id,
                    command.correlation_id,
                    traceparent,
                )
                for index, event in enumerate(events)
            ]
        )

    def fold(self, record: Record) -> bool:
        """Take in one record, own or replayed. Returns False for a version already seen.

        Raises `VersionGap` if a version is missing in between.
        """
        first = record[0]
        subject = first.subject
        aggregate = self._aggregates.get(subject)
        if aggregate is None:
            decider, key = self._addressed(subject)
            aggregate = self._aggregates[subject] = Aggregate(decider, decider.initial(key))
        if first.version <= aggregate.version:
            return False
        if first.version > aggregate.version + 1:
            raise VersionGap(f"{subject}: version {first.version} follows {aggregate.version}")
        evolve = aggregate.decider.evolve
        state = aggregate.state
        for message in record:
            if type(message.data) not in KERNEL_EVENTS:
                state = evolve(state, message.data)
        aggregate.state = state
        aggregate.version = first.version
        self._remember(aggregate, first.causation_id)
        return True

    def next_deadline_us(self, subject: str) -> int | None:
        """When time next decides something for ``subject``; None if nothing waits for it."""
        deadline = self._next_deadline(subject)
        return deadline[0] if deadline is not None else None

    def deadline_command(self, subject: str, now_us: int) -> Message[Any] | None:
        """The command that time sends to ``subject`` at ``now_us``; None if nothing is due by then.

        Its id derives from the deadline, so a second host that sends it again sends the same command.
        """
        deadline = self._next_deadline(subject)
        if deadline is None or deadline[0] > now_us:
            return None
        due_us, command = deadline
        version = self.version(subject)
        type_name = self._system.type_name(type(command))
        return Message(
            id=DEADLINE_COMMAND + derived_id(subject, str(version), type_name, str(due_us)),
            source=self._source,
            type=type_name,
            subject=subject,
            time_us=now_us,
            data=command,
            causation_id=f"{subject}/{version}",
            correlation_id=subject,
        )

    def state(self, subject: str) -> Any:
        """The state of ``subject``, or None if nothing ever happened to it."""
        aggregate = self._aggregates.get(subject)
        return aggregate.state if aggregate is not None else None

    def version(self, subject: str) -> int:
        """The version of ``subject``; 0 if nothing ever happened to it."""
        aggregate = self._aggregates.get(subject)
        return aggregate.version if aggregate is not None else 0

    def subjects(self) -> Iterator[str]:
        """Every aggregate held, oldest first."""
        return iter(self._aggregates)

    def forget(self, subject: str) -> None:
        """Drop an aggregate whose partition now belongs to another host."""
        self._aggregates.pop(subject, None)

    def __len__(self) -> int:
        return len(self._aggregates)

    def _addressed(self, subject: str) -> tuple[Decider[Any], str]:
        """Who decides for ``subject``, and the key that it has there."""
        name, _, key = subject.partition("/")
        return self._deciders[name], key

    @staticmethod
    def _remember(aggregate: Aggregate, command_id: str) -> None:
        decided = aggregate.decided
        decided[command_id] = None
        if len(decided) > DECIDED_IDS_KEPT:
            if not isinstance(decided, OrderedDict):
                # A plain dict looks for its oldest key past the gaps of all that were taken out before. Few aggregates
                # come this far, and the others need not pay for more.
                decided = aggregate.decided = OrderedDict(decided)
            decided.popitem(last=False)

    def _next_deadline(self, subject: str) -> Deadline | None:
        aggregate = self._aggregates.get(subject)
        if aggregate is None:
            return None
        for deadline in aggregate.decider.deadlines(aggregate.state):
            return deadline
        return None
