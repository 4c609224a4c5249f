"""The decider: the pure heart of one kind of aggregate.

It knows no clock, no broker, no HTTP and no randomness: what it is told is all that it knows. The shape is Jérémie
Chassaing's "functional event sourcing decider", with deadlines added, because in these systems time itself decides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from .message import Command, Event
from .transitions import TransitionTable

State = TypeVar("State")

Deadline = tuple[int, Command]
"""An instant in microseconds and the command that becomes due then."""


class Decider(ABC, Generic[State]):
    """Decisions of one kind of aggregate. Subclasses hold business terms (durations, limits), nothing that changes."""

    name: ClassVar[str]
    """The aggregate's name in the field (``order``); first part of every subject."""

    commands: ClassVar[tuple[type[Command], ...]]
    """The commands it decides."""

    events: ClassVar[tuple[type[Event], ...]]
    """The events it decides on, those of the kernel aside."""

    transitions: ClassVar[TransitionTable | None] = None
    """The life cycle, where the aggregate has one."""

    key_field: ClassVar[str] = ""
    """The field that names the aggregate in each of its commands, unless `key` says otherwise."""

    def key(self, command: Command) -> str:
        """Which aggregate ``command`` is for."""
        key: str = getattr(command, self.key_field)
        return key

    @abstractmethod
    def initial(self, key: str) -> State:
        """The state before anything happened."""

    @abstractmethod
    def decide(self, state: State, command: Command, now_us: int) -> list[Event]:
        """What happens because of ``command`` at ``now_us``. A refusal is `Refused`.

        An empty list says that there is nothing to do, which is recorded as `NothingChanged`.
        """

    @abstractmethod
    def evolve(self, state: State, event: Event) -> State:
        """The state after ``event``: the only way in which state changes. Never alters ``state`` itself."""

    def deadlines(self, state: State) -> Iterable[Deadline]:
        """What time will make happen, earliest first. The host takes the first and asks again after each event."""
        return ()

    def subject(self, command: Command) -> str:
        """The subject of the aggregate that ``command`` is for."""
        return f"{self.name}/{self.key(command)}"
