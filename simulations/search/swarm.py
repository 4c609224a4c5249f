"""Swarm testing: each seed draws which faults are on at all, how often they strike, and when.

Runs in which everything goes wrong at once are alike, and hide what only happens while something else does not. So
each run leaves out a random half (Groce, Zhang, Eide, Chen and Regehr, "Swarm Testing", ISSTA 2012). The number of
processes and partitions and the broker's tuning are drawn, too. The whole drawn configuration is a function of scenario
and seed.
"""

from __future__ import annotations

import random
from collections import Counter

import msgspec

from reference_services.kernel.random_streams import stream
from reference_services.registry import load_system
from scenarios.faults.catalog import FAULTS, kinds_in
from scenarios.faults.fault import Fault
from scenarios.faults.setting import Setting
from scenarios.faults.stage import Kind
from scenarios.fields import ALL
from scenarios.model import Scenario, Topology

from ..kafka.tuning import Tuning
from ..simulation import Trouble

SESSIONS_US = (1_000_000, 3_000_000, 6_000_000)
COMMITS_US = (20_000, 200_000, 1_000_000)
LINGERS_US = (0, 0, 20_000, 300_000)
PREFETCHES = (8, 128, 4_096)

SETTLING = "settlement_bound_us"


class Drawn(msgspec.Struct, frozen=True):
    """One seed's configuration: the scenario with the topology drawn, and what goes wrong."""

    scenario: Scenario
    trouble: Trouble

    def in_words(self) -> str:
        """The whole configuration in a line."""
        topology, tuning = self.scenario.topology, self.trouble.tuning
        kinds = ", ".join(dict.fromkeys(fault.kind for fault in self.trouble.faults)) or "no fault"
        workers = max(topology.workers.values(), default=1)
        return (
            f"gateways: {topology.gateways}, up to {workers} workers a service, {topology.partitions} partitions, "
            f"linger {tuning.linger_us // 1000} ms, session {tuning.session_us // 1000} ms; {kinds}"
        )


def draw_run(scenario: Scenario, seed: int) -> Drawn:
    """What ``seed`` draws for ``scenario``, which should be its variant for checks."""
    draw = stream(seed, "swarm")
    topology = _draw_topology(scenario, draw)
    tuning = Tuning(
        session_us=draw.choice(SESSIONS_US),
        commit_us=draw.choice(COMMITS_US),
        linger_us=draw.choice(LINGERS_US),
        prefetch=draw.choice(PREFETCHES),
    )
    drawn = scenario.model_copy(update={"topology": topology})
    return Drawn(drawn, Trouble(_draw_faults(drawn, tuning, draw), tuning))


def _draw_topology(scenario: Scenario, draw: random.Random) -> Topology:
    services = load_system(scenario.system, scenario.terms).deciding
    least = _numbers_in_targets(scenario)
    return scenario.topology.model_copy(
        update={
            "gateways": max(draw.randint(1, 2), least["gateway"]),
            "partitions": draw.randint(1, 4),
            "workers": {service.name: max(draw.randint(1, 3), least[service.name]) for service in services},
        }
    )


def _numbers_in_targets(scenario: Scenario) -> Counter[str]:
    """How many processes there must be for the scenario's own faults: for one of ``orders-2``, two of ``orders``."""
    least: Counter[str] = Counter()
    for fault in scenario.typed_faults:
        name, _, number = fault.whom.rpartition("-")
        if number.isdecimal():
            least[name] = max(least[name], int(number))
    return least


def _draw_faults(scenario: Scenario, tuning: Tuning, draw: random.Random) -> tuple[Fault, ...]:
    swarm = scenario.swarm
    kinds = [FAULTS[kind] for kind in kinds_in("simulated") if ALL in swarm.faults or kind in swarm.faults]
    on = [kind for kind in kinds if draw.random() < 0.5]
    if not on or not swarm.most:
        return scenario.faults_in("simulated")
    of_processes = [kind for kind in on if "target" in kind.__struct_fields__] or on
    from_us, until_us = (swarm.window.from_us, swarm.window.to_us) if swarm.window else (0, scenario.horizon_us // 2)
    setting = Setting(
        from_us=from_us,
        until_us=until_us,
        targets=_targets(scenario.topology),
        session_us=tuning.session_us,
        durations_us=_durations_us(scenario),
    )
    drawn = [
        draw.choice(of_processes if draw.random() < 0.5 else on).draw(draw, setting)
        for _ in range(draw.randint(1, swarm.most))
    ]
    return tuple(sorted((*scenario.faults_in("simulated"), *drawn), key=lambda fault: fault.at_us))


def _durations_us(scenario: Scenario) -> tuple[int, ...]:
    """The durations that the system's rules mention; the bound that checkers allow for settling is none of them."""
    terms = scenario.terms
    return tuple(terms[name] for name in sorted(terms) if name.endswith("_us") and terms[name] and name != SETTLING)


def _targets(topology: Topology) -> dict[Kind, tuple[str, ...]]:
    workers = (f"{service}-{number}" for service, count in topology.workers.items() for number in range(1, count + 1))
    return {
        "worker": tuple(workers),
        "gateway": tuple(f"gateway-{number}" for number in range(1, topology.gateways + 1)),
    }
