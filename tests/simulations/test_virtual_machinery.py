"""The pieces of virtual time: ordered partitions, busy servers, deadlines that ring when they are due."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
import simpy

from simulations.clock import VirtualClock
from simulations.kafka.log import PartitionLog, VirtualBroker
from simulations.kafka.producer import Producer
from simulations.server import Server

START_US = 1_000_000


def reading(log: PartitionLog) -> list[tuple[int, Any, int]]:
    """What ``log`` tells from now on: offset, item, arrival."""
    told: list[tuple[int, Any, int]] = []
    log.subscribe(lambda offset, item, arrives_us: told.append((offset, item, arrives_us)))
    return told


def test_a_partition_delivers_in_order_after_the_delay() -> None:
    clock = VirtualClock(START_US)
    log = VirtualBroker(clock, partitions=2, delay_us=500).topic("orders")[1]
    told = reading(log)
    log.append("first")
    log.append("second")
    clock.after(200, log.append, "third")
    clock.run(until=START_US + 10_000)
    assert told == [(0, "first", START_US + 500), (1, "second", START_US + 500), (2, "third", START_US + 700)]


def test_what_is_slow_holds_up_what_follows_and_nothing_overtakes() -> None:
    clock = VirtualClock(START_US)
    log = VirtualBroker(clock, partitions=1, delay_us=500).topic("orders")[0]
    told = reading(log)
    log.extra_us = 3_000
    log.append("slow")
    log.extra_us = 0
    log.append("quick")
    clock.run(until=START_US + 10_000)
    assert told == [(0, "slow", START_US + 3_500), (1, "quick", START_US + 3_500)]


def test_what_comes_when_the_slow_is_just_being_told_comes_after_it() -> None:
    clock = VirtualClock(START_US)
    log = VirtualBroker(clock, partitions=1, delay_us=500).topic("orders")[0]
    told = reading(log)
    clock.after(3_000, log.append, "quick")
    log.extra_us = 3_000
    log.append("slow")
    log.extra_us = 0
    clock.run(until=START_US + 10_000)
    assert told == [(0, "slow", START_US + 3_500), (1, "quick", START_US + 3_500)]


def test_a_producer_that_missed_the_answer_appends_twice() -> None:
    log = VirtualBroker(VirtualClock(0), partitions=1, delay_us=1).topic("orders")[0]
    told = reading(log)
    log.copies = lambda: 1
    log.append("once")
    assert [(offset, item) for offset, item, _ in told] == [(0, "once"), (1, "once")]


def test_a_log_that_is_kept_can_be_read_again_and_another_says_that_it_cannot() -> None:
    kept = VirtualBroker(VirtualClock(0), partitions=1, delay_us=1, kept=True).topic("orders")[0]
    forgetful = VirtualBroker(VirtualClock(0), partitions=1, delay_us=1).topic("orders")[0]
    for log in (kept, forgetful):
        log.append("first")
        log.append("second")
    assert list(kept.read(1)) == [(1, "second")]
    with pytest.raises(LookupError, match="orders/0 is not kept"):
        forgetful.read(0)


def test_partitions_of_a_topic_are_apart_and_the_same_at_each_call() -> None:
    broker = VirtualBroker(VirtualClock(0), partitions=3, delay_us=1)
    assert len(broker.topic("orders")) == 3
    assert broker.topic("orders") is broker.topic("orders")
    assert broker.topic("orders")[0] is not broker.topic("orders")[1]


def test_what_waits_in_a_producer_is_lost_with_it_and_the_rest_is_in_the_log() -> None:
    clock = VirtualClock(0)
    log = VirtualBroker(clock, partitions=1, delay_us=1).topic("orders")[0]
    acknowledged: list[str] = []
    producer = Producer(clock, linger_us=10)
    producer.send(log, "sent", acknowledged.append, "sent")
    clock.run(until=20)
    producer.send(log, "lost", acknowledged.append, "lost")
    assert producer.lose_all() == 1
    clock.run(until=40)
    assert acknowledged == ["sent"]
    assert log.end == 1


def test_a_producer_that_is_cut_off_sends_when_it_is_not() -> None:
    clock = VirtualClock(0)
    log = VirtualBroker(clock, partitions=1, delay_us=1).topic("orders")[0]
    told = reading(log)
    producer = Producer(clock, linger_us=0)
    producer.cut_off = True
    producer.send(log, "held up", lambda _: None, None)
    clock.run(until=5)
    assert told == []
    producer.cut_off = False
    producer.flush()
    assert [item for _, item, _ in told] == ["held up"]


def test_a_server_works_on_one_thing_at_a_time() -> None:
    clock = VirtualClock(START_US)
    server = Server(clock)
    done: list[tuple[int, str]] = []
    for name, arrives_us, service_us in (("long", 0, 900), ("short", 10, 10), ("late", 5_000, 90)):
        server.put(START_US + arrives_us, service_us, lambda item: done.append((clock.now_us - START_US, item)), name)
    clock.run(until=START_US + 10_000)
    assert done == [(900, "long"), (910, "short"), (5_090, "late")]
    assert server.busy_us == 1_000


def test_calls_for_the_same_instant_keep_their_order_and_the_outside_comes_first() -> None:
    clock = VirtualClock(0)
    called: list[int] = []
    for number in range(100):
        clock.after(5, called.append, number)
    clock.before_others(5, called.append, -1)
    clock.run(until=10)
    assert called == [-1, *range(100)]


def test_what_simpy_itself_schedules_takes_its_turn_among_the_calls() -> None:
    clock = VirtualClock(0)
    seen: list[str] = []

    def wait() -> Generator[simpy.Event, None, None]:
        yield clock.timeout(5)
        seen.append("timeout")

    clock.after(4, seen.append, "before")
    clock.process(wait())
    clock.after(6, seen.append, "after")
    clock.run(until=10)
    assert seen == ["before", "timeout", "after"]
    assert clock.now_us == 10
