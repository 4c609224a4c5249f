"""Wiring: a system as data. Faust apps, HTTP apps, the simulated topology and the diagrams are all made from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from .decider import Decider
from .effect import Effect
from .message import KERNEL_EVENTS, Command, Event, Message, child_traceparent
from .operation import Action, Query
from .policy import Policy
from .problem import ProblemKind
from .projection import View


class Service(msgspec.Struct, frozen=True):
    """One service: what it decides, how it reacts, what it calls outside, and the API calls that it offers.

    ``policies`` are declared with the service that orchestrates; whoever publishes an event runs those on it.
    ``effects`` are calls that the service's own events make necessary. ``views`` are what its operations read.
    """

    name: str
    summary: str
    deciders: tuple[Decider[Any], ...]
    policies: tuple[Policy, ...] = ()
    effects: tuple[Effect, ...] = ()
    operations: tuple[Action | Query, ...] = ()
    views: tuple[type[View], ...] = ()


class System:
    """Services wired together, with the names under which their messages travel.

    ``refusals`` maps the reason of a `Refused` event to the problem that an API caller gets.
    """

    def __init__(
        self,
        name: str,
        services: Iterable[Service],
        refusals: Mapping[str, ProblemKind],
    ) -> None:
        self.name = name
        self.services = tuple(services)
        self.refusals = dict(refusals)
        self._names: dict[type, str] = {}
        self._classes: dict[str, type[Command] | type[Event]] = {}
        self._owners: dict[type, tuple[Service, Decider[Any]]] = {}
        self._policies: dict[type[Event], list[Policy]] = {}
        self._effects: dict[type[Event], list[Effect]] = {}
        for service in self.services:
            self._register(service)

    @property
    def deciding(self) -> tuple[Service, ...]:
        """The services that decide something, in wiring order: those with an inbox, a log of events and workers.

        The others only answer queries from what these have published; they live in the gateway alone.
        """
        return tuple(service for service in self.services if service.deciders)

    def service(self, name: str) -> Service:
        """The service of that name. Raises KeyError."""
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(name)

    def source(self, service: Service) -> str:
        """The CloudEvents source of a service's messages, e.g. ``bookstore.orders``."""
        return f"{self.name}.{service.name}"

    def commands_topic(self, service: Service) -> str:
        """The inbox: every command, timer and webhook for the service's aggregates."""
        return f"{self.name}.{service.name}.commands"

    def events_topic(self, service: Service) -> str:
        """The service's events, which are also the changelog of its table."""
        return f"{self.name}.{service.name}.events"

    def dead_letters_topic(self, service: Service) -> str:
        """Messages that could not be handled, each with its reason."""
        return f"{self.name}.{service.name}.dead-letters"

    def type_name(self, message_type: type) -> str:
        """The name under which a command or event travels, e.g. ``bookstore.orders.OrderPlaced``."""
        return self._names[message_type]

    def message_class(self, type_name: str) -> type[Command] | type[Event]:
        """The class behind a type name. Raises KeyError for a name that this system does not know."""
        return self._classes[type_name]

    def message_classes(self) -> Mapping[str, type[Command] | type[Event]]:
        """Every message of the system by type name."""
        return self._classes

    def owner(self, message_type: type) -> tuple[Service, Decider[Any]]:
        """Who decides a command, or who publishes an event (the kernel's events have no single owner)."""
        return self._owners[message_type]

    def view_types(self) -> tuple[type[View], ...]:
        """The views that all operations together read, each once, in wiring order."""
        return tuple(dict.fromkeys(view for service in self.services for view in service.views))

    def operations(self) -> Iterator[tuple[Service, Action | Query]]:
        """Every API call with the service that offers it."""
        return ((service, operation) for service in self.services for operation in service.operations)

    def operation(self, name: str) -> tuple[Service, Action | Query]:
        """One API call by name. Raises KeyError."""
        for service, operation in self.operations():
            if operation.name == name:
                return service, operation
        raise KeyError(name)

    def command(
        self,
        data: Command,
        command_id: str,
        now_us: int,
        *,
        source: str,
        causation_id: str = "",
        correlation_id: str = "",
        traceparent: str = "",
    ) -> Message:
        """Put a command into its envelope, addressed to the aggregate that decides it."""
        _, decider = self._owners[type(data)]
        return Message(
            command_id,
            source,
            self._names[type(data)],
            decider.subject(data),
            now_us,
            data,
            0,
            causation_id,
            correlation_id or command_id,
            traceparent,
        )

    def react(self, event: Message, policies: Iterable[Policy], now_us: int, source: str) -> list[Message]:
        """The commands that ``policies`` ask for because of ``event``. Ids derive from the event and the policy."""
        commands: list[Message] = []
        for policy in policies:
            if policy.on is not type(event.data):
                continue
            for index, data in enumerate(policy.react(event.data)):
                command_id = f"{event.id}:{policy.name}:{index}"
                commands.append(
                    self.command(
                        data,
                        command_id,
                        now_us,
                        source=source,
                        causation_id=event.id,
                        correlation_id=event.correlation_id,
                        traceparent=child_traceparent(event.traceparent, event.id),
                    )
                )
        return commands

    def policies_on(self, event_type: type[Event]) -> tuple[Policy, ...]:
        """Every policy of the system that reacts to ``event_type``, in wiring order."""
        return tuple(self._policies.get(event_type, ()))

    def effects_on(self, event_type: type[Event]) -> tuple[Effect, ...]:
        """Every effect that ``event_type`` has, in wiring order; all belong to the service that publishes it."""
        return tuple(self._effects.get(event_type, ()))

    def _register(self, service: Service) -> None:
        for decider in service.deciders:
            message_types: tuple[type[Command] | type[Event], ...] = (*decider.commands, *decider.events)
            for message_type in message_types:
                name = f"{self.name}.{service.name}.{message_type.__name__}"
                if name in self._classes:
                    raise ValueError(f"{name} is wired twice")
                self._names[message_type] = name
                self._classes[name] = message_type
                self._owners[message_type] = (service, decider)
        for policy in service.policies:
            self._policies.setdefault(policy.on, []).append(policy)
        for effect in service.effects:
            if not any(effect.on in decider.events for decider in service.deciders):
                raise ValueError(
                    f"effect {effect.name} of {self.name}.{service.name} is on {effect.on.__name__}, which that service"
                    " does not publish: declare the effect with the service that does"
                )
            self._effects.setdefault(effect.on, []).append(effect)
        for event_type in KERNEL_EVENTS:
            name = f"{self.name}.{event_type.__name__}"
            self._names[event_type] = name
            self._classes[name] = event_type
