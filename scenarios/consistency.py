"""What must fit together in a scenario beyond the shape of each part: names that exist, times that enclose others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from reference_services.registry import load_checks, load_system, system_names, terms_type

from .arrival_kinds import Flash, Trace
from .model import ALL, Scenario
from .problems import BadValues, Place, Problem, unknown
from .quantities import format_duration
from .traces import check_trace
from .units import convert_with_units


def inconsistencies(scenario: Scenario) -> list[Problem]:
    """Everything in ``scenario`` that does not fit together."""
    problems = [*_journeys(scenario), *_times(scenario), *_trace(scenario)]
    if scenario.system not in system_names():
        return [*problems, Problem(("system",), unknown(scenario.system, system_names(), "system"))]
    try:
        convert_with_units(scenario.policies, terms_type(scenario.system), ("policies",))
    except BadValues as error:
        return [*problems, *error.problems]
    return [*problems, *_names(scenario)]


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
    key = "within" if isinstance(arrivals, Flash) else "duration"
    last_us = getattr(arrivals, f"{key}_us", None) or 0
    if last_us > scenario.horizon_us:
        yield Problem(
            ("arrivals", key),
            f"{format_duration(last_us)} goes on beyond the horizon, {format_duration(scenario.horizon_us)}; "
            f"shorten it or write a longer horizon",
        )


def _trace(scenario: Scenario) -> Iterator[Problem]:
    if isinstance(scenario.arrivals, Trace):
        try:
            check_trace(scenario.arrivals, scenario.folder)
        except BadValues as error:
            yield from error.problems


def _names(scenario: Scenario) -> Iterator[Problem]:
    system = load_system(scenario.system, scenario.terms)
    invariants, coverage = load_checks(scenario.system, scenario.terms)
    services = [service.name for service in system.services]
    operations = ["*", *(operation.name for _, operation in system.operations())]
    yield from _unknown_of(("costs",), scenario.costs, services, "service")
    yield from _unknown_of(("topology", "workers"), scenario.topology.workers, services, "service")
    for index, objective in enumerate(scenario.objectives):
        if objective.operation not in operations:
            text = unknown(objective.operation, operations, "operation")
            yield Problem(("objectives", index, "operation"), text)
    yield from _unknown_in(
        "invariants", scenario.invariants, [ALL, *(invariant.name for invariant in invariants)], "invariant"
    )
    yield from _unknown_in("reach", scenario.reach, coverage.names, "situation")


def _unknown_of(place: Place, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            yield Problem((*place, name), unknown(name, known, what))


def _unknown_in(key: str, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in known:
            yield Problem((key, index), unknown(name, known, what))
