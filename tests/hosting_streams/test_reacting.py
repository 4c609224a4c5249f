"""Policies for real: nothing is lost when a worker dies between a record and its commands, or when a policy raises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from running_system import TURNSTILE, RunningSystem

from reference_services.kernel.message import Message, partition_of
from tests.hosting_streams.turnstile.system import Enter, Entered, TollAsked, TollTold


@pytest.fixture(scope="module")
def mishaps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mishaps")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, mishaps: Path) -> Iterator[RunningSystem]:
    run_dir = tmp_path_factory.mktemp("reacting")
    with RunningSystem(TURNSTILE, run_dir, {"mishaps": str(mishaps)}, gateways=0) as started:
        yield started


@pytest.fixture
def jammed(mishaps: Path) -> Iterator[Path]:
    mishap = mishaps / "raise"
    mishap.touch()
    yield mishap
    mishap.unlink(missing_ok=True)


def test_a_worker_that_dies_between_a_record_and_its_commands_loses_none(running: RunningSystem, mishaps: Path) -> None:
    (mishaps / "kill").touch()

    running.send(Enter("north", "rude"), "c-north")

    running.wait_until(lambda: {"north-1", "north-1-rude"} <= told(running), "both tolls were told")
    restarts = {process.name: process.restarts for process in running.supervisor.processes()}
    assert restarts["gates-1"] == 1
    assert [entered.number for entered in running.events(Entered) if entered.gate == "north"] == [1]
    assert len([asked for asked in running.events(TollAsked) if asked.toll.startswith("north-")]) == 2
    running.wait_until(lambda: running.counted("doorbuster_consumer_lag") == 0, "everything is done with")


def test_a_policy_that_raises_stops_nobody_and_is_made_up_for_by_a_replay(running: RunningSystem, jammed: Path) -> None:
    running.send(Enter("east", "rude"), "c-east-1")
    running.send(Enter("east", "ada"), "c-east-2")

    running.wait_until(lambda: {"east-1", "east-2"} <= told(running), "other policies and other records went on")
    (letter,) = running.dead_letters("surcharge on gate/east/1/0: ValueError: the till is jammed")
    assert letter.payload is not None
    assert [event.data.person for event in running.codec.decode_record(letter.payload)] == ["rude"]
    counted = running.counted("doorbuster_events_dead_lettered_total", service="gates", by="policies")
    assert counted >= 1

    assert running.replay() == 1
    running.wait_until(lambda: len(running.dead_letters("surcharge on gate/east/1/0")) == 2, "it came back")
    jammed.unlink()
    assert running.replay() == 1

    running.wait_until(lambda: "east-1-rude" in told(running), "the surcharge was asked for in the end")
    assert [letter.replayed for letter in running.dead_letters("surcharge on gate/east/1/0")] == [True, True]
    assert [entered.number for entered in running.events(Entered) if entered.gate == "east"] == [1, 2]


def test_what_has_not_happened_is_not_reacted_to(running: RunningSystem) -> None:
    gates = running.system.service("gates")
    event = Entered("never", "ada", 1, 0)
    name, subject = running.system.type_name(Entered), "gate/never"
    record = (Message("gate/never/1/0", "turnstile.gates", name, subject, 1, event, 1, "c-never"),)
    partition = partition_of(subject, running.settings.partitions)

    running.append(running.system.commands_topic(gates), partition, running.codec.encode_record(record), subject)

    running.wait_until(lambda: len(running.dead_letters("gate/never/1/0 has not happened")) == 1, "set aside")
    assert "never-1" not in {asked.toll for asked in running.events(TollAsked)}


def told(running: RunningSystem) -> set[str]:
    return {event.toll for event in running.events(TollTold)}
