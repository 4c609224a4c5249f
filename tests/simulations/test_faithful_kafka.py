"""The simulated Kafka misbehaves as the real one was seen to: four mistakes that cost real systems real money.

Each was observed with Faust on a real broker first; see `hosting.streams` for what is done about it there.
"""

from __future__ import annotations

import pytest
from counting import POISON, TUNING, AcknowledgingHost, ConcurrentHost, Counting, CountingHost

from reference_services.kernel.random_streams import stream

SECOND = 1_000_000
KEYS = [f"sku{number}" for number in range(10)]
SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_fifty_five_instead_of_fifty(seed: int) -> None:
    """One join and one ``kill -9``: what was counted since the last commit is delivered again, and counted again."""
    counting = Counting(partitions=2)
    first, second = counting.worker(), counting.worker()
    counting.start(first)
    draw = stream(seed, "units")
    for turn in range(50):
        for number, key in enumerate(KEYS):
            at_us = (turn + 1) * SECOND // 5 + draw.randrange(10_000)
            counting.clock.after(at_us, counting.units[number % 2].append, key)
    counting.clock.after(6_080_000, lambda _: first.kill())
    counting.clock.after(6_500_000, lambda _: counting.join(second))
    counting.clock.run(until=20 * SECOND)
    assert counting.counts() == dict.fromkeys(KEYS, 55)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_not_committed_is_delivered_again_after_a_rebalance(seed: int) -> None:
    counting = Counting()
    first, second = counting.worker(), counting.worker()
    counting.start(first, second)
    owner = next(host for host in counting.hosts if host.process.consumers[0].sessions)
    other = next(host for host in counting.hosts if host is not owner)
    draw = stream(seed, "units")
    for offset in range(20):
        counting.clock.after(offset * 100_000 + draw.randrange(50_000), counting.units[0].append, f"unit-{offset}")
    counting.clock.after(1_800_000, lambda _: owner.process.kill())
    counting.clock.run(until=10 * SECOND)
    again = sorted(set(owner.handled) & set(other.handled))
    assert again, "some offsets are handled by both"
    assert [offset for offset, _ in again] == list(range(again[0][0], again[-1][0] + 1)), "a commit gap, in one piece"
    assert {offset for offset, _ in owner.handled + other.handled} == set(range(20)), "and none is lost"


@pytest.mark.parametrize("half", ["reading", "writing"])
def test_who_misses_half_of_the_network_keeps_its_partitions_however_long(half: str) -> None:
    """Its heartbeats get through: the broker that coordinates a group need not hold its partitions."""
    counting = Counting(partitions=2)
    first, second = counting.worker(), counting.worker()
    counting.start(first, second)
    held = [session.partition for session in first.consumers[0].sessions]
    if half == "reading":
        first.consumers[0].cut_off()
    else:
        first.producer.cut_off = True
    counting.clock.run(until=10 * TUNING.session_us)
    assert counting.group.generation == 1
    assert [session.partition for session in first.consumers[0].sessions] == held != []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("careful", "lost"), [(False, ["slow"]), (True, [])])
def test_with_two_at_once_a_commit_passes_over_the_one_in_flight(seed: int, careful: bool, lost: list[str]) -> None:
    counting = Counting()
    first = counting.worker(ConcurrentHost, careful=careful)
    second = counting.worker()
    counting.start(first)
    wait_us = stream(seed, "kill").randrange(1_200_000, 1_900_000)
    counting.units[0].append("slow")
    for number in range(5):
        counting.units[0].append(f"quick-{number}")
    counting.clock.after(wait_us, lambda _: first.kill())
    counting.clock.after(wait_us, lambda _: counting.join(second))
    counting.clock.run(until=20 * SECOND)
    everything = ["slow", *(f"quick-{number}" for number in range(5))]
    assert [unit for unit in everything if unit not in counting.counts()] == lost


@pytest.mark.parametrize("seed", SEEDS)
def test_a_poison_message_that_was_acknowledged_never_comes_back(seed: int) -> None:
    counting = Counting()
    first, second = counting.worker(AcknowledgingHost), counting.worker(CountingHost)
    counting.start(first)
    place = stream(seed, "poison").randrange(10)
    for offset in range(10):
        counting.units[0].append(POISON if offset == place else f"unit-{offset}")
    counting.clock.after(3 * SECOND, lambda _: first.kill())
    counting.clock.after(3 * SECOND, lambda _: counting.join(second))
    counting.clock.run(until=20 * SECOND)
    assert (place, POISON) in counting.hosts[0].handled
    assert counting.hosts[1].handled == [], "everything was committed, the message that failed among it"
    assert sum(counting.counts().values()) == 9, "so one unit is missing, and nobody knows"
