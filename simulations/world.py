"""A system's simulated topology, built from its wiring: broker, processes, hosts, gateways and the outside world."""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.kernel.history import InboxCounted
from reference_services.kernel.system import Service
from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.registry import load_system
from scenarios.model import Scenario

from .claims import Claims
from .clock import VirtualClock
from .design import Design
from .gateway import VirtualGateway
from .hosts.decider_host import DeciderHost
from .hosts.inboxes import Inboxes
from .hosts.process import Process
from .kafka.consumer import Consumer
from .kafka.groups import ConsumerGroup
from .kafka.log import VirtualBroker
from .kafka.tuning import Tuning
from .provider import VirtualProvider
from .recorder import Recorder
from .service_times import ServiceTimes


class World:
    """Everything of a system that runs, and who can be found there by name.

    Without ``tuning`` nothing can go wrong, and logs forget what they have told.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        clock: VirtualClock,
        recorder: Recorder,
        tuning: Tuning | None,
        design: Design,
    ) -> None:
        topology = scenario.topology
        self.clock = clock
        self.knobs = scenario.convert(("provider",), Misbehaviour)
        self.system = design.system(load_system(scenario.system, scenario.terms))
        self.broker = VirtualBroker(clock, topology.partitions, scenario.delays.broker_us, kept=tuning is not None)
        self.workers: dict[str, Process] = {}
        self.gateways: dict[str, VirtualGateway] = {}
        self.deciders: list[DeciderHost] = []
        self._turn = 0
        self._groups: dict[str, ConsumerGroup] = {}
        self._scenario = scenario
        self._seed = seed
        self._design = design
        self._tuning = tuning or Tuning()
        self.inboxes = Inboxes(self.system, self.broker)
        self._listen(recorder)
        self._build_gateways()
        self.provider = VirtualProvider(
            clock, self.system, self.next_gateway, self.knobs, seed, scenario.delays.network_us
        )
        for service in self.system.deciding:
            self._build_workers(service)

    def next_gateway(self) -> VirtualGateway:
        """The gateway whose turn it is, among those that are there."""
        names = list(self.gateways)
        for _ in names:
            self._turn = (self._turn + 1) % len(names)
            if self.gateways[names[self._turn]].process.alive:
                break
        return self.gateways[names[self._turn]]

    def processes(self) -> dict[str, Process]:
        """Every process by name, gateways first."""
        return {name: gateway.process for name, gateway in self.gateways.items()} | self.workers

    def counts(self) -> Iterator[InboxCounted]:
        """What became of everything that entered each inbox, by service."""
        for service in self.system.deciding:
            hosts = [host for host in self.deciders if host.service is service]
            yield InboxCounted(
                service.name,
                sum(host.consumed for host in hosts),
                sum(host.decided for host in hosts),
                sum(host.duplicates for host in hosts),
                sum(host.dead_lettered for host in hosts),
                self._lag(service),
            )

    def _lag(self, service: Service) -> int:
        """How many commands are not done with, held by somebody or not."""
        group = self._groups[service.name]
        done = {
            session.log.name: session.done_before
            for process in self.workers.values()
            for consumer in process.consumers
            for session in consumer.sessions
        }
        logs = self.broker.topic(self.system.commands_topic(service))
        return sum(log.end - max(done.get(log.name, 0), group.committed(log.name)) for log in logs)

    def _listen(self, recorder: Recorder) -> None:
        """What is appended to the services' logs has happened."""
        for service in self.system.deciding:
            for log in self.broker.topic(self.system.events_topic(service)):
                log.witness = recorder.record

    def _build_gateways(self) -> None:
        claims = Claims()
        service_times = {service.name: self._service_times(service, "http") for service in self.system.services}
        for number in range(1, self._scenario.topology.gateways + 1):
            name = f"gateway-{number}"
            self.gateways[name] = self._design.gateway(
                Process(self.clock, name, self._tuning.linger_us),
                self.system,
                self.broker,
                self.inboxes,
                claims,
                concurrency=self._scenario.topology.gateway_concurrency,
                service_times=service_times,
            )

    def _build_workers(self, service: Service) -> None:
        """The processes of a service: each decides one command after the other, for the partitions that it owns."""
        reacts = any(self.system.policies_on(event) for decider in service.deciders for event in decider.events)
        service_times = self._service_times(service, *(("decide", "policy") if reacts else ("decide",)))
        inbox = self.broker.topic(self.system.commands_topic(service))
        group = ConsumerGroup(self.clock, self.broker.partitions, self._tuning)
        self._groups[service.name] = group
        for number in range(1, self._scenario.topology.workers_of(service.name) + 1):
            process = Process(self.clock, f"{service.name}-{number}", self._tuning.linger_us)
            host = self._design.decider_host(
                process,
                self.system,
                service,
                self.broker,
                self.inboxes,
                self.provider.perform,
                service_times,
            )
            consumer = Consumer(self.clock, process.name, group, [inbox], host, self._tuning, commits=self.broker.kept)
            process.consumers.append(consumer)
            self.workers[process.name] = process
            self.deciders.append(host)
        group.start([host.process.consumers[0] for host in self.deciders if host.service is service])

    def _service_times(self, service: Service, *kinds: str) -> ServiceTimes:
        costs = self._scenario.costs_of(service.name)
        return ServiceTimes(self._seed, {f"{service.name}.{kind}": getattr(costs, kind) for kind in kinds})
