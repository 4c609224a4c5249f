"""What each process of a system is started with."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ..kernel.operation import Action
from ..kernel.system import System
from .child import ChildSpec, Kind
from .relays import Relays
from .settings import Settings
from .topology import Topology

PACKAGES = __package__.rpartition(".")[0]
ROOT = Path(__file__).parents[2]
ASKS_OF_A_SHARED_PORT = 10
GATEWAY: Kind = "gateway"


def webhooks_path(system: System) -> str:
    """Where the gateway takes in what the provider reports; empty for a system that takes in nothing."""
    signed = (
        f"/{service.name}{operation.path}"
        for service, operation in system.operations()
        if isinstance(operation, Action) and operation.signed
    )
    return next(signed, "")


def provider_spec(settings: Settings, topology: Topology, port: int, journal: Path, path: str) -> ChildSpec:
    """The payment provider, keeping its books in ``journal`` and reporting to the gateway under ``path``."""
    of_provider = {
        "DOORBUSTER_PROVIDER_HOST": "127.0.0.1",
        "DOORBUSTER_PROVIDER_PORT": str(port),
        "DOORBUSTER_PROVIDER_WEBHOOK_URL": f"http://127.0.0.1:{settings.http_port}{path}",
        "DOORBUSTER_PROVIDER_KNOBS": msgspec.json.encode(topology.provider_knobs).decode(),
        "DOORBUSTER_PROVIDER_SEED": str(topology.provider_seed),
        "DOORBUSTER_PROVIDER_JOURNAL": str(journal),
    }
    return ChildSpec("provider", "provider", _python("payment_provider"), _environment(settings, of_provider))


def worker_specs(settings: Settings, topology: Topology, relays: Relays) -> list[ChildSpec]:
    """Every worker; its name tells its services and its number, e.g. ``orders-1``."""
    return [
        ChildSpec(
            f"{'+'.join(group.services)}-{number}",
            "worker",
            (*_python("hosting.worker"), "--service", ",".join(group.services)),
            _environment(relays.settings_of(group.services, settings), {}),
        )
        for group in topology.workers
        for number in range(1, group.count + 1)
    ]


def gateway_specs(settings: Settings, topology: Topology, relays: Relays) -> list[ChildSpec]:
    """Every gateway; several of them share one port."""
    several = topology.gateways > 1
    of_gateway = {"DOORBUSTER_REUSE_PORT": "1"} if several else {}
    if topology.gateway_concurrency is not None:
        of_gateway["DOORBUSTER_MAX_UNDECIDED"] = str(topology.gateway_concurrency)
    return [
        ChildSpec(
            f"{GATEWAY}-{number}",
            GATEWAY,
            _python("hosting.gateway"),
            _environment(relays.settings_of((GATEWAY,), settings), of_gateway),
            asks=ASKS_OF_A_SHARED_PORT if several else 1,
        )
        for number in range(1, topology.gateways + 1)
    ]


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"{PACKAGES}.{module}")


def _environment(settings: Settings, more: Mapping[str, str]) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    # glibc otherwise keeps an arena of memory per thread, which costs each process megabytes that it never uses.
    return {**os.environ, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "2", **settings.to_environment(), **more}
