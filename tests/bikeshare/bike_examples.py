"""One ride in examples: Ann's day pass, the bike b-1, from the station by the park to the one by the station hall."""

from __future__ import annotations

from typing import Generic, TypeVar

from reference_services.bikeshare.pricing import Plan, plans
from reference_services.bikeshare.terms import DAY_US, HOUR_US, MINUTE_US, Terms
from reference_services.bikeshare.trips import Ride, TripEnded, TripStarted
from reference_services.kernel.decider import Decider
from reference_services.kernel.message import Command, Event, Refused

State = TypeVar("State")

TERMS = Terms()
PLANS = plans(TERMS)
SINGLE, DAY, MONTHLY = PLANS["single"], PLANS["day"], PLANS["monthly"]
NOW_US = 1_800_000_000_000_000
LIMIT_US = TERMS.overdue_after_us
RIDE = Ride("t-1", "ann", "pass-1", DAY)
STARTED = TripStarted("t-1", RIDE, "b-1", "park", NOW_US, NOW_US + LIMIT_US)
ENDED = TripEnded("t-1", RIDE, "b-1", "hall", NOW_US, NOW_US + HOUR_US, 0)

__all__ = ["DAY_US", "HOUR_US", "MINUTE_US", "Plan"]


class Told(Generic[State]):
    """An aggregate to which some events have happened: ``told(decider, key, *events)``."""

    def __init__(self, decider: Decider[State], state: State) -> None:
        self.decider = decider
        self.state = state

    def asked(self, command: Command, at_us: int = NOW_US) -> list[Event]:
        """What it decides. The events are folded too, so one that cannot happen fails by itself."""
        events = self.decider.decide(self.state, command, at_us)
        for event in events:
            if type(event) is not Refused:
                self.state = self.decider.evolve(self.state, event)
        return events

    def refuses(self, command: Command, at_us: int = NOW_US) -> str:
        """Why it turns the command down; empty if it does not."""
        events = self.asked(command, at_us)
        return events[0].reason if len(events) == 1 and isinstance(events[0], Refused) else ""


def told(decider: Decider[State], key: str, *events: Event) -> Told[State]:
    """An aggregate of ``decider`` to which ``events`` have happened."""
    state = decider.initial(key)
    for event in events:
        state = decider.evolve(state, event)
    return Told(decider, state)


def names(events: list[Event]) -> list[str]:
    """What happened, in words."""
    return [type(event).__name__ for event in events]
