"""The whole bookstore without a host: tables, inboxes, logs and views, moved one small step at a time.

Nothing here decides an order of events, a time or a fault: `random_walk` does. What both hosts promise is kept: order
within a partition, at-least-once everywhere, and everything goes through the wire format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from reference_services.bookstore.invariants import coverage, invariants
from reference_services.bookstore.system import build
from reference_services.bookstore.terms import Terms
from reference_services.kernel.aggregates import AggregateTable
from reference_services.kernel.codec import Codec
from reference_services.kernel.deadlines import DeadlineHeap
from reference_services.kernel.effect import Effect, answer_id
from reference_services.kernel.history import Answered, InboxCounted, observation
from reference_services.kernel.invariant import Checker
from reference_services.kernel.message import Event, Message, Record, Refused, partition_of
from reference_services.kernel.operation import ANYONE, Action, Call, Outcome, Principal, Query, command_id_of
from reference_services.kernel.outside import OutsideAnswer, OutsideRequest
from reference_services.kernel.problem import Problem
from reference_services.kernel.projection import Views
from reference_services.kernel.system import Service

PARTITIONS = 2


class Log:
    """One partition of a topic and how far its one reader has come."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.read = 0

    def __bool__(self) -> bool:
        return self.read < len(self.entries)

    def next(self) -> Any:
        """The next entry; the reader has it now."""
        entry = self.entries[self.read]
        self.read += 1
        return entry

    def rewind(self, entries: int) -> int:
        """Lose the last ``entries`` offsets, as far as there are any; returns how many those were."""
        lost = min(entries, self.read)
        self.read -= lost
        return lost


class Decider:
    """A service's inbox, table and alarm clock."""

    def __init__(self, service: Service, table: AggregateTable) -> None:
        self.service = service
        self.table = table
        self.inbox = [Log() for _ in range(PARTITIONS)]
        self.events: list[list[Record]] = [[] for _ in range(PARTITIONS)]
        self.deadlines = DeadlineHeap()
        self.consumed = self.decided = 0


class Reactor:
    """How far one partition of a service's events has been reacted to: by policies, or by the effects of ``caller``."""

    def __init__(self, publisher: Service, caller: Service | None, log: Log) -> None:
        self.publisher = publisher
        self.caller = caller
        self.log = log

    @property
    def name(self) -> str:
        """Who reacts to whom."""
        return f"{self.caller.name if self.caller else 'policies'} on {self.publisher.name}"


class OutsideCall(msgspec.Struct, frozen=True):
    """A call to the outside that an event made necessary."""

    service: Service
    effect: Effect
    event: Message[Any]
    request: OutsideRequest

    def answered(self, answer: OutsideAnswer | None) -> Any:
        """The command that records ``answer`` (None: every attempt failed), if any."""
        if answer is None:
            return self.effect.gave_up(self.event.data, "no answer")
        return self.effect.answer(self.event.data, answer)


class WholeBookstore:
    """Every service of the bookstore under ``terms``, at ``now_us``, with the checkers looking on."""

    def __init__(self, terms: Terms, now_us: int) -> None:
        self.terms = terms
        self.now_us = now_us
        self.system = build(terms)
        self.views = Views(self.system.view_types())
        self.checker = Checker(invariants(terms), coverage(terms))
        self.records: list[Record] = []
        self.calls: list[OutsideCall] = []
        self._codec = Codec(self.system)
        self._asked: dict[str, tuple[Action, Any]] = {}
        self._observations = 0
        self.deciders = {
            service.name: Decider(service, AggregateTable(self.system, service)) for service in self.system.services
        }
        readers: list[tuple[Service, Service | None]] = [(service, None) for service in self.system.services]
        readers += [(service, service) for service in self.system.services if service.effects]
        self.reactors = [Reactor(*reader, Log()) for reader in readers for _ in range(PARTITIONS)]

    # What customers, staff, devices and the provider do

    def request(
        self, name: str, principal: Principal, path: dict[str, str], body: Any, key: str
    ) -> Message[Any] | Problem:
        """Make one API call: the command that it sent, or the problem that it was answered with."""
        _, operation = self.system.operation(name)
        assert isinstance(operation, Action)
        assert principal.role in operation.roles
        call = Call(principal, path, body, command_id_of(principal, name, key), self.now_us)
        try:
            data = operation.command(call, self.views)
        except Problem as problem:
            return problem
        command = self.system.command(data, call.command_id, self.now_us, source="bookstore.gateway")
        if not operation.signed:
            self._asked[command.id] = (operation, data)
        self.send(command)
        return command

    def read(self, name: str, principal: Principal, path: dict[str, str]) -> Outcome:
        """Make one query. Raises `Problem`."""
        _, operation = self.system.operation(name)
        assert isinstance(operation, Query)
        assert principal.role in operation.roles or ANYONE in operation.roles
        return operation.read(Call(principal, path, None, "", self.now_us), self.views)

    def outcome(self, name: str, command: Message[Any]) -> Outcome:
        """What has come of an action so far."""
        _, operation = self.system.operation(name)
        assert isinstance(operation, Action)
        return operation.outcome(command.data, self.views)

    def observe(self, data: Event, subject: str) -> None:
        """Let the checkers see something that only others can tell."""
        self._observations += 1
        self.checker.observe(observation(data, subject, self.now_us, self._observations))

    def take_answer(self, call: OutsideCall, answer: OutsideAnswer | None) -> None:
        """Record what came back from a call."""
        data = call.answered(answer)
        if data is None:
            return
        command_id = answer_id(call.event.id, call.effect, answer)
        source = self.system.source(call.service)
        self.send(self.system.command(data, command_id, self.now_us, source=source, causation_id=call.event.id))

    def send(self, command: Message[Any]) -> None:
        """Append a command to its inbox, over the wire."""
        service, _ = self.system.owner(type(command.data))
        inbox = self.deciders[service.name].inbox[partition_of(command.subject, PARTITIONS)]
        inbox.entries.append(self._codec.decode(self._codec.encode(command)))

    # What workers do

    def decide_next(self, decider: Decider, inbox: Log) -> str:
        """Decide the next command of ``inbox``, append what comes of it, and tell."""
        command = inbox.next()
        record = decider.table.decide(command)
        decider.consumed += 1
        if not record:
            return f"{command.data} changes nothing"
        decider.decided += 1
        record = self._codec.decode_record(self._codec.encode_record(record))
        assert decider.table.fold(record)
        self._append(decider, record)
        self._arm(decider, command.subject)
        self._show(record)
        return f"{command.data} leads to {[message.data for message in record]}"

    def react_next(self, reactor: Reactor) -> str:
        """Run the policies or begin the effects of the next record that ``reactor`` has not seen; tell which."""
        record = reactor.log.next()
        for event in record:
            if reactor.caller is None:
                self._run_policies(reactor.publisher, event)
            else:
                self._begin_effects(reactor.caller, event)
        return f"{reactor.name}: {record[0].id}"

    def work(self) -> None:
        """Decide and react in the order in which things came, until nothing waits."""
        while self.inboxes() or self.busy_reactors():
            for decider, inbox in self.inboxes():
                self.decide_next(decider, inbox)
            for reactor in self.busy_reactors():
                self.react_next(reactor)

    def next_due_us(self) -> int | None:
        """When time next decides something."""
        return min((due for _, due in self._alarms()), default=None)

    def is_due(self) -> bool:
        """Whether a deadline has come."""
        due_us = self.next_due_us()
        return due_us is not None and due_us <= self.now_us

    def ring(self) -> str:
        """Send the commands of every deadline that has come, and tell for whom."""
        subjects = []
        for decider, _ in list(self._alarms()):
            for subject in decider.deadlines.pop_due(self.now_us):
                subjects.append(subject)
                command = decider.table.deadline_command(subject, self.now_us)
                if command is not None:
                    self.send(command)
        return ", ".join(subjects)

    def inboxes(self) -> list[tuple[Decider, Log]]:
        """The inboxes in which commands wait."""
        return [(decider, inbox) for decider in self.deciders.values() for inbox in decider.inbox if inbox]

    def busy_reactors(self) -> list[Reactor]:
        """The reactors for which events wait."""
        return [reactor for reactor in self.reactors if reactor.log]

    def waiting_since_us(self) -> int | None:
        """Since when the oldest command or event has waited for its reader; None if nothing waits."""
        commands = [inbox.entries[inbox.read].time_us for _, inbox in self.inboxes()]
        events = [reactor.log.entries[reactor.log.read][0].time_us for reactor in self.busy_reactors()]
        return min(commands + events, default=None)

    # What goes wrong

    def crash(self, decider: Decider, lost_offsets: int) -> None:
        """Kill a service's worker before it commits its last ``lost_offsets`` and start another from the log."""
        before = decider.table
        decider.table = AggregateTable(self.system, decider.service)
        decider.deadlines = DeadlineHeap()
        for record in (record for partition in decider.events for record in partition):
            decider.table.fold(record)
        subjects = list(before.subjects())
        for subject in subjects:
            assert decider.table.state(subject) == before.state(subject)
            assert decider.table.version(subject) == before.version(subject)
            self._arm(decider, subject)
        assert sorted(subjects) == sorted(decider.table.subjects())
        for inbox in decider.inbox:
            decider.consumed -= inbox.rewind(lost_offsets)

    def set_aside(self, inbox: Log) -> str:
        """Have the next command of ``inbox`` come last of all that wait there, like a dead letter that is replayed."""
        command = inbox.entries.pop(inbox.read)
        inbox.entries.append(command)
        return f"{command.data}"

    def append_again(self, decider: Decider, partition: int) -> None:
        """A zombie that lost its partition appends a record that its successor has appended already."""
        events = decider.events[partition]
        if events:
            copy = events[-1]
            self._append(decider, copy)
            assert not decider.table.fold(copy), "a second copy of a version must change nothing"
            assert not self.views.fold(copy)

    # How it ends

    def count_inboxes(self) -> None:
        """Let the checkers see what became of everything that came in."""
        for name, decider in self.deciders.items():
            lag = sum(len(inbox.entries) - inbox.read for inbox in decider.inbox)
            duplicates = decider.consumed - decider.decided
            self.observe(InboxCounted(name, decider.consumed, decider.decided, duplicates, 0, lag), name)

    def violations(self) -> list[str]:
        """Every breach seen so far, in words."""
        return [f"{sample.invariant}: {sample.message}" for each in self.checker.invariants for sample in each.samples]

    def states(self, service: str, aggregate: str) -> Iterator[Any]:
        """The states of every aggregate of one kind."""
        table = self.deciders[service].table
        return (table.state(subject) for subject in table.subjects() if subject.startswith(f"{aggregate}/"))

    def _run_policies(self, publisher: Service, event: Message[Any]) -> None:
        policies, source = self.system.policies_on(type(event.data)), self.system.source(publisher)
        for command in self.system.react(event, policies, self.now_us, source):
            self.send(command)

    def _begin_effects(self, caller: Service, event: Message[Any]) -> None:
        for effect in caller.effects:
            if effect.on is type(event.data):
                request = effect.request(event.data)
                assert request is not None
                self.calls.append(OutsideCall(caller, effect, event, request))

    def _append(self, decider: Decider, record: Record) -> None:
        partition = partition_of(record[0].subject, PARTITIONS)
        decider.events[partition].append(record)
        readers = [reactor for reactor in self.reactors if reactor.publisher is decider.service]
        for index, reactor in enumerate(readers):
            if index % PARTITIONS == partition:
                reactor.log.entries.append(record)

    def _show(self, record: Record) -> None:
        self.records.append(record)
        self.views.fold(record)
        for message in record:
            self.checker.observe(message)
        asked = self._asked.pop(record[0].causation_id, None)
        if asked is not None:
            self._answer(record[0], *asked)

    def _answer(self, first: Message[Any], operation: Action, data: Any) -> None:
        """The client gets its answer as soon as its command is decided."""
        if type(first.data) is Refused:
            assert first.data.reason in self.system.refusals
            self.observe(Answered(operation.name, "refused", 409, first.causation_id, first.data.reason), "client")
            return
        outcome = operation.outcome(data, self.views)
        assert not outcome.refused or outcome.refused in self.system.refusals
        status = 200 if outcome.settled else 202
        self.observe(Answered(operation.name, "ok", status, first.causation_id), "client")

    def _arm(self, decider: Decider, subject: str) -> None:
        decider.deadlines.schedule(subject, decider.table.next_deadline_us(subject))

    def _alarms(self) -> Iterator[tuple[Decider, int]]:
        for decider in self.deciders.values():
            due_us = decider.deadlines.next_due_us()
            if due_us is not None:
                yield decider, due_us
