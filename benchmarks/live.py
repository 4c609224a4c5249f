"""Speed of the services for real: load generator, broker, provider, gateway and workers on this one machine."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec
import numpy as np

from loadtests.load_run import LoadRun
from reference_services.hosting.settings import Settings
from reference_services.hosting.supervisor import Supervisor
from reference_services.hosting.topology import Topology
from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.registry import load_system
from scenarios.loading import load_scenario
from scenarios.model import Scenario
from scenarios.run_records import RequestRow

from .figure import Figure, machine_load

DURATION_S = 60
SPARE_S = 30
"""What a run takes beyond the arrivals: preparing everything, and the last ones' way to the end."""


class Flow(msgspec.Struct, frozen=True):
    """What is done over and over at an even rate: complete when its last ``operation`` is answered with ``done``.

    ``scenario`` plays it, at each of ``rates_per_s`` in turn; ``target`` says in words how many a second are wanted.
    Services keep up with a rate while 99% of these answers come within ``p99_ms``.
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
            times_ms, sent = _completed(flow, path, supervisor, Path(folder) / "load")
    p99_ms = float(np.percentile(times_ms, 99)) if times_ms else float("inf")
    yield Figure(
        f"complete {flow.name} at {rate_per_s}/s for {DURATION_S} s",
        len(times_ms) / DURATION_S,
        "complete/s",
        flow.target,
        f"{len(times_ms):,} of {sent:,} complete; {load}",
    )
    yield Figure(f"answer of {flow.operation} at {rate_per_s}/s, p99", p99_ms, "ms", f"at most {flow.p99_ms:g}")
    return p99_ms <= flow.p99_ms


def _supervisor(scenario: Scenario, folder: Path) -> Supervisor:
    system = load_system(scenario.system, scenario.terms)
    knobs = msgspec.to_builtins(scenario.convert(("provider",), Misbehaviour))
    settings = Settings(
        system=scenario.system, terms=scenario.terms, partitions=scenario.topology.partitions, log_level="warning"
    )
    return Supervisor(settings, Topology.of(system, provider_knobs=knobs, provider_seed=1), folder)


def _completed(flow: Flow, scenario: Path, supervisor: Supervisor, folder: Path) -> tuple[list[float], int]:
    """Response times of the last operation where it was complete, in milliseconds, and how often it was called."""
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
    return times_ms, len(rows)


def scenario_at(name: str, rate_per_s: int, folder: Path) -> Path:
    """The steady scenario at another rate, as a file beside which nothing else is needed."""
    document = load_scenario(name).document()
    document["arrivals"] |= {"rate_per_s": rate_per_s, "duration": f"{DURATION_S}s"}
    document["live"] = {"duration": f"{DURATION_S + SPARE_S}s"}
    path = folder / f"{name}.yaml"
    path.write_bytes(msgspec.yaml.encode(document))
    return path
