"""A system whose names are as awkward as the wiring allows, for whoever draws it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import msgspec

from reference_services.kernel.decider import Deadline, Decider
from reference_services.kernel.effect import Effect
from reference_services.kernel.message import Command, Event
from reference_services.kernel.operation import ANYONE, Action, Call, Outcome
from reference_services.kernel.outside import SendMessage
from reference_services.kernel.policy import Policy
from reference_services.kernel.projection import Views
from reference_services.kernel.system import Service, System
from reference_services.kernel.transitions import TransitionTable


class Begin(Command, frozen=True):
    """Begin | stop: "quoted" <b>."""

    key: str


class End(Command, frozen=True):
    key: str


class Begun(Event, frozen=True):
    key: str


class Ended(Event, frozen=True):
    key: str


class ThingDecider(Decider[str]):
    """Decides."""

    key_field = "key"
    commands = (Begin, End)
    events = (Begun, Ended)
    transitions = TransitionTable(
        "not yet",
        {
            ("not yet", Begun): "end",
            ("end", Begun): "1. state: [*]",
            ("end", Ended): "1. state: [*]",
            ("1. state: [*]", Ended): "not yet",
        },
    )
    name = "class"

    def initial(self, key: str) -> str:
        return "not yet"

    def decide(self, state: str, command: Command, now_us: int) -> list[Event]:
        return [Begun("a")]

    def evolve(self, state: str, event: Event) -> str:
        return state

    def deadlines(self, state: str) -> Iterator[Deadline]:
        yield from self._later(state)

    def _later(self, state: str) -> Iterator[Deadline]:
        yield 1, End(state)


class Accepted(msgspec.Struct, frozen=True):
    accepted: bool = True


class Hear(Command, frozen=True):
    key: str
    thing: str


class Heard(Event, frozen=True):
    key: str


class ListenerDecider(Decider[str]):
    """Listens."""

    name = '1. "listener" | `code`'
    key_field = "key"
    commands = (Hear,)
    events = (Heard,)

    def initial(self, key: str) -> str:
        return ""

    def decide(self, state: str, command: Command, now_us: int) -> list[Event]:
        return [Heard("a")]

    def evolve(self, state: str, event: Event) -> str:
        return state


def _begin(call: Call, views: Views) -> Begin:
    return Begin(call.path["key"])


def _outcome(command: Begin, views: Views) -> Outcome:
    return Outcome(Accepted())


def _hear(kind: str, event: Begun) -> Iterator[Command]:
    yield Hear(event.key, kind)


TELL = Effect(
    '- <tell> #1; "now"',
    Heard,
    lambda event: SendMessage(event.key, "somebody", "news", "news"),
    lambda event, answer: End(event.key),
)

BEGIN = Action("begin", "POST", "/things/{key}", "Begin | end", (ANYONE,), _begin, _outcome, Accepted, signed=True)


def awkward_system() -> System:
    """Wire it."""
    return System(
        "sub graph",
        (
            Service("end", 'What is "quoted" | piped', (ThingDecider(),), operations=(BEGIN,)),
            Service(
                "a-b.c_d",
                "Hears\nthings",
                (ListenerDecider(),),
                policies=(Policy("hear [it]", Begun, partial(_hear, "loud")),),
                effects=(TELL,),
            ),
        ),
        {},
    )
