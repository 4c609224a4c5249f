"""How many processes of what kind run a system on one machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..kernel.system import System


class BadTopology(ValueError):
    """The topology does not fit the system; the text says what to change."""


class Workers(msgspec.Struct, frozen=True):
    """``count`` processes, each of which decides and reacts for all of ``services``."""

    services: tuple[str, ...]
    count: int = 1


class Topology(msgspec.Struct, frozen=True):
    """The processes of a system. Without a provider, effects go to the ``provider_url`` of the settings.

    ``gateway_concurrency`` is how many decisions one gateway awaits at a time before it turns callers away; without
    it the environment or the gateway's own default decides. ``provider_knobs`` and ``provider_seed`` are handed to the
    provider as they are.
    """

    workers: tuple[Workers, ...]
    gateways: int = 1
    gateway_concurrency: int | None = None
    provider: bool = True
    provider_knobs: Mapping[str, Any] = {}
    provider_seed: int = 0

    @classmethod
    def of(cls, system: System, workers: Mapping[str, int] | None = None, **rest: Any) -> Topology:
        """A topology from counts by service. A key may name several services, separated by commas, that share their
        processes; a service that no key names gets one process of its own. Raises `BadTopology`."""
        groups = [Workers(tuple(names.split(",")), count) for names, count in (workers or {}).items()]
        named = {name for group in groups for name in group.services}
        groups += [Workers((service.name,)) for service in system.services if service.name not in named]
        topology = cls(tuple(groups), **rest)
        topology.check(system)
        return topology

    def check(self, system: System) -> None:
        """Raises `BadTopology` unless every service has a worker and nothing else has one."""
        offered = {service.name for service in system.services}
        named = {name for group in self.workers for name in group.services}
        if unknown := sorted(named - offered):
            raise BadTopology(f"{system.name} has no service {unknown[0]!r}; it has {', '.join(sorted(offered))}")
        if missing := sorted(offered - named):
            raise BadTopology(f"no worker runs {missing[0]!r}; every service needs one")
        if self.gateways < 0 or any(group.count < 1 for group in self.workers):
            raise BadTopology("counts of workers must be at least 1, of gateways at least 0")
