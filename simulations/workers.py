"""The worker processes of a service in virtual time: one decides, one reacts, as in `hosting.streams`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from reference_services.kernel.aggregates import AggregateTable
from reference_services.kernel.deadlines import DeadlineHeap
from reference_services.kernel.effect import Effect
from reference_services.kernel.history import InboxCounted
from reference_services.kernel.message import Event, Message, Record, partition_of
from reference_services.kernel.policy import Policy
from reference_services.kernel.system import Service, System

from .broker import VirtualBroker
from .clock import VirtualClock
from .recorder import Recorder
from .server import Server


class Inboxes:
    """Appends commands to the inbox of the service that decides them."""

    def __init__(self, system: System, broker: VirtualBroker) -> None:
        self._partitions = broker.partitions
        self._topics = {
            command_type: broker.topic(system.commands_topic(service))
            for service in system.services
            for decider in service.deciders
            for command_type in decider.commands
        }

    def append(self, command: Message[Any]) -> None:
        """Append ``command`` to its aggregate's partition."""
        self._topics[type(command.data)][partition_of(command.subject, self._partitions)].append(command)


class Process(msgspec.Struct, frozen=True):
    """One worker process: the partitions it owns, and how long a decision and a reaction keep it busy."""

    server: Server
    partitions: tuple[int, ...]
    decide_us: int
    react_us: int


class DeciderWorker:
    """Owns some partitions of a service's inbox: decides, appends, folds, and lets time decide when it is due."""

    def __init__(
        self,
        clock: VirtualClock,
        system: System,
        service: Service,
        broker: VirtualBroker,
        inboxes: Inboxes,
        recorder: Recorder,
        process: Process,
    ) -> None:
        self.service = service
        self.waiting = 0
        self._clock = clock
        self._process = process
        self._table = AggregateTable(system, service)
        self._events = broker.topic(system.events_topic(service))
        self._partitions = broker.partitions
        self._inboxes = inboxes
        self._recorder = recorder
        self._deadlines = DeadlineHeap()
        self._alarm_us: int | None = None
        self._consumed = 0
        self._decided = 0
        self._duplicates = 0
        inbox = broker.topic(system.commands_topic(service))
        for partition in process.partitions:
            inbox[partition].subscribe(self._take)

    def count(self) -> InboxCounted:
        """What became of everything that came in."""
        return InboxCounted(self.service.name, self._consumed, self._decided, self._duplicates, 0, self.waiting)

    def _take(self, command: Message[Any], arrives_us: int) -> None:
        self.waiting += 1
        self._process.server.put(arrives_us, self._process.decide_us, self._handle, command)

    def _handle(self, command: Message[Any]) -> None:
        self.waiting -= 1
        self._consumed += 1
        record = self._table.decide(command)
        if not record:
            self._duplicates += 1
            return
        self._decided += 1
        self._recorder.record(record)
        subject = command.subject
        self._events[partition_of(subject, self._partitions)].append(record)
        self._table.fold(record)
        self._deadlines.schedule(subject, self._table.next_deadline_us(subject))
        self._set_alarm()

    def _set_alarm(self) -> None:
        due_us = self._deadlines.next_due_us()
        if due_us is None or (self._alarm_us is not None and self._alarm_us <= due_us):
            return
        self._alarm_us = max(due_us, self._clock.now_us)
        self._clock.after(self._alarm_us - self._clock.now_us, self._ring, self._alarm_us)

    def _ring(self, alarm_us: int) -> None:
        if self._alarm_us != alarm_us:
            return  # an earlier alarm was set meanwhile
        self._alarm_us = None
        for subject in self._deadlines.pop_due(self._clock.now_us):
            command = self._table.deadline_command(subject, self._clock.now_us)
            if command is not None:
                self._inboxes.append(command)
        self._set_alarm()


Perform = Callable[[Service, Effect, Message[Any]], None]


class ReactorWorker:
    """Reads the events that a service reacts to: runs its policies and starts its effects."""

    def __init__(
        self,
        clock: VirtualClock,
        system: System,
        service: Service,
        broker: VirtualBroker,
        inboxes: Inboxes,
        perform: Perform,
        process: Process,
    ) -> None:
        self.service = service
        self.waiting = 0
        self._clock = clock
        self._system = system
        self._process = process
        self._source = system.source(service)
        self._inboxes = inboxes
        self._perform = perform
        self._policies: dict[type[Event], list[Policy]] = {}
        self._effects: dict[type[Event], list[Effect]] = {}
        for policy in service.policies:
            self._policies.setdefault(policy.on, []).append(policy)
        for effect in service.effects:
            self._effects.setdefault(effect.on, []).append(effect)
        for publisher in system.subscriptions(service):
            topic = broker.topic(system.events_topic(publisher))
            for partition in process.partitions:
                topic[partition].subscribe(self._take)

    def _take(self, record: Record, arrives_us: int) -> None:
        """Queue the record if anything in it concerns this service."""
        for message in record:
            if type(message.data) in self._policies or type(message.data) in self._effects:
                self.waiting += 1
                self._process.server.put(arrives_us, self._process.react_us, self._handle, record)
                return

    def _handle(self, record: Record) -> None:
        self.waiting -= 1
        for event in record:
            policies = self._policies.get(type(event.data))
            if policies is not None:
                for command in self._system.react(event, policies, self._clock.now_us, self._source):
                    self._inboxes.append(command)
            for effect in self._effects.get(type(event.data), ()):
                self._perform(self.service, effect, event)
