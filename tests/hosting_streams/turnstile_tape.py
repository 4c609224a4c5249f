"""A tape of commands for the turnstile, played through simulated workers to which things happen on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from reference_services.kernel.invariant import Checker, Coverage
from reference_services.kernel.message import Message, Record
from reference_services.kernel.random_streams import stream
from scenarios.model import Scenario
from simulations.clock import VirtualClock
from simulations.design import HONEST, Design
from simulations.kafka.tuning import Tuning
from simulations.recorder import Recorder
from simulations.world import World
from tests.hosting_streams.turnstile.system import Enter

TURNSTILE = "tests.hosting_streams.turnstile"
COMMANDS = 150
GATES = 6
EVERY_US = 20_000
SETTLED_US = 120_000_000
TERMS = {"capacity": 20}

Told = tuple[str, str, str, Any]
Histories = dict[str, list[Told]]
Tape = list[tuple[str, Enter]]
Disturb = Callable[[World], None]


class NothingToReach(Coverage):
    """The turnstile marks no situations."""

    names = ()


def tape_of(seed: int) -> Tape:
    """People who come to gates, some of them twice with one ticket, some without a name, more than may pass."""
    draw = stream(seed, "tape")
    tape: Tape = []
    for number in range(COMMANDS):
        person = "" if draw.random() < 0.03 else f"person-{number}"
        tape.append((f"c-{number}", Enter(f"gate-{draw.randrange(GATES)}", person)))
        if draw.random() < 0.1:
            tape.append(draw.choice(tape))
    return tape


def in_peace(world: World) -> None:
    """Nothing happens to anybody."""


def simulated_histories(
    tape: Tape,
    disturb: Disturb = in_peace,
    *,
    workers: int = 1,
    tuning: Tuning | None = None,
    design: Design = HONEST,
) -> Histories:
    """What comes of the tape; ``disturb`` schedules what happens to the workers meanwhile."""
    clock = VirtualClock(0)
    records: list[Record] = []
    world = World(_scenario(workers), 1, clock, Keeping(records), tuning or Tuning(), design)
    for number, (command_id, command) in enumerate(tape):
        message = world.system.command(command, command_id, number * EVERY_US, source="tests")
        clock.after(number * EVERY_US, world.inboxes.of(message).append, message)
    disturb(world)
    clock.run(until=SETTLED_US)
    assert [count.lag for count in world.counts()] == [0, 0], "everything is consumed"
    return told(records)


class Keeping(Recorder):
    """A recorder that keeps the records, each version once."""

    def __init__(self, records: list[Record]) -> None:
        super().__init__(Checker((), NothingToReach()))
        self._kept = records

    def record(self, record: Record) -> None:
        before = self.domain_events
        super().record(record)
        if self.domain_events > before:
            self._kept.append(record)


def told(records: list[Record]) -> dict[str, list[Told]]:
    """What happened to each aggregate, in order, without what depends on the clock."""
    histories: dict[str, list[Told]] = {}
    for record in records:
        for message in record:
            histories.setdefault(message.subject, []).append(without_clock(message))
    return dict(sorted(histories.items()))


def without_clock(message: Message[Any]) -> Told:
    data = {name: value for name, value in msgspec.to_builtins(message.data).items() if not name.endswith("_us")}
    return message.id, message.type, message.causation_id, data


def _scenario(workers: int) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "tape",
            "title": "A tape",
            "system": TURNSTILE,
            "starts_at": "2026-01-01T00:00:00Z",
            "horizon": "1h",
            "population": {"customers": 1},
            "arrivals": {"kind": "constant", "rate_per_s": 1, "duration": "1s"},
            "journeys": [{"name": "none"}],
            "policies": TERMS,
            "topology": {"workers": {"gates": workers, "tolls": workers}},
        }
    )
