"""Runs a scenario for real: services up, load on, everything seen written down, services gone."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from loadtests.faults import Injected
from loadtests.load_run import LOG, LoadFailed, LoadRun
from loadtests.report import LoadReport, Started
from reference_services.hosting.history_reader import HistoryReader, HistoryUnreadable
from reference_services.hosting.settings import Settings
from reference_services.hosting.supervisor import SupervisionFailed, Supervisor
from reference_services.hosting.timers import clock_us
from reference_services.kernel.client_history import ClientCall
from reference_services.kernel.invariant import Checker, Finding
from reference_services.kernel.message import Event, Record
from reference_services.registry import linearizability_findings, load_checks, load_system
from scenarios.faults.links import links_of
from scenarios.model import Scenario
from scenarios.run_folder import RunFolderWriter
from scenarios.run_records import Findings, RequestRow
from simulations.recorder import Recorder

from ..console import Tick, progress, say
from ..errors import Mendable, NothingProved
from ..loading import follow, position
from ..runs import run_info
from ..services import settings_of, supervise_quietly, topology_of
from .faults import Faults
from .history import tell_history
from .inboxes import count_inboxes, messages_open
from .ledger import read_ledger
from .pages import NoPage
from .samples import Measurement, Sampler

QUIET_S = 2.5
"""Nothing has happened for this long: longer than the workers take to measure their lag anew."""

SETTLED_WITHIN_S = 15.0
"""How long services may take to settle after the end, in a system whose terms do not say."""

LOOK_EVERY_S = 0.2

CLOCK_ERROR_US = 10_000
"""All processes run on one machine and read one clock; how far two of them may disagree about when something was."""


class Seen(msgspec.Struct, frozen=True):
    """What was seen of a live run.

    ``copies`` are records at versions seen before, ``closing`` the observations that stand at its end, at ``end_us``.
    """

    records: list[Record]
    copies: list[Record]
    requests: list[RequestRow]
    calls: list[ClientCall]
    closing: list[tuple[str, Event]]
    measured: list[Measurement]
    load: LoadReport
    injected: list[Injected]
    end_us: int


class LiveRun:
    """One run of ``scenario`` against services of its own. ``name`` is how the user named the scenario.

    Raises `ScenarioError` or `BadTopology` if it cannot be run for real.
    """

    def __init__(self, name: str, scenario: Scenario, seed: int) -> None:
        self._name = name
        self._scenario = scenario
        self._seed = seed
        self._system = load_system(scenario.system, scenario.terms)
        self._planned_faults = scenario.faults_in("live")
        self._topology = topology_of(scenario, self._system, seed, links_of(self._planned_faults))

    def into(self, folder: Path, services_folder: Path, *, verb: str, settings: Mapping[str, Any]) -> None:
        """Run it, check its history and leave the run in ``folder``, and the services' logs in ``services_folder``.

        Raises `NothingProved` if services or load fail, and `Mendable` if the broker holds somebody else's history.
        """
        supervise_quietly()
        started_at, began = datetime.now(UTC), time.perf_counter()
        try:
            seen = self._play(services_folder)
        except (SupervisionFailed, LoadFailed, HistoryUnreadable, NoPage) as error:
            raise NothingProved(f"{error}\nSee the logs in {services_folder / 'logs'}") from error
        info = run_info(
            self._scenario,
            world="live",
            verb=verb,
            seed=self._seed,
            origin_us=seen.load.origin_us,
            settings=settings,
            started_at=started_at,
        )
        with RunFolderWriter(folder, info) as writer:
            writer.findings(self._check(seen, writer, began))

    def _play(self, folder: Path) -> Seen:
        with ExitStack() as running:
            with progress("Starting the services"):
                supervisor = running.enter_context(Supervisor(self._settings(), self._topology, folder))
            history = running.enter_context(HistoryReader(self._system, supervisor.settings))
            self._refuse_old_history(history)
            sampler = running.enter_context(Sampler(supervisor.processes))
            load, injected = self._load(supervisor, sampler, folder / "load")
            with progress("Waiting until everything is settled"):
                self._settle(history, supervisor)
            seen = Seen(
                records=history.records(),
                copies=history.copies(),
                requests=list(load.requests()),
                calls=list(load.calls()),
                closing=[
                    *read_ledger(supervisor.settings.provider_url),
                    *count_inboxes(self._system, supervisor.processes()),
                ],
                measured=sampler.measured,
                load=load.report,
                injected=injected,
                end_us=clock_us(),
            )
            _tell_restarts(supervisor)
        _tidy(folder, load)
        return seen

    def _settings(self) -> Settings:
        scenario = self._scenario
        return settings_of(scenario.system, terms=scenario.terms, partitions=scenario.topology.partitions, http_port=0)

    def _refuse_old_history(self, history: HistoryReader) -> None:
        """A broker that remembers an earlier run would mix it into this one."""
        with contextlib.suppress(TimeoutError):
            history.wait_until_quiet(0.0, SETTLED_WITHIN_S)
        if len(history):
            raise Mendable(
                f"the broker already holds a history of {self._system.name}; "
                f"delete its topics ({self._system.name}.*), or leave DOORBUSTER_BROKER unset to start a broker"
            )

    def _load(self, supervisor: Supervisor, sampler: Sampler, folder: Path) -> tuple[LoadRun, list[Injected]]:
        """Play the load and the faults, and wait for the end of the scenario."""
        run = LoadRun(
            self._name,
            base_url=supervisor.gateway_url,
            token_secret=supervisor.settings.token_secret,
            seed=self._seed,
            folder=folder,
        )
        injected: list[Injected] = []
        with progress("Running it for real") as tick, run, ExitStack() as beside:

            def begin_faults(started: Started) -> None:
                beside.enter_context(Faults(self._planned_faults, started.origin_us, supervisor, injected))

            with sampler.weighing("load generator", run.pid):
                ends_us = follow(run, self._scenario, tick, begun=begin_faults, look=lambda: _check_alive(supervisor))
            self._wait_until(ends_us, supervisor, tick)
        return run, injected

    def _wait_until(self, ends_us: int, supervisor: Supervisor, tick: Tick) -> None:
        """Wait for what time will still make happen: deadlines, late webhooks."""
        while (left_us := ends_us - clock_us()) > 0:
            _check_alive(supervisor)
            elapsed_us = self._scenario.horizon_us - left_us
            tick(*position(self._scenario, elapsed_us), "everybody has gone; deadlines are running")
            time.sleep(min(LOOK_EVERY_S, left_us / 1e6))

    def _settle(self, history: HistoryReader, supervisor: Supervisor) -> None:
        """Wait until nothing happens any more and no call to the outside is under way.

        If that takes too long, the checkers have a word to say about it.
        """
        left_s = QUIET_S + self._scenario.terms.get("settlement_bound_us", SETTLED_WITHIN_S * 1e6) / 1e6
        end = time.monotonic() + left_s
        with contextlib.suppress(TimeoutError):
            history.wait_until_quiet(QUIET_S, left_s)
            while messages_open(self._system, supervisor.processes()) and (left_s := end - time.monotonic()) > 0:
                time.sleep(LOOK_EVERY_S)
                history.wait_until_quiet(QUIET_S, left_s)

    def _check(self, seen: Seen, writer: RunFolderWriter, began: float) -> Findings:
        invariants, coverage = load_checks(self._scenario.system, self._scenario.terms)
        checker = Checker((each for each in invariants if self._scenario.checks(each.name)), coverage)
        recorder = Recorder(checker, writer, reads_logs=True)
        for measurement in seen.measured:
            writer.sample(*measurement)
        for request in seen.requests:
            writer.request(request)
        tell_history(recorder, [*seen.records, *seen.copies], seen.requests, seen.closing, seen.end_us)
        findings = [*checker.finish(seen.end_us), *self._linearizability(seen.calls)]
        return Findings(
            invariants=tuple(findings),
            reached=dict(checker.coverage.reached),
            history_sha256=recorder.sha256(),
            events=recorder.domain_events,
            wall_s=round(time.perf_counter() - began, 3),
            schedule=seen.load.schedule,
            crashed="; ".join(_what_went_wrong(seen)),
        )

    def _linearizability(self, calls: list[ClientCall]) -> list[Finding]:
        """Whether some order of events explains what the clients saw."""
        found = linearizability_findings(self._scenario.system, self._scenario.terms, calls, CLOCK_ERROR_US)
        return [finding for finding in found if self._scenario.checks(finding.name)]


def _check_alive(supervisor: Supervisor) -> None:
    if supervisor.failure:
        raise SupervisionFailed(supervisor.failure)


def _tell_restarts(supervisor: Supervisor) -> None:
    for process in supervisor.processes():
        if process.restarts:
            say(f"{process.name} died and was started again, times: {process.restarts}; see {process.log}")


def _tidy(folder: Path, load: LoadRun) -> None:
    """Keep the logs; everything else is in the run's own tables by now."""
    (load.folder / LOG).replace(folder / "logs" / LOG)
    shutil.rmtree(load.folder)
    (folder / "provider.journal").unlink(missing_ok=True)


def _what_went_wrong(seen: Seen) -> Iterator[str]:
    """Why the run was not the one that the scenario describes."""
    for crash in seen.load.crashes:
        yield f"a journey crashed: {crash}"
    for injected in seen.injected:
        if injected.error:
            yield f"could not {injected.what}: {injected.error}"
