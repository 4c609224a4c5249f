"""Dead letters: what was set aside because it could not be handled, why, and putting it back once it can be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from ..kernel.system import Service, System
from .settings import Settings

READ_LIMIT_MS = 1_000

logger = structlog.stdlib.get_logger(__name__)


class DeadLetter(msgspec.Struct, frozen=True):
    """What was set aside: a message as it came, or the record that it led to, on which a policy failed.

    The place is that of the message; put back there, a command is decided, a record is reacted to. A message that was
    ``left_in_place`` is only there: it is too large for a letter, or has neither key nor payload. ``replayed`` tells
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
    left_in_place: bool
    replayed: bool


async def list_dead_letters(system: System, settings: Settings, service: Service) -> list[DeadLetter]:
    """Every dead letter of ``service`` that the broker still has, by partition, oldest first."""
    async with _consumer(system, settings, service) as consumer:
        return [letter async for letter in _letters(consumer, service)]


async def replay_dead_letters(system: System, settings: Settings, service: Service) -> int:
    """Put every dead letter that has not been replayed back where it was found. Returns how many that were.

    A letter that still cannot be handled comes back as a new one. One whose message was left in place and has expired
    there is passed over. Repeating an interrupted replay is harmless, because commands are decided once, and reacting
    again asks for the same commands.
    """
    # A message that was compressed when it came may be too large for the broker otherwise.
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all", compression_type="gzip")
    await producer.start()
    try:
        async with _consumer(system, settings, service) as consumer:
            count = 0
            async for letter in _letters(consumer, service):
                if not letter.replayed:
                    count += await _put_back(producer, settings, letter)
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


async def _put_back(producer: AIOKafkaProducer, settings: Settings, letter: DeadLetter) -> bool:
    """Append what ``letter`` is about where it was found. Returns False if nobody knows any more what that was."""
    key, payload = letter.key, letter.payload
    if letter.left_in_place:
        left = await _left_in_place(settings, letter)
        if left is None:
            logger.warning("a dead letter's message has expired", reason=letter.reason, topic=letter.found_topic)
            return False
        key, payload = left.key, left.value
    # Unlike single messages, a batch of one may be as large as the broker takes, and may hold no key and no payload.
    batch = producer.create_batch()
    batch.append(key=key, value=payload, timestamp=None)
    await (await producer.send_batch(batch, letter.found_topic, partition=letter.found_partition))
    return True


async def _left_in_place(settings: Settings, letter: DeadLetter) -> ConsumerRecord | None:
    """The message where it was found, or None if the broker has it no more."""
    place = TopicPartition(letter.found_topic, letter.found_partition)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        auto_offset_reset="none",
        fetch_max_wait_ms=settings.fetch_wait_ms,
    )
    await consumer.start()
    try:
        consumer.assign([place])
        consumer.seek(place, letter.found_offset)
        return await consumer.getone(place)
    except OffsetOutOfRangeError:
        return None
    finally:
        await consumer.stop()


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
        "left_in_place" in headers,
        replayed,
    )
