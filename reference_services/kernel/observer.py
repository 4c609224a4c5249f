"""Observers: objects with one small method per type of event. Views, invariants and coverage marks are observers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any, ClassVar, TypeVar

from .message import Event, Message

Handler = Callable[[Any, Message], None]
Method = TypeVar("Method", bound=Callable[..., None])


def on(*event_types: type[Event]) -> Callable[[Method], Method]:
    """Mark a method of an `Observer` as the one to call with messages that carry one of ``event_types``."""

    def mark(method: Method) -> Method:
        method.__observes__ = event_types  # type: ignore[attr-defined]
        return method

    return mark


class Observer:
    """Base of everything that folds events into knowledge of its own."""

    __handlers: ClassVar[dict[type[Event], str]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        handlers = dict(cls.__handlers)
        for name, member in vars(cls).items():
            for event_type in getattr(member, "__observes__", ()):
                handlers[event_type] = name
        cls.__handlers = handlers

    @classmethod
    def observed_types(cls) -> tuple[type[Event], ...]:
        """The event types that this observer wants to see."""
        return tuple(cls.__handlers)

    def handlers(self) -> dict[type[Event], MethodType]:
        """Its bound methods by event type."""
        return {event_type: getattr(self, name) for event_type, name in self.__handlers.items()}


class Dispatch:
    """Brings each message to the observers that asked for its type, in the order in which they were given."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._handlers: dict[type, list[Callable[[Message], None]]] = {}
        for observer in observers:
            for event_type, handler in observer.handlers().items():
                self._handlers.setdefault(event_type, []).append(handler)

    def __call__(self, message: Message) -> None:
        """Show ``message`` to those who asked for its type."""
        for handler in self._handlers.get(type(message.data), ()):
            handler(message)
