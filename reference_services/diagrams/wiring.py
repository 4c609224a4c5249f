"""What a system's wiring leaves to functions: who asks whom for what, and why."""

from __future__ import annotations

import inspect
from typing import Any

from ..kernel.decider import Decider
from ..kernel.effect import Effect
from ..kernel.message import KERNEL_EVENTS, Command, Event
from ..kernel.operation import Action
from ..kernel.outside import OutsideRequest
from ..kernel.policy import Policy
from ..kernel.system import Service, System
from .mentions import mentioned

CommandTypes = tuple[type[Command], ...]


def asked_by(policy: Policy) -> CommandTypes:
    """The commands that a policy may ask for."""
    return mentioned(policy.react, Command)


def sent_by(action: Action) -> CommandTypes:
    """The commands that an API call may send; mostly one."""
    return mentioned(action.command, Command)


def sent_by_time(decider: Decider[Any]) -> CommandTypes:
    """The commands that time itself sends to an aggregate."""
    return mentioned(decider.deadlines, Command)


def called_by(effect: Effect) -> tuple[type[OutsideRequest], ...]:
    """The calls that an effect may make to the outside."""
    return mentioned(effect.request, OutsideRequest)


def recorded_by(effect: Effect) -> CommandTypes:
    """The commands that may record what came of an effect."""
    return tuple(dict.fromkeys((*mentioned(effect.answer, Command), *mentioned(effect.gave_up, Command))))


def actions(system: System) -> list[tuple[Service, Action]]:
    """The API calls that change something, each with the service that offers it."""
    return [(service, each) for service, each in system.operations() if isinstance(each, Action)]


def policies(system: System) -> list[tuple[Service, Policy]]:
    """Every policy with the service that declares it, in wiring order: the order in which a saga is told."""
    return [(service, policy) for service in system.services for policy in service.policies]


def policies_on_events_of(system: System, publisher: Service) -> list[Policy]:
    """The policies that run with ``publisher``, because its events are what they wait for."""
    return [policy for _, policy in policies(system) if system.owner(policy.on)[0].name == publisher.name]


def effects(system: System) -> list[tuple[Service, Effect]]:
    """Every effect with the service that makes its calls, in wiring order."""
    return [(service, effect) for service in system.services for effect in service.effects]


def deciders(system: System) -> list[tuple[Service, Decider[Any]]]:
    """Every kind of aggregate with the service that owns it."""
    return [(service, decider) for service in system.services for decider in service.deciders]


def published(decider: Decider[Any]) -> tuple[type[Event], ...]:
    """Every type of event in the records of an aggregate, the kernel's among them."""
    return (*decider.events, *KERNEL_EVENTS)


def reacted_to(system: System, service: Service) -> list[Service]:
    """The services whose events the policies and effects of ``service`` wait for, in wiring order."""
    awaited = {policy.on for policy in service.policies} | {effect.on for effect in service.effects}
    return [
        publisher
        for publisher in system.services
        if awaited.intersection(event for decider in publisher.deciders for event in decider.events)
    ]


def observed_services(system: System) -> list[Service]:
    """The services from whose events the read models are folded."""
    observed = {event_type for view in system.view_types() for event_type in view.observed_types()}
    return [
        service
        for service in system.services
        if observed.intersection(event for decider in service.deciders for event in decider.events)
    ]


def said_of(documented: Any) -> str:
    """The first paragraph of a docstring on one line; empty if there is none."""
    text = inspect.getdoc(documented) or ""
    return " ".join(text.partition("\n\n")[0].split())


def own_words(documented: type) -> str:
    """Like `said_of` for a class, but without what it inherits."""
    return said_of(documented) if documented.__doc__ else ""
