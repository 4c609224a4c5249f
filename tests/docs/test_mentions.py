"""What a function's code says that it may make is at least what it makes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import awkward
import msgspec
import pytest
from awkward import Begin, End, Hear, ThingDecider

from reference_services.diagrams.mentions import mentioned
from reference_services.diagrams.wiring import (
    actions,
    asked_by,
    called_by,
    deciders,
    effects,
    policies,
    recorded_by,
    sent_by,
    sent_by_time,
)
from reference_services.kernel.message import Command
from reference_services.kernel.system import System
from reference_services.registry import load_system, system_names
from scenarios.loading import load_scenario
from scenarios.run_folder import RunFolderReader, RunFolderWriter
from scenarios.run_records import Machine, RunInfo, Versions
from simulations.simulation import simulate


def plainly(event: Any) -> Iterator[Command]:
    yield Begin(event.key)


def through_a_helper(event: Any) -> Iterator[Command]:
    yield make_end(event)


def make_end(event: Any) -> Command:
    return End(event.key)


def in_a_comprehension(event: Any) -> list[Command]:
    return [Begin(key) for key in event.keys]


def through_a_module(event: Any) -> Command:
    return awkward.Hear(event.key, "")


def with_a_choice(event: Any) -> Command:
    return Begin(event.key) if event.key else End(event.key)


def for_ever(event: Any) -> Command:
    return Begin(event.key) if event else for_ever(event)


def with_enclosed(command_type: type[Command]) -> Callable[[Any], Command]:
    return lambda event: command_type(event.key)


@pytest.mark.parametrize(
    ("function", "commands"),
    [
        (plainly, (Begin,)),
        (through_a_helper, (End,)),
        (in_a_comprehension, (Begin,)),
        (through_a_module, (Hear,)),
        (with_a_choice, (Begin, End)),
        (for_ever, (Begin,)),
        (with_enclosed(End), (End,)),
        (lambda event: Begin(event.key), (Begin,)),
        (partial(with_a_choice, None), (Begin, End)),
        (ThingDecider().deadlines, (End,)),
        (Hear, (Hear,)),
        (lambda event: None, ()),
    ],
)
def test_commands_are_found_wherever_they_are_named(
    function: Callable[..., Any], commands: tuple[type[Command], ...]
) -> None:
    assert mentioned(function, Command) == commands


def test_what_cannot_be_read_is_refused_not_overlooked() -> None:
    with pytest.raises(TypeError, match="not a function whose code can be read"):
        mentioned(random.Random(1).random, Command)


@pytest.fixture(params=system_names())
def system(request: pytest.FixtureRequest) -> System:
    return load_system(request.param, {})


def test_everything_in_a_wiring_asks_for_something(system: System) -> None:
    assert [policy.name for _, policy in policies(system) if not asked_by(policy)] == []
    assert [action.name for _, action in actions(system) if len(sent_by(action)) != 1] == []
    assert [effect.name for _, effect in effects(system) if not called_by(effect)] == []


def test_every_command_has_somebody_who_sends_it(system: System) -> None:
    sent = {command for _, policy in policies(system) for command in asked_by(policy)}
    sent |= {command for _, action in actions(system) for command in sent_by(action)}
    sent |= {command for _, effect in effects(system) for command in recorded_by(effect)}
    sent |= {command for _, decider in deciders(system) for command in sent_by_time(decider)}

    assert sent == {command for _, decider in deciders(system) for command in decider.commands}


def test_policies_ask_in_a_run_for_what_was_read_from_their_code(tmp_path: Path) -> None:
    scenario = load_scenario("flash_sale").compressed()
    system = load_system(scenario.system, scenario.terms)
    simulate_into(tmp_path, scenario)
    events = RunFolderReader(tmp_path).events(["type", "data"]).drop_duplicates("type")

    seen = 0
    for type_name, data in events.itertuples(index=False):
        if type_name not in system.message_classes():
            continue
        event = msgspec.json.decode(data, type=system.message_class(type_name))
        for policy in system.policies_on(type(event)):
            asked = {type(command) for command in policy.react(event)}
            assert asked <= set(asked_by(policy)), policy.name
            seen += len(asked)
    assert seen > 10


def simulate_into(folder: Path, scenario: Any) -> None:
    """A few of the scenario's customers, in a run folder."""
    few = scenario.model_copy(update={"population": scenario.population.model_copy(update={"customers": 200})})
    run = RunInfo(
        scenario=few.name,
        named=few.named,
        title=few.title,
        system=few.system,
        world="simulated",
        verb="simulate",
        seed=1,
        started_at=few.starts_at,
        origin_us=few.opens_at_us,
        versions=Versions.here(),
        machine=Machine.here(),
    )
    with RunFolderWriter(folder, run) as writer:
        simulate(few, 1, writer)
