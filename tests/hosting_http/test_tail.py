"""Following topics: everything from the beginning, nothing lost to a broker that stops answering for a while."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from reference_services.hosting.broker import EmbeddedBroker, free_port
from reference_services.hosting.relay import Relay
from reference_services.hosting.tail import Tail
from reference_services.kernel.codec import Undecodable

TOPIC = "sounds"
PARTITIONS = 2
LIMIT_S = 20

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def own_broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as embedded:
        yield embedded


@pytest.fixture
async def own_relay() -> AsyncIterator[Relay]:
    relay = Relay()
    await relay.start()
    yield relay
    await relay.stop()


class Ear:
    """Hears what a tail hands over. Chokes on two kinds of records."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def __call__(self, record: ConsumerRecord) -> None:
        if record.value == b"unreadable":
            raise Undecodable("not a sound")
        if record.value == b"unbearable":
            raise ValueError("too loud")
        self.heard.append(record.value)

    async def wait_for(self, count: int) -> None:
        end = asyncio.get_running_loop().time() + LIMIT_S
        while len(self.heard) < count:
            assert asyncio.get_running_loop().time() < end, f"heard {len(self.heard)} of {count}"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def producing(servers: str) -> AsyncIterator[AIOKafkaProducer]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def following(servers: str, ear: Ear) -> AsyncIterator[Tail]:
    tail = Tail(servers, {TOPIC: ear}, PARTITIONS, fetch_wait_ms=20)
    task = asyncio.create_task(tail.run())
    try:
        yield tail
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def say(producer: AIOKafkaProducer, *sounds: str) -> None:
    for number, sound in enumerate(sounds):
        await producer.send_and_wait(TOPIC, sound.encode(), partition=number % PARTITIONS)


def servers_of(broker: EmbeddedBroker) -> str:
    return broker.url.removeprefix("kafka://")


async def test_everything_is_heard_from_the_beginning_and_goes_on(own_broker: EmbeddedBroker) -> None:
    ear, servers = Ear(), servers_of(own_broker)
    async with producing(servers) as producer:
        await say(producer, *(f"old {number}" for number in range(1_200)))
        async with following(servers, ear) as tail:
            assert not tail.caught_up.is_set()
            await asyncio.wait_for(tail.caught_up.wait(), LIMIT_S)
            assert len(ear.heard) == 1_200
            await say(producer, "new 0", "new 1")
            await ear.wait_for(1_202)
            assert set(tail.lag().values()) == {0}
            assert await tail.broker_answers(5)

    assert sorted(ear.heard[-2:]) == [b"new 0", b"new 1"]


async def test_empty_topics_are_caught_up_with_at_once(own_broker: EmbeddedBroker) -> None:
    servers = servers_of(own_broker)
    async with producing(servers), following(servers, Ear()) as tail:
        await asyncio.wait_for(tail.caught_up.wait(), LIMIT_S)


async def test_bad_records_are_counted_and_hide_nothing(own_broker: EmbeddedBroker) -> None:
    ear, servers = Ear(), servers_of(own_broker)
    async with producing(servers) as producer, following(servers, ear) as tail:
        await say(producer, "one", "unreadable", "unbearable", "two")
        await ear.wait_for(2)

    assert sorted(ear.heard) == [b"one", b"two"]
    assert tail.skipped == 2


async def test_a_broker_that_stops_answering_for_a_while_loses_nothing(own_broker: EmbeddedBroker) -> None:
    ear, servers = Ear(), servers_of(own_broker)
    async with producing(servers) as producer, following(servers, ear) as tail:
        await say(producer, "before")
        await ear.wait_for(1)
        os.kill(own_broker.pid, signal.SIGSTOP)
        try:
            assert not await tail.broker_answers(0.3)
        finally:
            os.kill(own_broker.pid, signal.SIGCONT)
        await say(producer, "after")
        await ear.wait_for(2)

    assert ear.heard == [b"before", b"after"]


async def test_how_far_what_was_heard_is_complete_moves_on_only_while_the_broker_answers(
    own_broker: EmbeddedBroker,
) -> None:
    ear, servers = Ear(), servers_of(own_broker)
    async with producing(servers) as producer, following(servers, ear) as tail:
        assert tail.complete_at_us == 0
        await say(producer, "one", "two")
        await ear.wait_for(2)
        await completeness_after(tail, time.time_ns() // 1_000)
        os.kill(own_broker.pid, signal.SIGSTOP)
        stopped_us = time.time_ns() // 1_000
        try:
            await asyncio.sleep(1)
            assert tail.complete_at_us < stopped_us
        finally:
            os.kill(own_broker.pid, signal.SIGCONT)
        await completeness_after(tail, time.time_ns() // 1_000)


async def test_on_a_slow_link_nothing_counts_as_heard_that_is_still_on_its_way(own_relay: Relay) -> None:
    ear = Ear()
    with EmbeddedBroker(relayed=[own_relay.port]) as broker:
        own_relay.port_behind = broker.relayed_ports[own_relay.port]
        slow = f"127.0.0.1:{own_relay.port}"
        async with producing(servers_of(broker)) as producer, following(slow, ear) as tail, asyncio.timeout(LIMIT_S):
            await tail.caught_up.wait()
            own_relay.extra_s = 0.3
            last_us = time.time_ns() // 1_000 + 1_500_000  # more than two ways there and back
            said_at_us: dict[bytes, int] = {}
            while tail.complete_at_us < last_us:
                sound = f"sound {len(said_at_us)}"
                await say(producer, sound)
                said_at_us[sound.encode()] = time.time_ns() // 1_000
                await asyncio.sleep(0.01)
                assert {each for each, at_us in said_at_us.items() if at_us <= tail.complete_at_us} <= set(ear.heard)


async def completeness_after(tail: Tail, time_us: int) -> None:
    """Wait until everything is known to have been heard that was said before ``time_us``."""
    end = asyncio.get_running_loop().time() + LIMIT_S
    while tail.complete_at_us < time_us:
        assert asyncio.get_running_loop().time() < end, "the tail has no word from the broker"
        await asyncio.sleep(0.01)


async def test_a_broker_that_is_not_there_yet_is_waited_for() -> None:
    async with following(f"127.0.0.1:{free_port()}", Ear()) as tail:
        await asyncio.sleep(0.3)

        assert not tail.caught_up.is_set()
        assert not await tail.broker_answers(0.1)
        assert tail.lag() == {}
