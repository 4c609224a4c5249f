"""The pieces of virtual time: ordered partitions, busy servers, deadlines that ring when they are due."""

from __future__ import annotations

from simulations.broker import VirtualBroker
from simulations.clock import VirtualClock
from simulations.server import Server

START_US = 1_000_000


def test_a_partition_delivers_in_order_after_the_delay() -> None:
    clock = VirtualClock(START_US)
    partition = VirtualBroker(clock, partitions=2, delay_us=500).topic("orders")[1]
    arrived: list[tuple[str, int]] = []
    partition.subscribe(lambda item, arrives_us: arrived.append((item, arrives_us)))
    partition.append("first")
    partition.append("second")
    clock.after(200, partition.append, "third")
    clock.run(until=START_US + 10_000)
    assert arrived == [("first", START_US + 500), ("second", START_US + 500), ("third", START_US + 700)]


def test_partitions_of_a_topic_are_apart_and_the_same_at_each_call() -> None:
    broker = VirtualBroker(VirtualClock(0), partitions=3, delay_us=1)
    assert len(broker.topic("orders")) == 3
    assert broker.topic("orders") is broker.topic("orders")
    assert broker.topic("orders")[0] is not broker.topic("orders")[1]


def test_a_server_works_on_one_thing_at_a_time() -> None:
    clock = VirtualClock(START_US)
    server = Server(clock)
    done: list[tuple[int, str]] = []
    for name, arrives_us, service_us in (("long", 0, 900), ("short", 10, 10), ("late", 5_000, 90)):
        server.put(START_US + arrives_us, service_us, lambda item: done.append((clock.now_us - START_US, item)), name)
    assert server.backlog_us == 5_090
    clock.run(until=START_US + 10_000)
    assert done == [(900, "long"), (910, "short"), (5_090, "late")]
    assert server.backlog_us == 0
    assert server.busy_us == 1_000


def test_calls_for_the_same_instant_keep_their_order() -> None:
    clock = VirtualClock(0)
    called: list[int] = []
    for number in range(100):
        clock.after(5, called.append, number)
    clock.run(until=10)
    assert called == list(range(100))
