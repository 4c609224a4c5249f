"""Hosts that count units a key, each with one mistake that real stream processors invite, on the simulated Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from simulations.clock import VirtualClock
from simulations.hosts.process import Process
from simulations.kafka.consumer import Consumer, Session, Work
from simulations.kafka.groups import ConsumerGroup
from simulations.kafka.log import PartitionLog, VirtualBroker
from simulations.kafka.tuning import Tuning

POISON = "poison"
TUNING = Tuning(commit_us=900_000, session_us=3_000_000)


class CountingHost:
    """``table[key] += 1`` for each message, the new value written to a changelog: no ids, no versions."""

    def __init__(self, process: Process, changelog: tuple[PartitionLog, ...], service_us: int) -> None:
        self.table: dict[str, int] = {}
        self.handled: list[tuple[int, str]] = []
        self.process = process
        self._changelog = changelog
        self._service_us = service_us

    def take(self, work: Work, arrives_us: int) -> None:
        self.process.server.put(arrives_us, self._service_us, self._handle, work)

    def taken_over(self, sessions: Sequence[Session]) -> None:
        self.table = {}
        for session in sessions:
            for _, (key, value) in self._changelog[session.partition].read(0):
                self.table[key] = value

    def let_go(self) -> None:
        self.table = {}

    def _handle(self, work: Work) -> None:
        if not work.session.held:
            return
        work.session.begin(work)
        self.handled.append((work.offset, work.item))
        self.work_on(work)

    def work_on(self, work: Work) -> None:
        key = work.item
        self.table[key] = self.table.get(key, 0) + 1
        self._changelog[work.session.partition].append((key, self.table[key]))
        work.finish_step()


class AcknowledgingHost(CountingHost):
    """Acknowledges a message that it cannot handle, and so never sees it again."""

    def work_on(self, work: Work) -> None:
        if work.item == POISON:
            work.finish_step()
        else:
            super().work_on(work)


class ConcurrentHost(CountingHost):
    """Works on two messages at once; with ``careful`` False commits the latest that is done, as Faust does."""

    def __init__(
        self, process: Process, changelog: tuple[PartitionLog, ...], service_us: int, *, careful: bool
    ) -> None:
        super().__init__(process, changelog, service_us)
        self._careful = careful

    def take(self, work: Work, arrives_us: int) -> None:
        service_us = 2_000_000 if work.item == "slow" else self._service_us
        self.process.clock.after(arrives_us + service_us - self.process.clock.now_us, self._handle, work)
        if self._careful:
            work.session.under_way.append(work)

    def _handle(self, work: Work) -> None:
        if not work.session.held:
            return
        if not self._careful:
            work.session.under_way.append(work)
        self.handled.append((work.offset, work.item))
        self.work_on(work)


class Counting:
    """A broker with one topic of units and one changelog, a group, and workers that come and go."""

    def __init__(self, partitions: int = 1) -> None:
        self.clock = VirtualClock(0)
        self.broker = VirtualBroker(self.clock, partitions, delay_us=1_000, kept=True)
        self.units = self.broker.topic("units")
        self.changelog = self.broker.topic("counts")
        self.group = ConsumerGroup(self.clock, partitions, TUNING)
        self.hosts: list[CountingHost] = []

    def worker(self, host_type: type[CountingHost] = CountingHost, **options: Any) -> Process:
        """A worker process that is not in the group yet."""
        process = Process(self.clock, f"counter-{len(self.hosts) + 1}", 0)
        host = host_type(process, self.changelog, 100, **options)
        self.hosts.append(host)
        consumer = Consumer(self.clock, process.name, self.group, [self.units], host, TUNING, commits=True)
        process.consumers.append(consumer)
        return process

    def start(self, *processes: Process) -> None:
        """Begin with these workers in the group."""
        self.group.start([process.consumers[0] for process in processes])

    def join(self, process: Process) -> None:
        """One more worker comes."""
        self.group.join(process.consumers[0])

    def counts(self) -> Counter[str]:
        """The last value of each key that the changelog tells."""
        return Counter({key: value for log in self.changelog for _, (key, value) in log.read(0)})
