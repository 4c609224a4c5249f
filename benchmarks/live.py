"""Speed of the services for real: load generator, broker, provider, gateway and workers on this one machine."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec
import numpy as np

from doorbuster.services import topology_of
from loadtests.load_run import LoadRun
from loadtests.report import LoadReport
from reference_services.hosting.settings import Settings
from reference_services.hosting.supervisor import Supervisor
from reference_services.registry import load_system
from reports.wording import counted
from scenarios.loading import load_scenario
from scenarios.model import Scenario
from scenarios.objectives import FAILURES
from scenarios.run_records import RequestRow

from .figure import Figure, machine_load

DURATION_S = 60
SPARE_S = 30
"""What a run takes beyond the arrivals: preparing everything, and the last ones' way to the end."""


class Flow(msgspec.Struct, frozen=True):
    """What is done over and over at an even rate: complete when its last ``operation`` is answered with ``done``.

    ``scenario`` plays it, at each of ``rates_per_s`` in turn; ``target`` says in words how many a second are wanted.
    Services keep up with a rate while 99% of these answers come within ``p99_ms``, no call fails, and the load
    generator keeps its schedule.
    """

    scenario: str
    name: str
    operation: str
    done: int
    rates_per_s: tuple[int, ...]
    target: str
    p99_ms: float

    def completes(self, row: RequestRow) -> bool:
        """Whether this call was the last of one that is complete."""
        return row.operation == self.operation and row.status == self.done


class Measured(msgspec.Struct, frozen=True):
    """One rate: of ``sent`` calls of the last operation, the response times of those that were complete, in ms."""

    flow: Flow
    times_ms: list[float]
    sent: int
    report: LoadReport

    @property
    def p99_ms(self) -> float:
        """The 99th percentile; endless if nothing was complete."""
        return float(np.percentile(self.times_ms, 99)) if self.times_ms else float("inf")

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the services cannot be said to have kept up, however fast those answers were that came."""
        failed = sum(self.report.outcomes.get(outcome, 0) for outcome in FAILURES)
        reasons = tuple(f"INVALID: {reason}" for reason in self.report.invalid)
        return (*reasons, f"{counted(failed, 'call')} failed") if failed else reasons

    @property
    def keeps_up(self) -> bool:
        """Whether the services kept up."""
        return self.p99_ms <= self.flow.p99_ms and not self.doubts


CHECKOUTS = Flow(
    "steady_checkouts", "checkouts", "place_order", 201, (50, 100, 150, 200), "at least 100, aim for 200", 500
)
BOOKINGS = Flow("steady_bookings", "bookings", "book_appointment", 201, (65, 100), "at least 60", 1_000)
RIDES = Flow("steady_rides", "unlock-return pairs", "return_bike", 200, (65, 100), "at least 60", 1_000)


def figures(flow: Flow) -> Iterator[Figure]:
    """Start the system afresh for each rate, and go on to the next as long as the services keep up."""
    for rate_per_s in flow.rates_per_s:
        keeps_up = yield from _at_rate(flow, rate_per_s)
        if not keeps_up:
            return


def _at_rate(flow: Flow, rate_per_s: int) -> Generator[Figure, None, bool]:
    """Measure at one rate. Returns whether the services kept up."""
    load = machine_load()
    with tempfile.TemporaryDirectory(prefix="doorbuster-bench-") as folder:
        path = scenario_at(flow.scenario, rate_per_s, Path(folder))
        scenario = load_scenario(path).compressed()
        began_s = time.monotonic()
        with _supervisor(scenario, Path(folder) / "live") as supervisor:
            ready_s = time.monotonic() - began_s
            memory_mb = sum(process.rss_bytes for process in supervisor.processes()) / 2**20
            if rate_per_s == flow.rates_per_s[0]:
                yield Figure("all services ready", ready_s, "s", "within 15", load)
                yield Figure("memory of all services together", memory_mb, "MB", "under 600", "resident, when ready")
            measured = _measured(flow, path, supervisor, Path(folder) / "load")
    yield from figures_of(measured, rate_per_s, load)
    return measured.keeps_up


def figures_of(measured: Measured, rate_per_s: int, load: str) -> Iterator[Figure]:
    """What is told of one rate; ``load`` says how busy the machine was before."""
    flow, complete = measured.flow, len(measured.times_ms)
    yield Figure(
        f"complete {flow.name} at {rate_per_s}/s for {DURATION_S} s",
        complete / DURATION_S,
        "complete/s",
        flow.target,
        "; ".join([*measured.doubts, f"{complete:,} of {measured.sent:,} complete", load]),
    )
    yield Figure(
        f"answer of {flow.operation} at {rate_per_s}/s, p99",
        measured.p99_ms,
        "ms",
        f"at most {flow.p99_ms:g}",
        "; ".join(measured.doubts),
    )


def _supervisor(scenario: Scenario, folder: Path) -> Supervisor:
    system = load_system(scenario.system, scenario.terms)
    settings = Settings(
        system=scenario.system, terms=scenario.terms, partitions=scenario.topology.partitions, log_level="warning"
    )
    return Supervisor(settings, topology_of(scenario, system, seed=1), folder)


def _measured(flow: Flow, scenario: Path, supervisor: Supervisor, folder: Path) -> Measured:
    """Run the load and measure it."""
    with LoadRun(
        scenario,
        base_url=supervisor.gateway_url,
        token_secret=supervisor.settings.token_secret,
        seed=1,
        folder=folder,
    ) as run:
        for _ in run.progress():
            pass
        rows = [row for row in run.requests() if row.operation == flow.operation]
    times_ms = [(row.ended_us - row.intended_us) / 1_000 for row in rows if flow.completes(row)]
    return Measured(flow, times_ms, len(rows), run.report)


def scenario_at(name: str, rate_per_s: int, folder: Path) -> Path:
    """The steady scenario at another rate, as a file beside which nothing else is needed."""
    document = load_scenario(name).document()
    document["arrivals"] |= {"rate_per_s": rate_per_s, "duration": f"{DURATION_S}s"}
    document["live"] = {"duration": f"{DURATION_S + SPARE_S}s"}
    path = folder / f"{name}.yaml"
    path.write_bytes(msgspec.yaml.encode(document))
    return path
