"""Decides for one service in virtual time, as `hosting.streams.decider_app` does for real.

A command is decided and its record appended; then follow the commands that policies ask for, and the calls to the
outside with the commands that record their answers. Only when all that is in the logs is the command done with. A crash
anywhere in between has it delivered again, and everything that follows from it has the same ids and keys again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reference_services.kernel.aggregates import AggregateTable
from reference_services.kernel.deadlines import DeadlineHeap
from reference_services.kernel.effect import Effect
from reference_services.kernel.message import Event, Message, Record, is_sent_by_time
from reference_services.kernel.policy import Policy
from reference_services.kernel.recent_records import RecentRecords
from reference_services.kernel.system import Service, System

from ..kafka.consumer import Session, Work
from ..kafka.log import VirtualBroker
from ..service_times import ServiceTimes
from .inboxes import Inboxes
from .outside_call import OutsideCall, Perform
from .process import Process

REARM_AFTER_US = 5_000_000
"""When an aggregate is looked at again whose deadline's command changed nothing."""


class Part:
    """What a worker knows of one partition: its aggregates, and the records of commands that may come again."""

    __slots__ = ("recent", "table")

    def __init__(self, table: AggregateTable) -> None:
        self.table = table
        self.recent = RecentRecords()


class DeciderHost:
    """Owns some partitions of a service's inbox: decides, appends, reacts, and lets time decide when it is due."""

    def __init__(
        self,
        process: Process,
        system: System,
        service: Service,
        broker: VirtualBroker,
        inboxes: Inboxes,
        perform: Perform,
        service_times: ServiceTimes,
    ) -> None:
        self.service = service
        self.process = process
        self.consumed = 0
        self.decided = 0
        self.duplicates = 0
        self.dead_lettered = 0
        self.waiting = 0
        self.system = system
        self._source = system.source(service)
        self.inboxes = inboxes
        self._perform = perform
        self._service_times = service_times
        self.events = broker.topic(system.events_topic(service))
        self._policies: dict[type[Event], tuple[Policy, ...]] = {
            event_type: system.policies_on(event_type)
            for decider in service.deciders
            for event_type in decider.events
            if system.policies_on(event_type)
        }
        self._effects: dict[type[Event], list[Effect]] = {}
        for effect in service.effects:
            self._effects.setdefault(effect.on, []).append(effect)
        self.parts: dict[int, Part] = {}
        self._deadlines = DeadlineHeap()
        self._alarm_us: int | None = None
        process.on_clock_change.append(self._set_alarm_anew)

    def take(self, work: Work, arrives_us: int) -> None:
        """Queue a command for the process's server."""
        self.waiting += 1
        self.process.server.put(arrives_us, self._service_times.of(work.item.id), self.handle, work)

    def taken_over(self, sessions: Sequence[Session]) -> None:
        """Fold the log of each partition from its beginning: what is there has happened."""
        try:
            for session in sessions:
                self.parts[session.partition] = session.state = self._restored(session.partition)
        except Exception:  # a log that does not fold is nothing to decide upon, whatever is wrong with it
            self.process.kill()
            return
        self._deadlines = DeadlineHeap()
        for part in self.parts.values():
            for subject in part.table.subjects():
                self._deadlines.schedule(subject, part.table.next_deadline_us(subject))
        self._set_alarm_anew()

    def let_go(self) -> None:
        """Forget everything: whoever owns the partitions now knows better."""
        self.parts = {}
        self._deadlines = DeadlineHeap()
        self._alarm_us = None

    def new_table(self) -> AggregateTable:
        """An empty table of this service's aggregates."""
        return AggregateTable(self.system, self.service)

    def _restored(self, partition: int) -> Part:
        part = Part(self.new_table())
        log = self.events[partition]
        if log.end:
            for _, record in log.read(0):
                part.table.fold(record)
                part.recent.remember(record)
        return part

    def handle(self, work: Work) -> None:
        """Decide a command whose service time is over, unless the partition has been given up meanwhile."""
        session = work.session
        if self.process.stopped:
            self.process.freeze(self.handle, work)
            return
        self.waiting -= 1
        if not session.held:
            return
        session.begin(work)
        self.consumed += 1
        command, part = work.item, session.state
        try:
            record = part.table.decide(command)
            if record:
                part.table.fold(record)
        except Exception:  # whatever a command is like, the next one must get through
            self.dead_lettered += 1
            work.finish_step()
            return
        if record:
            self.append(work, part, record)
        else:
            self.decided_before(work, part, command)

    def append(self, work: Work, part: Part, record: Record) -> None:
        """Have the record appended that was just folded; when it is in the log, react to it."""
        self.decided += 1
        self.process.producer.send(self.events[work.session.partition], record, self.react, (work, record))
        self.schedule(record[0].subject, part)

    def schedule(self, subject: str, part: Part) -> None:
        """Take note of when ``subject`` is due next."""
        due_us = part.table.next_deadline_us(subject)
        self._deadlines.schedule(subject, due_us)
        if due_us is not None:
            self._set_alarm()

    def react(self, appended: tuple[Work, Record]) -> None:
        """Append the commands that policies ask for because of a record that is in the log, and call the outside."""
        work, record = appended
        producer, inboxes = self.process.producer, self.inboxes
        for command in self.commands_after(record):
            work.open_steps += 1
            producer.send(inboxes.of(command), command, Work.finish_step, work)
        for event in record:
            for effect in self._effects.get(type(event.data), ()):
                work.open_steps += 1
                self._perform(OutsideCall(self, work, effect, event))
        work.finish_step()

    def answered(self, work: Work, command: Message[Any] | None) -> None:
        """A call to the outside is over; have what came of it recorded."""
        if command is None:
            self.finish_call(work)
        else:
            self.process.producer.send(self.inboxes.of(command), command, self.finish_call, work)

    def finish_call(self, work: Work) -> None:
        """What came of a call is in the log."""
        work.finish_step()

    def commands_after(self, record: Record) -> list[Message[Any]]:
        """What policies ask for because of the events of a record."""
        commands: list[Message[Any]] = []
        for event in record:
            policies = self._policies.get(type(event.data))
            if policies is not None:
                commands += self.system.react(event, policies, self.process.now_us, self._source)
        return commands

    def decided_before(self, work: Work, part: Part, command: Message[Any]) -> None:
        """Nothing new follows from the command; what did follow may have to be sent again."""
        self.duplicates += 1
        record = part.recent.led_to(command.id)
        if record:
            self.react((work, record))
        else:
            work.finish_step()
        if is_sent_by_time(command):
            self.process.clock.after(REARM_AFTER_US, self._rearm, command.subject)

    def _rearm(self, subject: str) -> None:
        for part in self.parts.values():
            if part.table.version(subject):
                self.schedule(subject, part)

    def _set_alarm_anew(self) -> None:
        self._alarm_us = None
        self._set_alarm()

    def _set_alarm(self) -> None:
        due_us = self._deadlines.next_due_us()
        if due_us is None or (self._alarm_us is not None and self._alarm_us <= due_us):
            return
        self._alarm_us = due_us
        self.process.clock.after(max(0, due_us - self.process.now_us), self._ring, due_us)

    def _ring(self, alarm_us: int) -> None:
        if self._alarm_us != alarm_us:
            return  # an earlier alarm was set meanwhile, or the partitions are gone
        if self.process.stopped:
            self.process.freeze(self._ring, alarm_us)
            return
        self._alarm_us = None
        now_us = self.process.now_us
        for subject in self._deadlines.pop_due(now_us):
            self.send_due(subject, now_us)
        self._set_alarm()

    def send_due(self, subject: str, now_us: int) -> None:
        """Send what time has for ``subject`` to the inbox."""
        for part in self.parts.values():
            command = part.table.deadline_command(subject, now_us)
            if command is not None:
                self.process.producer.send(self.inboxes.of(command), command, _sent, None)


def _sent(_: None) -> None:
    """Nothing waits for a deadline's command: it comes again if it is lost."""
