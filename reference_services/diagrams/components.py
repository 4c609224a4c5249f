"""The components of a system: who calls, the gateway, the services with their aggregates and topics, the outside."""

from __future__ import annotations

from collections.abc import Iterable

from ..kernel.operation import ANYONE, Action
from ..kernel.system import Service, System
from .mermaid import Flowchart
from .wiring import (
    actions,
    asked_by,
    called_by,
    observed_services,
    policies_on_events_of,
    recorded_by,
    sent_by,
    sent_by_time,
)


def components(system: System) -> str:
    """A Mermaid flowchart: one frame a service, arrows for everything that travels."""
    chart = Flowchart()
    for service in system.deciding:
        _service(chart, system, service)
    _callers(chart, system)
    for service in system.deciding:
        _policies(chart, system, service)
        _effects(chart, system, service)
    _webhooks(chart, system)
    return chart.text()


def aggregates(service: Service) -> str:
    """The kinds of aggregates that a service owns, in words."""
    return ", ".join(decider.name for decider in service.deciders)


def asked_services(system: System, service: Service) -> list[Service]:
    """Those whose inboxes the worker of ``service`` writes to for policies on its events, in wiring order."""
    return _owners(
        system, {command for policy in policies_on_events_of(system, service) for command in asked_by(policy)}
    )


def informed_services(system: System, service: Service) -> list[Service]:
    """Those whose inboxes take the answers to the effects of ``service``, in wiring order."""
    return _owners(system, {command for effect in service.effects for command in recorded_by(effect)})


def has_deadlines(service: Service) -> bool:
    """Whether time sends commands to the service's own inbox."""
    return any(sent_by_time(decider) for decider in service.deciders)


def entered_services(system: System) -> list[Service]:
    """Those whose inboxes the gateway writes to, in wiring order."""
    return _owners(system, {command for _, action in actions(system) for command in sent_by(action)})


def _service(chart: Flowchart, system: System, service: Service) -> None:
    with chart.group(service.name):
        inbox = _inbox(chart, system, service)
        decides = chart.node("aggregate", service.name, text=f"decides: {aggregates(service)}")
        events = _events(chart, system, service)
        chart.edge(inbox, decides)
        chart.edge(decides, events, "appends")
        if has_deadlines(service):
            chart.edge(decides, inbox, "deadlines")
        reacting = len(policies_on_events_of(system, service))
        if reacting:
            chart.edge(decides, _reacts(chart, service, reacting), "once appended")
        if service.effects:
            chart.edge(decides, _calls(chart, service), "once appended")


def _callers(chart: Flowchart, system: System) -> None:
    gateway = _gateway(chart)
    for role in _roles(system):
        chart.edge(
            chart.node("call", role, text="anyone, without a token" if role == ANYONE else role), gateway, "HTTP"
        )
    for service in entered_services(system):
        chart.edge(gateway, _inbox(chart, system, service), "commands")
    for service in observed_services(system):
        chart.edge(_events(chart, system, service), gateway, "views", dotted=True)


def _policies(chart: Flowchart, system: System, service: Service) -> None:
    reacting = len(policies_on_events_of(system, service))
    for owner in asked_services(system, service):
        chart.edge(_reacts(chart, service, reacting), _inbox(chart, system, owner), "commands")


def _effects(chart: Flowchart, system: System, service: Service) -> None:
    outward = dict.fromkeys(call.__name__ for effect in service.effects for call in called_by(effect))
    if outward:
        chart.edge(_calls(chart, service), _outer_world(chart), "\n".join(outward))
    for owner in informed_services(system, service):
        chart.edge(_calls(chart, service), _inbox(chart, system, owner), "answers")


def _webhooks(chart: Flowchart, system: System) -> None:
    if any(action.signed for _, action in actions(system)):
        chart.edge(_outer_world(chart), _gateway(chart), "signed webhooks")


def _inbox(chart: Flowchart, system: System, service: Service) -> str:
    return chart.node("topic", service.name, "inbox", text=_short(system, system.commands_topic(service)))


def _events(chart: Flowchart, system: System, service: Service) -> str:
    return chart.node("topic", service.name, "events", text=_short(system, system.events_topic(service)))


def _short(system: System, topic: str) -> str:
    return topic.removeprefix(f"{system.name}.")


def _reacts(chart: Flowchart, service: Service, policies: int) -> str:
    return chart.node("policy", service.name, text=f"reacts: {_counted(policies, 'policy', 'policies')}")


def _calls(chart: Flowchart, service: Service) -> str:
    text = f"calls the outside: {_counted(len(service.effects), 'effect', 'effects')}"
    return chart.node("effect", service.name, text=text)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _gateway(chart: Flowchart) -> str:
    return chart.node("process", "gateway", text="gateway\none HTTP app a service")


def _outer_world(chart: Flowchart) -> str:
    return chart.node("outside", "world", text="the outside\npayment provider, message gateway")


def _roles(system: System) -> list[str]:
    """Who calls with a token or without; senders of signed webhooks are drawn as the outside."""
    operations = [operation for _, operation in system.operations()]
    unsigned = [each for each in operations if not (isinstance(each, Action) and each.signed)]
    return list(dict.fromkeys(role for operation in unsigned for role in operation.roles))


def _owners(system: System, commands: Iterable[type]) -> list[Service]:
    names = {system.owner(command)[0].name for command in commands}
    return [service for service in system.services if service.name in names]
