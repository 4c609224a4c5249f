"""Dead letters: what was set aside because it could not be handled, why, and putting it back once it can be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from ..kernel.system import Service, System
from .settings import Settings

READ_LIMIT_MS = 1_000


class DeadLetter(msgspec.Struct, frozen=True):
    """What was set aside: a message as it came, or the record that it led to, on which a policy failed.

    The place is that of the message; put back there, a command is decided, a record is reacted to. ``replayed`` tells
    that it has been put back since.
    """

    service: str
    partition: int
    offset: int
    reason: str
    found_topic: str
    found_partition: int
    found_offset: int
    key: bytes | None
    payload: bytes | None
    replayed: bool


async def list_dead_letters(system: System, settings: Settings, service: Service) -> list[DeadLetter]:
    """Every dead letter of ``service`` that the broker still has, by partition, oldest first."""
    async with _consumer(system, settings, service) as consumer:
        return [letter async for letter in _letters(consumer, service)]


async def replay_dead_letters(system: System, settings: Settings, service: Service) -> int:
    """Put every dead letter that has not been replayed back where it was found. Returns how many that were.

    A letter that still cannot be handled comes back as a new one. Repeating an interrupted replay is harmless, because
    commands are decided once, and reacting again asks for the same commands.
    """
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all")
    await producer.start()
    try:
        async with _consumer(system, settings, service) as consumer:
            count = 0
            async for letter in _letters(consumer, service):
                if not letter.replayed:
                    await producer.send_and_wait(letter.found_topic, letter.payload, letter.key, letter.found_partition)
                    count += 1
            await consumer.commit({tp: await consumer.position(tp) for tp in consumer.assignment()})
            return count
    finally:
        await producer.stop()


@asynccontextmanager
async def _consumer(system: System, settings: Settings, service: Service) -> AsyncIterator[AIOKafkaConsumer]:
    topic = system.dead_letters_topic(service)
    # The group has no members; it only remembers up to where letters have been replayed.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        group_id=f"{topic}.replays",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=settings.fetch_wait_ms,
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(settings.partitions)])
        yield consumer
    finally:
        await consumer.stop()


async def _letters(consumer: AIOKafkaConsumer, service: Service) -> AsyncIterator[DeadLetter]:
    """Every letter up to the present end, partition by partition."""
    partitions = sorted(consumer.assignment())
    ends = await consumer.end_offsets(partitions)
    await consumer.seek_to_beginning(*partitions)
    for tp in partitions:
        replayed_before = await consumer.committed(tp) or 0
        while await consumer.position(tp) < ends[tp]:
            for record in (await consumer.getmany(tp, timeout_ms=READ_LIMIT_MS)).get(tp, ()):
                yield _letter(service, record, replayed=record.offset < replayed_before)


def _letter(service: Service, record: ConsumerRecord, *, replayed: bool) -> DeadLetter:
    headers = dict(record.headers)
    return DeadLetter(
        service.name,
        record.partition,
        record.offset,
        headers["reason"].decode(),
        headers["topic"].decode(),
        int(headers["partition"]),
        int(headers["offset"]),
        record.key,
        record.value,
        replayed,
    )
