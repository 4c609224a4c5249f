"""Examples of decisions, told as they are talked about: given these events, when this command comes, then that happens.

``given(decider, *events).when(command, at_us).then(*events)``. Every decision is folded too, so an example in which an
event cannot happen fails by itself.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from reference_services.kernel.decider import Deadline, Decider
from reference_services.kernel.message import Command, Event, Refused

State = TypeVar("State")


class Given(Generic[State]):
    """An aggregate to which some events have happened."""

    def __init__(self, decider: Decider[State], state: State) -> None:
        self.state = state
        self._decider = decider

    def when(self, command: Command, at_us: int = 0) -> Decided[State]:
        """Let it decide ``command`` at the instant ``at_us``."""
        return Decided(self._decider, self.state, self._decider.decide(self.state, command, at_us))

    def and_then(self, *events: Event) -> Given[State]:
        """Let more events happen to it."""
        state = self.state
        for event in events:
            if type(event) is not Refused:
                state = self._decider.evolve(state, event)
        return Given(self._decider, state)

    def waits_for(self, *deadlines: Deadline) -> None:
        """Time will decide exactly this, in this order."""
        assert tuple(self._decider.deadlines(self.state)) == deadlines


class Decided(Generic[State]):
    """What an aggregate has decided."""

    def __init__(self, decider: Decider[State], state: State, events: list[Event]) -> None:
        self.events = events
        self.after = Given(decider, state).and_then(*events)

    def then(self, *events: Event) -> Given[State]:
        """Exactly this happens; the story may go on from there."""
        assert tuple(self.events) == events
        return self.after

    def then_nothing(self) -> Given[State]:
        """Nothing happens."""
        return self.then()

    def then_refused(self, reason: str) -> None:
        """It is turned down for ``reason``, and nothing else happens."""
        assert [(type(event), getattr(event, "reason", "")) for event in self.events] == [(Refused, reason)]


def given(decider: Decider[State], *events: Event, key: str) -> Given[State]:
    """An aggregate of ``decider`` (named ``key``) to which ``events`` have happened."""
    return Given(decider, decider.initial(key)).and_then(*events)
