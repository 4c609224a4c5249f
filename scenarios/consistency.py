"""What must fit together in a scenario beyond the shape of each part: names that exist, times that enclose others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.registry import load_checks, load_sequential_models, load_system, system_names, terms_type

from .arrival_kinds import Flash, Trace
from .faults.catalog import from_document, kinds_in
from .faults.fault import OUTSIDE, ProviderFault
from .faults.links import LinkFault
from .fields import ALL
from .model import Scenario
from .problems import BadValues, Place, Problem, unknown
from .quantities import format_duration
from .traces import check_trace, last_arrival_us
from .units import convert_with_units

LATECOMERS_LOST = 0.01
"""Of customers who would come after the horizon, so many are put up with: one run in a hundred with somebody less."""


def inconsistencies(scenario: Scenario) -> list[Problem]:
    """Everything in ``scenario`` that does not fit together."""
    faults = [*_faults(scenario), *_swarm(scenario)]
    problems = [*_journeys(scenario), *_times(scenario), *_trace(scenario), *faults]
    if scenario.system not in system_names():
        return [*problems, Problem(("system",), unknown(scenario.system, system_names(), "system"))]
    try:
        convert_with_units(scenario.policies, terms_type(scenario.system), ("policies",))
    except BadValues as error:
        return [*problems, *error.problems]
    return [*problems, *_names(scenario), *([] if faults else _targets(scenario))]


def _journeys(scenario: Scenario) -> Iterator[Problem]:
    counts = Counter(journey.name for journey in scenario.journeys)
    for index, journey in enumerate(scenario.journeys):
        if counts[journey.name] > 1:
            yield Problem(("journeys", index, "name"), f"{journey.name!r} is listed twice; add up the weights")


def _times(scenario: Scenario) -> Iterator[Problem]:
    arrivals = scenario.arrivals
    if isinstance(arrivals, Flash) and arrivals.lead_us > scenario.lead_us:
        yield Problem(
            ("arrivals", "lead"),
            f"begins before the scenario does; write at the top level, lead: {format_duration(arrivals.lead_us)}",
        )
    horizon = format_duration(scenario.horizon_us)
    if isinstance(arrivals, Flash) and _expected_after_horizon(scenario, arrivals) > LATECOMERS_LOST:
        text = f"{format_duration(arrivals.decay_us)} lets some of the customers come after the horizon, {horizon}"
        yield Problem(("arrivals", "decay"), f"{text}; write beside it `within`, after which nobody comes")
    key = "within" if isinstance(arrivals, Flash) else "duration"
    last_us = getattr(arrivals, f"{key}_us", None) or 0
    if last_us > scenario.horizon_us:
        text = f"{format_duration(last_us)} goes on beyond the horizon, {horizon}"
        yield Problem(("arrivals", key), f"{text}; shorten it or write a longer horizon")


def _expected_after_horizon(scenario: Scenario, flash: Flash) -> float:
    """How many customers of a flash that has no end come too late for the run, on average."""
    if flash.within_us is not None:
        return 0.0
    return scenario.population.customers * (1 - flash.early_share) * math.exp(-scenario.horizon_us / flash.decay_us)


def _trace(scenario: Scenario) -> Iterator[Problem]:
    if isinstance(scenario.arrivals, Trace):
        try:
            check_trace(scenario.arrivals, scenario.folder)
        except BadValues as error:
            yield from error.problems
            return
        last_us = last_arrival_us(scenario.arrivals, scenario.folder)
        if last_us > scenario.horizon_us:
            last, horizon = format_duration(last_us), format_duration(scenario.horizon_us)
            text = f"goes on until {last}, beyond the horizon, {horizon}; shorten it, play it faster (`speed`)"
            yield Problem(("arrivals", "csv"), f"{text} or write a longer horizon")


def _names(scenario: Scenario) -> Iterator[Problem]:
    system = load_system(scenario.system, scenario.terms)
    invariants, coverage = load_checks(scenario.system, scenario.terms)
    services = [service.name for service in system.services]
    operations = ["*", *(operation.name for _, operation in system.operations())]
    yield from _unknown_of(("costs",), scenario.costs, services, "service")
    workers = [service.name for service in system.deciding]
    yield from _unknown_of(("topology", "workers"), scenario.topology.workers, workers, "service")
    for index, objective in enumerate(scenario.objectives):
        if objective.operation not in operations:
            text = unknown(objective.operation, operations, "operation")
            yield Problem(("objectives", index, "operation"), text)
    models = load_sequential_models(scenario.system, scenario.terms)
    rules = [ALL, *(invariant.name for invariant in invariants), *(models.rules if models is not None else ())]
    yield from _unknown_in(("invariants",), scenario.invariants, rules, "invariant")
    yield from _unknown_in(("reach",), scenario.reach, coverage.names, "situation")


def _faults(scenario: Scenario) -> Iterator[Problem]:
    for index, written in enumerate(scenario.faults):
        place: Place = ("faults", index)
        try:
            fault = from_document(written.model_dump(mode="json"), place)
        except BadValues as error:
            yield from error.problems
            continue
        if fault.heals_us > scenario.horizon_us:
            text = f"would heal {format_duration(fault.heals_us)} after the opening, beyond the horizon"
            yield Problem((*place, "at"), f"{text}, {format_duration(scenario.horizon_us)}; let it strike earlier")
        if isinstance(fault, ProviderFault):
            yield from _turned(scenario, fault, place)


def _turned(scenario: Scenario, fault: ProviderFault, place: Place) -> Iterator[Problem]:
    """Knobs that contradict those that the fault leaves as they are."""
    try:
        knobs = convert_with_units(scenario.provider, Misbehaviour, ("provider",))
    except BadValues:
        return  # told by whoever needs the provider
    try:
        msgspec.structs.replace(knobs, **fault.turned())
    except ValueError as error:
        yield Problem(place, f"{error} (under `provider`, or the default); turn both")


def _swarm(scenario: Scenario) -> Iterator[Problem]:
    swarm = scenario.swarm
    yield from _unknown_in(("swarm", "faults"), swarm.faults, [ALL, *kinds_in("simulated")], "kind")
    if swarm.window is not None and swarm.window.to_us > scenario.horizon_us:
        text = f"{format_duration(swarm.window.to_us)} is beyond the horizon, {format_duration(scenario.horizon_us)}"
        yield Problem(("swarm", "window", "to"), f"{text}; end it earlier")


def _targets(scenario: Scenario) -> Iterator[Problem]:
    """Faults of processes and links that there are not."""
    services = [service.name for service in load_system(scenario.system, scenario.terms).deciding]
    processes = {service: scenario.topology.workers_of(service) for service in services}
    processes["gateway"] = scenario.topology.gateways
    known = [*OUTSIDE, *processes, *(f"{name}-{n}" for name, count in processes.items() for n in range(1, count + 1))]
    for index, fault in enumerate(scenario.typed_faults):
        target = getattr(fault, "target", None)
        if target is not None and target not in known:
            yield Problem(("faults", index, "target"), unknown(target, known, "process"))
        if isinstance(fault, LinkFault) and fault.between[0] not in processes:
            yield Problem(("faults", index, "between", 0), unknown(fault.between[0], processes, "service"))


def _unknown_of(place: Place, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            yield Problem((*place, name), unknown(name, known, what))


def _unknown_in(place: Place, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in known:
            yield Problem((*place, index), unknown(name, known, what))
