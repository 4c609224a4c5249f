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

from .figure import Figure, machine_load

SCENARIO = "steady_checkouts"
RATES_PER_S = (50, 100, 150, 200)
DURATION_S = 60
GOOD_P99_MS = 500.0
CONFIRMED = 201
"""What a checkout is answered with once its order is confirmed and ready."""


def figures() -> Iterator[Figure]:
    """Start the system afresh for each rate, and go on to the next as long as the services keep up."""
    for rate_per_s in RATES_PER_S:
        keeps_up = yield from _at_rate(rate_per_s)
        if not keeps_up:
            return


def _at_rate(rate_per_s: int) -> Generator[Figure, None, bool]:
    """Measure at one rate. Returns whether the services kept up."""
    load = machine_load()
    with tempfile.TemporaryDirectory(prefix="doorbuster-bench-") as folder:
        path = _scenario_at(rate_per_s, Path(folder))
        scenario = load_scenario(path).compressed()
        began_s = time.monotonic()
        with _supervisor(scenario, Path(folder) / "live") as supervisor:
            ready_s = time.monotonic() - began_s
            memory_mb = sum(process.rss_bytes for process in supervisor.processes()) / 2**20
            if rate_per_s == RATES_PER_S[0]:
                yield Figure("all services ready", ready_s, "s", "within 15", load)
                yield Figure("memory of all services together", memory_mb, "MB", "under 600", "resident, when ready")
            times_ms, sent = _checkouts(path, supervisor, Path(folder) / "load")
    confirmed_per_s = len(times_ms) / DURATION_S
    p99_ms = float(np.percentile(times_ms, 99)) if times_ms else float("inf")
    yield Figure(
        f"complete checkouts at {rate_per_s}/s for {DURATION_S} s",
        confirmed_per_s,
        "confirmed/s",
        "at least 100, aim for 200",
        f"{len(times_ms):,} of {sent:,} confirmed; {load}",
    )
    yield Figure(f"from POST to confirmed at {rate_per_s}/s, p99", p99_ms, "ms", "at most 500")
    return p99_ms <= GOOD_P99_MS


def _supervisor(scenario: Scenario, folder: Path) -> Supervisor:
    system = load_system(scenario.system, scenario.terms)
    knobs = msgspec.to_builtins(scenario.convert(("provider",), Misbehaviour))
    settings = Settings(
        system=scenario.system, terms=scenario.terms, partitions=scenario.topology.partitions, log_level="warning"
    )
    return Supervisor(settings, Topology.of(system, provider_knobs=knobs, provider_seed=1), folder)


def _checkouts(scenario: Path, supervisor: Supervisor, folder: Path) -> tuple[list[float], int]:
    """Response times of the checkouts that were confirmed, in milliseconds, and how many were sent."""
    with LoadRun(
        scenario,
        base_url=supervisor.gateway_url,
        token_secret=supervisor.settings.token_secret,
        seed=1,
        folder=folder,
    ) as run:
        for _ in run.progress():
            pass
        rows = [row for row in run.requests() if row.operation == "place_order"]
    times_ms = [(row.ended_us - row.intended_us) / 1_000 for row in rows if row.status == CONFIRMED]
    return times_ms, len(rows)


def _scenario_at(rate_per_s: int, folder: Path) -> Path:
    """The steady checkouts at another rate, as a file beside which nothing else is needed."""
    document = load_scenario(SCENARIO).document()
    document["arrivals"] |= {"rate_per_s": rate_per_s, "duration": f"{DURATION_S}s"}
    document["live"] = {"duration": f"{DURATION_S + 10}s"}
    path = folder / f"{SCENARIO}.yaml"
    path.write_bytes(msgspec.yaml.encode(document))
    return path
