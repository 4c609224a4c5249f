"""One scenario in virtual time, from the staff's setup to the last deadline, judged as it goes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from reference_services.kernel.history import ProviderBooked
from reference_services.kernel.invariant import Checker, Finding
from reference_services.kernel.system import Service
from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.registry import load_checks, load_system
from scenarios.journeys import journeys_of
from scenarios.model import Scenario
from scenarios.run_folder import RequestRow, RunFolderWriter

from .broker import VirtualBroker
from .clients import Clients
from .clock import VirtualClock
from .gateway import VirtualGateway
from .provider import VirtualProvider
from .recorder import Recorder
from .server import Server
from .workers import DeciderWorker, Inboxes, Process, ReactorWorker

SAMPLES_WANTED = 600
"""About how many times the queues are measured while customers arrive."""

FINEST_SAMPLE_US = 100_000
QUIET_SAMPLE_US = 600_000_000

PROGRESS_STEPS = 200
"""About how many times progress is told while customers arrive, and again afterwards."""

Progress = Callable[[int, int], None]
"""Told from time to time how many journeys of how many have ended; most of the work is done while customers arrive."""


class SimulationResult(msgspec.Struct, frozen=True):
    """What a simulated run has shown. ``events`` counts domain events, ``wall_s`` the seconds that it took here."""

    findings: tuple[Finding, ...]
    reached: dict[str, int]
    history_sha256: str
    events: int
    wall_s: float
    journeys: int
    end_us: int


class Simulation:
    """Builds a system's simulated topology from its wiring and plays one scenario in it, once."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        folder: RunFolderWriter | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._scenario = scenario
        self._seed = seed
        self._folder = folder
        self._progress = progress
        self._start_us = scenario.opens_at_us - scenario.lead_us
        self._end_us = scenario.opens_at_us + scenario.horizon_us
        self._clock = VirtualClock(self._start_us)
        self._system = load_system(scenario.system, scenario.terms)
        invariants, coverage = load_checks(scenario.system, scenario.terms)
        self._checker = Checker((each for each in invariants if scenario.checks(each.name)), coverage)
        self._recorder = Recorder(self._checker, folder)
        self._broker = VirtualBroker(self._clock, scenario.topology.partitions, scenario.delays.broker_us)
        self._inboxes = Inboxes(self._system, self._broker)
        self._gateway = self._build_gateway()
        self._provider = VirtualProvider(
            self._clock,
            self._system,
            self._inboxes,
            self._gateway,
            scenario.convert(("provider",), Misbehaviour),
            seed,
            scenario.delays.network_us,
        )
        self._deciders: list[DeciderWorker] = []
        self._reactors: list[ReactorWorker] = []
        for service in self._system.services:
            self._start_workers(service)
        self._clients = Clients(
            self._clock, self._gateway, self._recorder, scenario.delays.network_us, self._request_sink()
        )

    def run(self) -> SimulationResult:
        """Play the scenario to its horizon. Raises RuntimeError if the staff's setup fails."""
        began = time.perf_counter()
        journeys = journeys_of(self._scenario.system)
        self._clients.begin("staff", "setup", journeys.setup(self._scenario, self._seed))
        visits = journeys.visits(self._scenario, self._seed)
        self._clients.begin_visits(visits, self._scenario.opens_at_us)
        self._journeys = 1 + len(visits)
        self._last_arrival_us = self._scenario.opens_at_us + (visits[-1].arrives_us if visits else 0)
        if self._folder is not None:
            self._sample_us = max(FINEST_SAMPLE_US, (self._last_arrival_us - self._start_us) // SAMPLES_WANTED)
            self._sample()
        if self._progress is not None:
            self._report_progress()
        with _without_garbage_collection():
            self._clock.run(until=self._end_us)
        self._close_books()
        return SimulationResult(
            tuple(self._checker.finish(self._end_us)),
            dict(self._checker.coverage.reached),
            self._recorder.sha256(),
            self._recorder.domain_events,
            time.perf_counter() - began,
            self._clients.started,
            self._end_us,
        )

    def _build_gateway(self) -> VirtualGateway:
        topology = self._scenario.topology
        return VirtualGateway(
            self._clock,
            self._system,
            self._broker,
            self._inboxes,
            processes=topology.gateways,
            concurrency=topology.gateway_concurrency,
            service_us={
                service.name: self._scenario.costs_of(service.name).http.median_us for service in self._system.services
            },
        )

    def _start_workers(self, service: Service) -> None:
        """The worker processes of a service: each decides and reacts, one thing at a time, for its partitions."""
        costs = self._scenario.costs_of(service.name)
        clock, system, broker, inboxes = self._clock, self._system, self._broker, self._inboxes
        for owned in self._shares(service):
            process = Process(Server(clock), owned, costs.decide.median_us, costs.policy.median_us)
            self._deciders.append(DeciderWorker(clock, system, service, broker, inboxes, self._recorder, process))
            self._reactors.append(
                ReactorWorker(clock, system, service, broker, inboxes, self._provider.perform, process)
            )

    def _shares(self, service: Service) -> list[tuple[int, ...]]:
        """Which partitions each worker of a service owns: dealt out in turn, as Kafka's round robin does."""
        workers = self._scenario.topology.workers_of(service.name)
        everything = range(self._scenario.topology.partitions)
        return [tuple(everything[worker::workers]) for worker in range(workers)]

    def _request_sink(self) -> Callable[[RequestRow], None]:
        return self._folder.request if self._folder is not None else _drop

    def _close_books(self) -> None:
        """Let those speak who only know at the end: the provider's ledger and the hosts' counts."""
        for entry in self._provider.ledger():
            self._recorder.observe(ProviderBooked(entry), f"payment/{entry.payment_id}", self._end_us)
        for worker in self._deciders:
            self._recorder.observe(worker.count(), f"service/{worker.service.name}", self._end_us)

    def _sample(self) -> None:
        """Measure the queues: often while customers arrive, now and then in the long quiet afterwards."""
        assert self._folder is not None
        now_us = self._clock.now_us
        self._folder.sample(now_us, "in_flight", "gateway", self._gateway.in_flight)
        for worker in self._deciders:
            self._folder.sample(now_us, "queue_depth", f"{worker.service.name}/decide", worker.waiting)
        for reactor in self._reactors:
            self._folder.sample(now_us, "queue_depth", f"{reactor.service.name}/react", reactor.waiting)
        arriving = now_us < self._last_arrival_us
        self._every(self._sample_us if arriving else QUIET_SAMPLE_US, self._sample)

    def _report_progress(self) -> None:
        assert self._progress is not None
        self._progress(self._clients.finished, self._journeys)
        ends_us = self._last_arrival_us if self._clock.now_us < self._last_arrival_us else self._end_us
        self._every((ends_us - self._start_us) // PROGRESS_STEPS + 1, self._report_progress)

    def _every(self, interval_us: int, action: Callable[[], None]) -> None:
        self._clock.after(interval_us, lambda _: action())


def simulate(
    scenario: Scenario, seed: int, folder: RunFolderWriter | None = None, progress: Progress | None = None
) -> SimulationResult:
    """Play ``scenario`` once under ``seed``: the same scenario, seed and code always give the same history."""
    return Simulation(scenario, seed, folder, progress).run()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Nothing here refers to itself, so reference counting frees everything; looking for cycles would cost a third."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _drop(row: RequestRow) -> None:
    """Nobody wants the requests of this run."""
