"""The services of a system as a scenario wants them: their settings and their processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import msgspec

from reference_services.hosting.settings import Settings, variable
from reference_services.hosting.topology import Topology
from reference_services.kernel.system import System
from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.processes.logs import configure_logs
from scenarios.faults.links import Link
from scenarios.model import Scenario


def supervise_quietly() -> None:
    """Let this process log nothing but errors: each process below it has a log of its own, and so has the console."""
    configure_logs("error", "doorbuster")


def settings_of(system: str, **changes: Any) -> Settings:
    """Settings of ``system`` from this process's environment, with ``changes``. Raises `BadSettings`."""
    return Settings.from_environment({**os.environ, variable("system"): system}).changed(**changes)


def topology_of(scenario: Scenario, system: System, seed: int, links: Sequence[Link] = ()) -> Topology:
    """The processes that ``scenario`` asks for, with its payment provider; ``links`` lead through relays.

    Raises `BadTopology`, and `ScenarioError` if the provider has no such knobs.
    """
    return Topology.of(
        system,
        scenario.topology.workers,
        gateways=scenario.topology.gateways,
        gateway_concurrency=scenario.topology.gateway_concurrency,
        provider_knobs=msgspec.to_builtins(scenario.convert(("provider",), Misbehaviour)),
        provider_seed=seed,
        links=tuple(links),
    )
