"""How many processes of what kind run a system on one machine."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import msgspec

from ..kernel.system import System


class BadTopology(ValueError):
    """The topology does not fit the system; the text says what to change."""


class Workers(msgspec.Struct, frozen=True):
    """``count`` processes, each of which runs all of ``services``."""

    services: tuple[str, ...]
    count: int = 1


class Topology(msgspec.Struct, frozen=True):
    """The processes of a system. Without a provider, effects go to the ``provider_url`` of the settings.

    ``gateway_concurrency`` is how many decisions one gateway awaits at a time before it turns callers away; without
    it the environment or the gateway's own default decides. ``provider_knobs`` and ``provider_seed`` are handed to the
    provider as they are. ``links`` are the connections that lead through a relay, see `relays`.
    """

    workers: tuple[Workers, ...]
    gateways: int = 1
    gateway_concurrency: int | None = None
    provider: bool = True
    provider_knobs: Mapping[str, Any] = {}
    provider_seed: int = 0
    links: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, system: System, workers: Mapping[str, int] | None = None, **rest: Any) -> Topology:
        """A topology from counts by service. A key may name several services, separated by commas, that share their
        processes; a service that no key names gets one process of its own. Raises `BadTopology`."""
        groups = [Workers(tuple(names.split(",")), count) for names, count in (workers or {}).items()]
        named = {name for group in groups for name in group.services}
        groups += [Workers((service.name,)) for service in system.deciding if service.name not in named]
        topology = cls(tuple(groups), **rest)
        topology.check(system)
        return topology

    def check(self, system: System) -> None:
        """Raises `BadTopology` unless every service has a worker and nothing else has one."""
        offered = {service.name for service in system.deciding}
        named = {name for group in self.workers for name in group.services}
        if unknown := sorted(named - offered):
            raise BadTopology(f"{system.name} has no service {unknown[0]!r}; it has {', '.join(sorted(offered))}")
        if missing := sorted(offered - named):
            raise BadTopology(f"no worker runs {missing[0]!r}; every service needs one")
        if self.gateways < 0 or any(group.count < 1 for group in self.workers):
            raise BadTopology("counts of workers must be at least 1, of gateways at least 0")
        self._check_links(offered)

    def _check_links(self, services: Set[str]) -> None:
        for caller, callee in self.links:
            if caller not in {*services, "gateway"}:
                raise BadTopology(
                    f"no link begins at {caller!r}; choose gateway or one of {', '.join(sorted(services))}"
                )
            if callee not in ("broker", "provider") or (callee == "provider" and not self.provider):
                raise BadTopology(f"no link leads to {callee!r}; choose broker, or provider if the topology has one")
