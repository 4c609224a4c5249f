"""A system as small as can be, for the kernel's tests: boxes that are filled, emptied and spoil, and a compost heap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from reference_services.kernel.decider import Deadline, Decider
from reference_services.kernel.message import Command, Event, Message, Refused
from reference_services.kernel.policy import reacts_to
from reference_services.kernel.system import Service, System
from reference_services.kernel.transitions import TransitionTable

FRESH_FOR_US = 1_000


class Fill(Command, frozen=True):
    box_id: str
    units: int


class TakeOut(Command, frozen=True):
    box_id: str
    units: int


class ThrowAway(Command, frozen=True):
    box_id: str


class Compost(Command, frozen=True):
    heap_id: str
    units: int


class Filled(Event, frozen=True):
    box_id: str
    units: int
    fresh_until_us: int


class TakenOut(Event, frozen=True):
    box_id: str
    units: int


class Emptied(Event, frozen=True):
    box_id: str


class ThrownAway(Event, frozen=True):
    box_id: str
    units: int


class Composted(Event, frozen=True):
    heap_id: str
    units: int


BOX = TransitionTable(
    "empty",
    {
        ("empty", Filled): "full",
        ("full", Filled): "full",
        ("full", TakenOut): "full",
        ("full", Emptied): "empty",
        ("full", ThrownAway): "spoilt",
    },
)


class Box(msgspec.Struct, frozen=True):
    box_id: str
    units: int = 0
    fresh_until_us: int = 0


class BoxDecider(Decider[Box]):
    name = "box"
    key_field = "box_id"
    commands = (Fill, TakeOut, ThrowAway)
    events = (Filled, TakenOut, Emptied, ThrownAway)
    transitions = BOX

    def initial(self, key: str) -> Box:
        return Box(key)

    def decide(self, box: Box, command: Command, now_us: int) -> list[Event]:
        match command:
            case Fill():
                return [Filled(box.box_id, command.units, now_us + FRESH_FOR_US)]
            case TakeOut() if command.units > box.units:
                return [Refused("not-enough", f"there are {box.units}")]
            case TakeOut():
                taken = TakenOut(box.box_id, command.units)
                return [taken, Emptied(box.box_id)] if command.units == box.units else [taken]
            case ThrowAway() if box.units and now_us >= box.fresh_until_us:
                return [ThrownAway(box.box_id, box.units)]
            case _:
                return []

    def evolve(self, box: Box, event: Event) -> Box:
        match event:
            case Filled():
                return Box(box.box_id, box.units + event.units, event.fresh_until_us)
            case TakenOut() | ThrownAway():
                return Box(box.box_id, box.units - event.units, box.fresh_until_us)
            case _:
                return box

    def deadlines(self, box: Box) -> Iterable[Deadline]:
        if box.units:
            yield box.fresh_until_us, ThrowAway(box.box_id)
            yield box.fresh_until_us + 1, ThrowAway("never looked at")


class HeapDecider(Decider[int]):
    name = "heap"
    key_field = "heap_id"
    commands = (Compost,)
    events = (Composted,)

    def initial(self, key: str) -> int:
        return 0

    def decide(self, units: int, command: Command, now_us: int) -> list[Event]:
        assert isinstance(command, Compost)
        return [Composted(command.heap_id, command.units)]

    def evolve(self, units: int, event: Event) -> int:
        assert isinstance(event, Composted)
        return units + event.units


@reacts_to(ThrownAway)
def compost_what_is_thrown_away(event: ThrownAway) -> Iterator[Command]:
    for part in (1, event.units - 1):
        yield Compost("garden", part)


LARDER_SERVICE = Service("larder", "Boxes", (BoxDecider(),))
GARDEN_SERVICE = Service("garden", "A heap", (HeapDecider(),), policies=(compost_what_is_thrown_away,))


def larder() -> System:
    """The system, wired."""
    return System("pantry", (LARDER_SERVICE, GARDEN_SERVICE), {})


def command(data: Command, command_id: str, now_us: int = 0, **details: str) -> Message[Command]:
    """``data`` in its envelope."""
    return larder().command(data, command_id, now_us, source="test", **details)
