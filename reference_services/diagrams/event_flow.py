"""How events become commands and commands become events: of one service in detail, of a whole system at a glance."""

from __future__ import annotations

from typing import Any

from ..kernel.decider import Decider
from ..kernel.message import Command, Event
from ..kernel.operation import Action
from ..kernel.system import Service, System
from .mermaid import Flowchart
from .wiring import (
    actions,
    asked_by,
    called_by,
    effects,
    policies,
    recorded_by,
    sent_by,
    sent_by_time,
)


def saga(system: System) -> str:
    """A Mermaid flowchart of all aggregates: an arrow names the events of one that lead to a command for another.

    Calls to the outside and the commands that record its answers are drawn too; API calls and deadlines are not.
    """
    chart = Flowchart()
    for service in system.deciding:
        with chart.group(service.name):
            for decider in service.deciders:
                _aggregate(chart, service, decider)
    for (tail, head), lines in _crossings(chart, system).items():
        chart.edge(tail, head, "\n".join(lines))
    return chart.text()


def service_flow(system: System, service: Service) -> str:
    """A Mermaid flowchart of one service, read from left to right: what asks for its commands (API calls, policies on
    events, time, answers from outside), its commands, who decides them, the events, and the effects that they have."""
    chart = Flowchart()
    with chart.group(service.name):
        for decider in service.deciders:
            _decisions(chart, system, service, decider)
    owned = {command for decider in service.deciders for command in decider.commands}
    for _, action in actions(system):
        for command in sent_by(action):
            if command in owned:
                chart.edge(_call(chart, action), _command(chart, system, command))
    for decider in service.deciders:
        for command in sent_by_time(decider):
            chart.edge(chart.node("time", service.name, text="time"), _command(chart, system, command))
    _policies(chart, system, owned)
    _effects(chart, system, service, owned)
    return chart.text()


def _crossings(chart: Flowchart, system: System) -> dict[tuple[str, str], list[str]]:
    """What travels between two nodes, by their identifiers."""
    crossings: dict[tuple[str, str], dict[str, None]] = {}
    for _, policy in policies(system):
        for command in asked_by(policy):
            ends = (_aggregate_of(chart, system, policy.on), _aggregate_of(chart, system, command))
            crossings.setdefault(ends, {})[policy.on.__name__] = None
    for _, effect in effects(system):
        world = _world(chart)
        for call in called_by(effect):
            crossings.setdefault((_aggregate_of(chart, system, effect.on), world), {})[call.__name__] = None
        for command in recorded_by(effect):
            crossings.setdefault((world, _aggregate_of(chart, system, command)), {})[command.__name__] = None
    return {ends: list(names) for ends, names in crossings.items()}


def _decisions(chart: Flowchart, system: System, service: Service, decider: Decider[Any]) -> None:
    aggregate = _aggregate(chart, service, decider)
    for command in decider.commands:
        chart.edge(_command(chart, system, command), aggregate)
    for event in decider.events:
        chart.edge(aggregate, _event(chart, system, event))


def _policies(chart: Flowchart, system: System, owned: set[type[Command]]) -> None:
    for service, policy in policies(system):
        for command in asked_by(policy):
            if command in owned:
                reaction = chart.node("policy", service.name, policy.name)
                chart.edge(_event(chart, system, policy.on), reaction)
                chart.edge(reaction, _command(chart, system, command))


def _effects(chart: Flowchart, system: System, service: Service, owned: set[type[Command]]) -> None:
    """The effects of this service's events, and the answers that its aggregates record."""
    for host, effect in effects(system):
        mine = system.owner(effect.on)[0].name == service.name
        recorded = [command for command in recorded_by(effect) if command in owned]
        if not (mine or recorded):
            continue
        calling = chart.node("effect", host.name, effect.name)
        chart.edge(_event(chart, system, effect.on), calling)
        for call in called_by(effect):
            chart.edge(calling, _world(chart), call.__name__)
        for command in recorded:
            chart.edge(calling, _command(chart, system, command), "answer", dotted=True)


def _aggregate(chart: Flowchart, service: Service, decider: Decider[Any]) -> str:
    return chart.node("aggregate", service.name, decider.name)


def _aggregate_of(chart: Flowchart, system: System, message_type: type[Command] | type[Event]) -> str:
    return _aggregate(chart, *system.owner(message_type))


def _command(chart: Flowchart, system: System, command: type[Command]) -> str:
    return chart.node("command", system.owner(command)[0].name, command.__name__)


def _event(chart: Flowchart, system: System, event: type[Event]) -> str:
    return chart.node("event", system.owner(event)[0].name, event.__name__)


def _call(chart: Flowchart, action: Action) -> str:
    return chart.node("call", action.name, text=action.name)


def _world(chart: Flowchart) -> str:
    return chart.node("outside", "world", text="the outside")
