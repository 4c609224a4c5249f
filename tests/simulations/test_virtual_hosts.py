"""Whatever happens to simulated workers on the way, the history of a tape is the same: only its timing differs."""

from __future__ import annotations

import random

import pytest

from reference_services.kernel.random_streams import stream
from simulations.hosts.process import Process
from simulations.kafka.tuning import Tuning
from simulations.planted.hosts.commit_before_append import COMMIT_BEFORE_APPEND
from simulations.world import World
from tests.hosting_streams.turnstile_tape import Disturb, simulated_histories, tape_of

SEEDS = range(12)
LONGEST_US = 8_000_000
"""Longer than a session, so that some of those who stand still come back as zombies."""


def mishap(what: str, seed: int) -> Disturb:
    """Let ``what`` happen to three workers, some time in the first seconds."""

    def disturb(world: World) -> None:
        draw = stream(seed, what)
        for _ in range(3):
            process = draw.choice(list(world.workers.values()))
            at_us, for_us = draw.randrange(3_000_000), draw.randrange(1, LONGEST_US)
            begin, end = MISHAPS[what](process, draw)
            world.clock.after(at_us, lambda _, begin=begin: begin())
            world.clock.after(at_us + for_us, lambda _, end=end: end())

    return disturb


def deaf(process: Process, draw: random.Random) -> tuple[object, object]:
    consumer = process.consumers[0]
    return consumer.cut_off, consumer.reconnect


def mute(process: Process, draw: random.Random) -> tuple[object, object]:
    def cut_off() -> None:
        process.producer.cut_off = True

    def reconnect() -> None:
        process.producer.cut_off = False
        process.producer.flush()

    return cut_off, reconnect


def wrong_clock(process: Process, draw: random.Random) -> tuple[object, object]:
    skew_us = draw.randrange(-5_000_000, 5_000_000)
    return lambda: process.set_clock(skew_us), lambda: process.set_clock(0)


MISHAPS = {
    "killed": lambda process, draw: (process.kill, process.start),
    "stopped": lambda process, draw: (process.stop, process.go_on),
    "deaf": deaf,
    "mute": mute,
    "wrong clock": wrong_clock,
}


@pytest.mark.parametrize("linger_us", [0, 100_000])
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("what", MISHAPS)
def test_what_happens_to_workers_changes_no_history(what: str, workers: int, linger_us: int) -> None:
    tuning = Tuning(session_us=2_000_000, heartbeat_us=500_000, commit_us=200_000, linger_us=linger_us, prefetch=8)
    for seed in SEEDS:
        tape = tape_of(seed)
        disturbed = simulated_histories(tape, mishap(what, seed), workers=workers, tuning=tuning)
        assert disturbed == simulated_histories(tape), f"seed {seed}"


def test_a_host_that_commits_too_early_is_noticed() -> None:
    tuning = Tuning(session_us=2_000_000, commit_us=20_000, linger_us=100_000)
    design = COMMIT_BEFORE_APPEND.design
    lost = 0
    for seed in SEEDS:
        tape = tape_of(seed)
        lost += simulated_histories(tape, mishap("killed", seed), tuning=tuning, design=design) != simulated_histories(
            tape
        )
    assert lost, "or else nothing above could ever fail"
