"""What must survive when processes die, hang or come back from the dead."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

import pytest
from running_system import TURNSTILE, RunningSystem

from reference_services.kernel.message import Record
from tests.hosting_streams.turnstile.system import Enter, Entered, GateClosed, TollAsked, TollTold

GATES = 6
COMMANDS = 300


@pytest.mark.parametrize("victim", ["gates-1", "tolls-1"])
def test_a_killed_worker_loses_nothing_and_doubles_nothing(tmp_path: Path, victim: str) -> None:
    terms = {"open_for_us": 1_000_000}
    with RunningSystem(TURNSTILE, tmp_path, terms, gateways=0) as running:
        for number in range(COMMANDS):
            if number in (COMMANDS // 3, 2 * COMMANDS // 3):
                running.supervisor.kill(victim)
            enter(running, number)
            if number % 20 == 0:
                enter(running, number)

        running.wait_for_events(TollTold, COMMANDS)
        running.wait_until(lambda: all_closed(running), "every gate closed, those due while nobody was there too")
        running.wait_until(lambda: running.counted("doorbuster_consumer_lag") == 0, "everything is consumed")

        check_passages(running)
        restarts = {process.name: process.restarts for process in running.supervisor.processes()}
        assert restarts[victim] >= 1


def test_a_zombie_decides_nothing_that_its_successor_did_not(tmp_path: Path) -> None:
    # Deadlines fall due all the time, while partitions change hands too.
    terms = {"open_for_us": 10_000}
    with RunningSystem(TURNSTILE, tmp_path, terms, workers={"gates": 2}, gateways=0) as running:
        for number in range(COMMANDS // 2):
            enter(running, number)
            if number == COMMANDS // 4:
                running.supervisor.pause("gates-1")
        # Its session ends, its partitions go to gates-2, and what it has read but not decided is decided there.
        running.wait_for_events(Entered, COMMANDS // 2)
        running.supervisor.resume("gates-1")
        for number in range(COMMANDS // 2, COMMANDS):
            enter(running, number)

        running.wait_for_events(TollTold, COMMANDS)
        running.wait_until(lambda: all_closed(running), "every gate closed")
        check_passages(running)
        # A worker may end over messages that Faust left out while partitions changed hands, but not over a deadline.
        assert "a Faust app stopped" not in (tmp_path / "logs" / "gates-2.log").read_text()
        gates = running.system.service("gates")
        assert same_decisions_only(running.raw_records(running.system.events_topic(gates)))


def test_a_deadline_that_passes_while_its_worker_is_down_is_kept(tmp_path: Path) -> None:
    with RunningSystem(TURNSTILE, tmp_path, {"open_for_us": 500_000}, gateways=0) as running:
        enter(running, 0)
        running.wait_for_events(Entered, 1)
        running.supervisor.kill("gates-1", down_s=1.0)

        (closed,) = running.wait_for_events(GateClosed, 1)

        assert closed == GateClosed("g0")
        due = running.events(Entered)[0].closes_us
        record = next(record for record in running.history.records() if type(record[0].data) is GateClosed)
        assert record[0].time_us >= due


def enter(running: RunningSystem, number: int) -> None:
    running.send(Enter(f"g{number % GATES}", f"p{number}"), f"c-{number}")
    time.sleep(0.005)


def all_closed(running: RunningSystem) -> bool:
    last = {record[0].subject: record[-1].data for record in running.history.records()}
    return all(type(last.get(f"gate/g{number}")) is GateClosed for number in range(GATES))


def check_passages(running: RunningSystem) -> None:
    """Everybody passed once, in the order in which they came; everybody was asked and told once."""
    people: dict[str, list[str]] = defaultdict(list)
    for entered in running.events(Entered):
        people[entered.gate].append(entered.person)
        assert entered.number == len(people[entered.gate])
    for number in range(GATES):
        assert people[f"g{number}"] == [f"p{person}" for person in range(number, COMMANDS, GATES)]
    passages = sorted(f"{gate}-{number + 1}" for gate in people for number in range(len(people[gate])))
    assert sorted(asked.toll for asked in running.events(TollAsked)) == passages
    assert sorted(told.toll for told in running.events(TollTold)) == passages


def same_decisions_only(records: list[Record]) -> bool:
    """Whether records of one version of an aggregate, if there are several, say the same."""
    said: dict[tuple[str, int], Record] = {}
    return all(said.setdefault((record[0].subject, record[0].version), record) == record for record in records)
