"""The embedded broker, asked by the Kafka client that everything else uses."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
    for_code,
)
from started import started

from reference_services.hosting.broker import EmbeddedBroker, accepts
from reference_services.hosting.local_broker.groups import OK, Group
from reference_services.hosting.local_broker.log import BadBatch, PartitionLog

ANSWER_WITHIN_S = 15.0
PROTOCOLS = {"range": b""}


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running


@pytest.fixture
def servers(broker: EmbeddedBroker) -> str:
    return broker.url.removeprefix("kafka://")


@asynccontextmanager
async def topic(servers: str, name: str, partitions: int = 2) -> AsyncIterator[AIOKafkaProducer]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(name, partitions, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=servers, linger_ms=5)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


def member(servers: str, name: str, group: str, session_s: float = 2.0) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        name,
        bootstrap_servers=servers,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=int(session_s * 1_000),
        rebalance_timeout_ms=int(session_s * 1_000),
        heartbeat_interval_ms=200,
    )


async def begin(group: Group, member_id: str = "") -> str:
    """Join ``group``, wait for its next generation, and return the id of the member."""
    joining = asyncio.create_task(group.join("ada", member_id, PROTOCOLS, 9, 9))
    await until(lambda: group.look() or joining.done())
    return (await joining).member_id


def commit(group: Group, member_id: str, generation: int) -> int:
    """Commit one offset more than has been."""
    tp = ("commits", 0)
    return group.commit(member_id, generation, {tp: group.committed.get(tp, 0) + 1})


async def until(condition: Any) -> None:
    async with asyncio.timeout(ANSWER_WITHIN_S):
        while not condition():  # noqa: ASYNC110 - the client tells nobody when its assignment changes
            await asyncio.sleep(0.02)


def test_what_is_appended_is_read_in_order_from_any_offset(servers: str) -> None:
    async def scene() -> None:
        async with topic(servers, "order") as producer:
            sent = [await producer.send("order", b"%d" % number, b"key", 1) for number in range(1_000)]
            assert [(await each).offset for each in sent] == list(range(1_000))
            consumer = AIOKafkaConsumer(bootstrap_servers=servers)
            await consumer.start()
            tp = TopicPartition("order", 1)
            consumer.assign([tp])
            for start in (0, 1, 499, 998, 999):
                consumer.seek(tp, start)
                first = await consumer.getone()
                assert (first.offset, first.key, first.value) == (start, b"key", b"%d" % start)
            assert await consumer.end_offsets([tp, TopicPartition("order", 0)]) == {tp: 1_000, ("order", 0): 0}
            await consumer.stop()

    asyncio.run(scene())


def test_a_waiting_reader_is_told_at_once(servers: str) -> None:
    async def scene() -> None:
        async with topic(servers, "awake") as producer:
            consumer = AIOKafkaConsumer(bootstrap_servers=servers, fetch_max_wait_ms=60_000, request_timeout_ms=90_000)
            await consumer.start()
            consumer.assign([TopicPartition("awake", 0)])
            await consumer.seek_to_beginning()
            waiting = asyncio.create_task(consumer.getone())
            await asyncio.sleep(0.3)

            await producer.send_and_wait("awake", b"now", partition=0)

            assert (await asyncio.wait_for(waiting, ANSWER_WITHIN_S)).value == b"now"
            await consumer.stop()

    asyncio.run(scene())


def test_members_share_partitions_and_inherit_those_of_the_dead(servers: str) -> None:
    async def scene() -> None:
        async with topic(servers, "shared", 4):
            first, second = member(servers, "shared", "heirs"), member(servers, "shared", "heirs")
            await asyncio.gather(first.start(), second.start())
            await until(lambda: len(first.assignment()) == len(second.assignment()) == 2)
            assert not first.assignment() & second.assignment()

            await second.stop()

            await until(lambda: len(first.assignment()) == 4)
            await first.stop()

    asyncio.run(scene())


def test_a_member_that_stands_still_loses_its_partitions(servers: str, tmp_path: Path, project_root: Path) -> None:
    script = tmp_path / "sleepy.py"
    script.write_text(
        "import asyncio\n"
        "from test_local_broker import member\n"
        "async def main():\n"
        f"    consumer = member({servers!r}, 'sleepy', 'sleepers')\n"
        "    await consumer.start()\n"
        "    print(len(consumer.assignment()), flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )

    async def scene() -> None:
        async with topic(servers, "sleepy"):
            here = Path(__file__).parent
            places = os.pathsep.join(str(place) for place in (project_root, here.parent, here))
            environment = {**os.environ, "PYTHONPATH": places}
            command = [sys.executable, script]
            with started(command, stdout=subprocess.PIPE, env=environment) as sleeper:
                assert sleeper.stdout is not None
                assert await asyncio.to_thread(sleeper.stdout.readline) == b"2\n"
                sleeper.send_signal(signal.SIGSTOP)
                heir = member(servers, "sleepy", "sleepers")
                await heir.start()
                await until(lambda: len(heir.assignment()) == 2)
                await heir.stop()

    asyncio.run(scene())


def test_a_group_goes_on_where_it_had_committed(servers: str) -> None:
    async def scene() -> None:
        async with topic(servers, "commits", 1) as producer:
            for number in range(10):
                await producer.send_and_wait("commits", b"%d" % number, partition=0)
            for expected in (0, 4):
                consumer = member(servers, "commits", "committers")
                await consumer.start()
                assert (await asyncio.wait_for(consumer.getone(), ANSWER_WITHIN_S)).offset == expected
                await consumer.commit({TopicPartition("commits", 0): 4})
                await consumer.stop()

    asyncio.run(scene())


class LastCommit(ConsumerRebalanceListener):  # type: ignore[misc]
    """Has ``consumer`` commit once more before it lets go of its partitions."""

    def __init__(self, consumer: AIOKafkaConsumer, offset: int) -> None:
        self._consumer = consumer
        self._offset = offset

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        if revoked:
            await self._consumer.commit(dict.fromkeys(revoked, self._offset))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        pass


def test_a_member_may_commit_before_it_lets_go_of_its_partitions(servers: str) -> None:
    async def scene() -> None:
        async with topic(servers, "handover", 2):
            first, second = member(servers, "handover", "hands"), member(servers, "handover", "hands")
            first.subscribe(["handover"], listener=LastCommit(first, 7))
            await first.start()
            await until(lambda: len(first.assignment()) == 2)
            await second.start()
            await until(lambda: len(first.assignment()) == len(second.assignment()) == 1)

            assert [await second.committed(TopicPartition("handover", number)) for number in (0, 1)] == [7, 7]

            await second.stop()
            await first.stop()

    asyncio.run(scene())


def test_commits_are_taken_from_members_of_the_present_generation_once_they_have_their_partitions() -> None:
    async def scene() -> None:
        group = Group()
        ada = await begin(group)
        assert commit(group, ada, 1) == RebalanceInProgressError.errno
        await group.sync(ada, 1, [(ada, b"both")])
        assert commit(group, ada, 1) == OK
        assert commit(group, "bob", 1) == UnknownMemberIdError.errno
        assert commit(group, ada, 0) == commit(group, ada, -1) == IllegalGenerationError.errno

        bob = asyncio.create_task(group.join("bob", "", PROTOCOLS, 9, 9))
        await until(lambda: group.heartbeat(ada, 1) == RebalanceInProgressError.errno)
        assert commit(group, ada, 1) == OK
        assert commit(group, ada, 0) == IllegalGenerationError.errno

        assert await begin(group, ada) == ada
        assert commit(group, ada, 1) == commit(group, (await bob).member_id, 1) == IllegalGenerationError.errno
        assert commit(group, ada, 2) == RebalanceInProgressError.errno
        assert group.committed == {("commits", 0): 2}

    asyncio.run(scene())


def test_strangers_commit_for_a_group_without_members_only() -> None:
    async def scene() -> None:
        group = Group()
        assert commit(group, "", -1) == OK
        ada = await begin(group)
        assert commit(group, "", -1) == UnknownMemberIdError.errno
        group.leave(ada)
        assert commit(group, "", -1) == OK

    asyncio.run(scene())


def test_topics_are_there_once_or_not_at_all(servers: str) -> None:
    async def scene() -> None:
        async with topic(servers, "once", 3) as producer:
            admin = AIOKafkaAdminClient(bootstrap_servers=servers)
            await admin.start()
            again = await admin.create_topics([NewTopic("once", 5, 1)])
            (described,) = await admin.describe_topics(["once"])
            (missing,) = await admin.describe_topics(["never"])
            await admin.close()
            assert for_code(again.topic_errors[0][1]).__name__ == "TopicAlreadyExistsError"
            assert len(described["partitions"]) == 3
            assert missing["error_code"] == UnknownTopicOrPartitionError.errno
            assert producer.client.cluster.partitions_for_topic("never") is None

    asyncio.run(scene())


@pytest.mark.parametrize(
    "nonsense",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">i", 2**31 - 1),
        struct.pack(">i", 0),
        struct.pack(">ihhih", 10, 999, 0, 1, 0),
        struct.pack(">ihhih", 10, 0, 99, 1, -1),
        struct.pack(">ihhih", 10, 0, 3, 1, 0),
    ],
    ids=["another protocol", "too long", "too short", "unknown request", "unknown version", "cut off"],
)
def test_nonsense_ends_its_connection_and_no_other(broker: EmbeddedBroker, nonsense: bytes) -> None:
    port = int(broker.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WITHIN_S) as connection:
        connection.sendall(nonsense)
        assert connection.recv(1) == b""

    assert broker.poll() is None
    assert accepts("127.0.0.1", port)


@pytest.mark.parametrize("damaged", [b"\0" * 10, b"\0" * 80], ids=["cut off", "of no format"])
def test_a_log_takes_whole_batches_only(damaged: bytes) -> None:
    log = PartitionLog()

    with pytest.raises(BadBatch):
        log.append(damaged)

    assert log.end == 0
