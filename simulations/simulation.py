"""One simulated run: the scenario's customers come, its faults strike, everything is recorded and checked."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from reference_services.kernel.client_history import check_client_history
from reference_services.kernel.history import ProviderBooked
from reference_services.kernel.invariant import Checker, Finding
from reference_services.registry import load_checks, load_sequential_models
from scenarios.faults.fault import Fault
from scenarios.journeys import journeys_of
from scenarios.journeys.shared import SetupFailed
from scenarios.model import Scenario

from .clients import Clients
from .clock import VirtualClock
from .design import HONEST, Design
from .kafka.tuning import Tuning
from .network import Asked, Network
from .recorder import Recorder
from .samples import Samples
from .sink import RunSink
from .stage import VirtualStage
from .world import World

PROGRESS_STEPS = 200
"""About how many times progress is told while customers arrive, and again afterwards."""

SETUP_ADVICE = "(The staff needs time in which nothing goes wrong: a longer `lead`, later faults, shorter `delays`.)"

Progress = Callable[[int, int], None]
"""Told from time to time how many journeys of how many have ended; most of the work is done while customers arrive."""


class SimulationResult(msgspec.Struct, frozen=True):
    """What a simulated run has shown. ``events`` counts domain events, ``wall_s`` the seconds that it took here.

    Of the ``planned`` journeys, the staff's included, ``journeys`` have begun: the others were due after the horizon.
    """

    findings: tuple[Finding, ...]
    reached: dict[str, int]
    history_sha256: str
    events: int
    wall_s: float
    planned: int
    journeys: int
    end_us: int


class Trouble(msgspec.Struct, frozen=True):
    """What goes wrong in a run, and how the broker is tuned meanwhile."""

    faults: tuple[Fault, ...] = ()
    tuning: Tuning = Tuning()


class Staging(msgspec.Struct, frozen=True):
    """How a run is staged beyond its scenario.

    ``trouble`` is None for a run in which nothing can go wrong. ``requests``, if given, are sent instead of letting
    customers play their journeys: the same requests at the same instants lead to the same history.
    """

    trouble: Trouble | None = None
    design: Design = HONEST
    requests: tuple[Asked, ...] | None = None


PLAIN = Staging()


class Simulation:
    """Builds a system's simulated topology and plays one scenario in it, once.

    ``sink`` keeps what happens, ``asked`` is told of every request that leaves a customer.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        staging: Staging = PLAIN,
        *,
        sink: RunSink | None = None,
        progress: Progress | None = None,
        asked: Callable[[Asked], None] | None = None,
    ) -> None:
        self._scenario = scenario
        self._seed = seed
        self._staging = staging
        self._sink = sink
        self._progress = progress
        self._start_us = scenario.opens_at_us - scenario.lead_us
        self._end_us = scenario.opens_at_us + scenario.horizon_us
        self._clock = VirtualClock(self._start_us)
        invariants, coverage = load_checks(scenario.system, scenario.terms)
        self._checker = Checker((each for each in invariants if scenario.checks(each.name)), coverage)
        self._recorder = Recorder(self._checker, sink, reads_logs=staging.trouble is not None)
        tuning = staging.trouble.tuning if staging.trouble is not None else None
        self._world = World(scenario, seed, self._clock, self._recorder, tuning, staging.design)
        self._models = load_sequential_models(scenario.system, scenario.terms, self._clock_error_us())
        gateway = next(iter(self._world.gateways.values()))
        self._network = Network(
            self._clock,
            self._world.next_gateway,
            gateway.command_id,
            self._recorder,
            scenario.delays.network_us,
            asked=asked,
            answered=sink.request if sink is not None else None,
            watched=self._models.operations if self._models is not None else frozenset(),
        )
        self._clients = Clients(self._clock, self._network)

    def run(self) -> SimulationResult:
        """Play the scenario to its horizon. Raises `SetupFailed` if the staff cannot prepare it."""
        with _without_garbage_collection():
            try:
                return self._play()
            except SetupFailed as error:
                error.add_note(SETUP_ADVICE)
                raise

    def _play(self) -> SimulationResult:
        began = time.perf_counter()
        last_arrival_us = self._begin()
        self._schedule_faults()
        if self._sink is not None:
            Samples(self._world, self._sink).begin(self._start_us, last_arrival_us)
        if self._progress is not None:
            self._report_progress(last_arrival_us)
        self._clock.run(until=self._end_us)
        self._close_books()
        return SimulationResult(
            (*self._checker.finish(self._end_us), *self._linearizability()),
            dict(self._checker.coverage.reached),
            self._recorder.sha256(),
            self._recorder.domain_events,
            time.perf_counter() - began,
            self._journeys,
            self._clients.started,
            self._end_us,
        )

    def _begin(self) -> int:
        """Let everything that is to be asked be asked at its time; returns when the last customer arrives."""
        requests = self._staging.requests
        if requests is not None:
            self._clients.play_again(requests)
            self._journeys = len(requests)
            return requests[-1].time_us if requests else self._start_us
        journeys = journeys_of(self._scenario.system)
        visits = journeys.visits(self._scenario, self._seed)
        self._journeys = 1 + len(visits)
        self._clients.begin("staff", "setup", journeys.setup(self._scenario, self._seed), self._start_us)
        self._clients.begin_visits(visits, self._scenario.opens_at_us)
        return self._scenario.opens_at_us + (visits[-1].arrives_us if visits else 0)

    def _schedule_faults(self) -> None:
        faults = self._staging.trouble.faults if self._staging.trouble is not None else ()
        stage = VirtualStage(self._world, self._network, self._seed)
        for fault in faults:
            strikes_us = self._scenario.opens_at_us + fault.at_us - self._start_us
            self._clock.before_others(strikes_us, fault.strike, stage)
            self._clock.before_others(strikes_us + fault.for_us, fault.heal, stage)

    def _close_books(self) -> None:
        """Let those speak who only know at the end: the provider's ledger and the hosts' counts."""
        for entry in self._world.provider.ledger():
            self._recorder.observe(ProviderBooked(entry), f"payment/{entry.payment_id}", self._end_us)
        for count in self._world.counts():
            self._recorder.observe(count, f"service/{count.service}", self._end_us)

    def _linearizability(self) -> list[Finding]:
        """Whether some order of events explains what the clients saw."""
        if self._models is None:
            return []
        findings = check_client_history(self._models, self._network.client_calls())
        return [finding for finding in findings if self._scenario.checks(finding.name)]

    def _clock_error_us(self) -> int:
        """How far any two clocks may be apart: one ahead, another behind."""
        faults = self._staging.trouble.faults if self._staging.trouble is not None else ()
        return 2 * max((fault.clock_error_us for fault in faults), default=0)

    def _report_progress(self, last_arrival_us: int) -> None:
        assert self._progress is not None
        self._progress(self._clients.finished, self._journeys)
        ends_us = last_arrival_us if self._clock.now_us < last_arrival_us else self._end_us
        step_us = (ends_us - self._start_us) // PROGRESS_STEPS + 1
        self._clock.after(step_us, lambda _: self._report_progress(last_arrival_us))


def simulate(
    scenario: Scenario, seed: int, sink: RunSink | None = None, progress: Progress | None = None
) -> SimulationResult:
    """Play ``scenario`` once under ``seed``: the same scenario, seed and code always give the same history."""
    staging = Staging(Trouble(scenario.faults_in("simulated"))) if scenario.faults else PLAIN
    return Simulation(scenario, seed, staging, sink=sink, progress=progress).run()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Reference counting frees what comes and goes in a run; looking for cycles meanwhile would cost a third.

    The world itself is full of cycles. It is let go of afterwards, when the garbage collector looks again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
