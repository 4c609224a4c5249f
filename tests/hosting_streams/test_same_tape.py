"""One tape of commands, played through real Faust workers and through the simulated ones: the same histories come out.

What depends on the clock of the day aside, every aggregate has the same events with the same ids and causes, whether
its workers were killed on the way or not.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from running_system import TURNSTILE, RunningSystem

from simulations.world import World
from tests.hosting_streams.turnstile.system import TollTold
from tests.hosting_streams.turnstile_tape import (
    COMMANDS,
    EVERY_US,
    TERMS,
    Histories,
    Tape,
    in_peace,
    simulated_histories,
    tape_of,
    told,
)

VICTIMS = {COMMANDS // 3: "gates-1", 2 * COMMANDS // 3: "tolls-1"}


def live_histories(tape: Tape, folder: Path, *, kills: bool) -> Histories:
    """The tape through Kafka and Faust."""
    with RunningSystem(TURNSTILE, folder, TERMS, gateways=0) as running:
        for number, (command_id, command) in enumerate(tape):
            if kills and number in VICTIMS:
                running.supervisor.kill(VICTIMS[number])
            running.send(command, command_id)
        expected = sum(subject.startswith("toll/") for subject in simulated_histories(tape))
        running.wait_for_events(TollTold, expected)
        running.wait_until(lambda: running.counted("doorbuster_consumer_lag") == 0, "everything is consumed")
        return told(running.history.records())


def killing(world: World) -> None:
    """The same workers die at the same commands, and are back half a second later."""
    for number, victim in VICTIMS.items():
        process = world.workers[victim]
        world.clock.after(number * EVERY_US, lambda _, process=process: process.kill())
        world.clock.after(number * EVERY_US + 500_000, lambda _, process=process: process.start())


@pytest.mark.parametrize("kills", [False, True], ids=["in-peace", "with-kills"])
def test_both_hosts_make_the_same_history_of_a_tape(tmp_path: Path, kills: bool) -> None:
    tape = tape_of(seed=4)
    simulated = simulated_histories(tape, killing if kills else in_peace)
    assert live_histories(tape, tmp_path, kills=kills) == simulated
