"""Follows topics from their first record on, without a consumer group, and hands every record to its topic's handler.

A gateway keeps its views up to date this way, and a history is read this way: both want everything, in every process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from ..kernel.codec import Codec, Undecodable
from ..kernel.message import Record

logger = structlog.stdlib.get_logger(__name__)

Handler = Callable[[ConsumerRecord], None]
"""Takes one record in. Raises `Undecodable` for bytes that it cannot read."""

RECORDS_PER_TURN = 500
"""Records handed over before the event loop gets a turn: about 20 ms of folding."""

POLL_MS = 500
ENDS_EVERY_S = 1.0
"""Pause between two questions to the broker where its partitions end."""

RETRY_PAUSE_S = 0.5


def decoding(codec: Codec, deliver: Callable[[Record], None]) -> Handler:
    """A handler for an events topic: decodes each record and delivers it."""

    def handle(raw: ConsumerRecord) -> None:
        deliver(codec.decode_record(raw.value or b""))

    return handle


class Tail:
    """One reader of all partitions of some topics.

    ``caught_up`` is set once everything has been handed over that was there when the broker was first asked for it.
    ``skipped`` counts the records that could not be read or taken in; each is logged with its place.
    ``last_record_at`` is when the latest record arrived, on the monotonic clock. ``complete_at_us`` is the latest
    instant (Unix) of which it is known that everything appended before has been handed over; 0 until there is one.
    """

    def __init__(
        self, bootstrap_servers: str, handlers: Mapping[str, Handler], partitions: int, fetch_wait_ms: int
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._handlers = dict(handlers)
        self._fetch_wait_ms = fetch_wait_ms
        self._next = {TopicPartition(topic, number): 0 for topic in handlers for number in range(partitions)}
        self._goals: dict[TopicPartition, int] = {}
        self._goals_reached = asyncio.Event()
        self._consumer: AIOKafkaConsumer | None = None
        self.caught_up = asyncio.Event()
        self.skipped = 0
        self.last_record_at = time.monotonic()
        self.complete_at_us = 0

    async def run(self) -> None:
        """Follow until cancelled. A broker that is away is waited for; reading goes on where it stopped."""
        while True:
            try:
                await self._follow()
            except* (KafkaError, OSError) as errors:
                logger.warning("the tail lost the broker and tries again", error=str(errors.exceptions[0]))
                await asyncio.sleep(RETRY_PAUSE_S)

    async def broker_answers(self, timeout_s: float) -> bool:
        """Whether the broker answers this tail within ``timeout_s``."""
        if self._consumer is None:
            return False
        try:
            await asyncio.wait_for(self._consumer.end_offsets([next(iter(self._next))]), timeout_s)
        except (KafkaError, OSError, TimeoutError):
            return False
        return True

    def lag(self) -> dict[TopicPartition, int]:
        """Records per partition that the broker is known to have and that have not been handed over yet."""
        consumer = self._consumer
        if consumer is None:
            return {}
        return {
            partition: max(0, (consumer.highwater(partition) or 0) - next_offset)
            for partition, next_offset in self._next.items()
        }

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=self._fetch_wait_ms,
        )
        try:
            await consumer.start()
            consumer.assign(list(self._next))
            for partition, beginning in (await consumer.beginning_offsets(list(self._next))).items():
                # Requests expire, and a topic of which all have expired ends where it begins, but not at 0.
                self._next[partition] = max(self._next[partition], beginning)
                consumer.seek(partition, self._next[partition])
            self._consumer = consumer
            async with asyncio.TaskGroup() as both:
                both.create_task(self._read(consumer))
                both.create_task(self._ask_for_ends(consumer))
        finally:
            self._consumer = None
            await consumer.stop()

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await self._take_turn(consumer)

    async def _ask_for_ends(self, consumer: AIOKafkaConsumer) -> None:
        """Learn where the log ends, and once it has been handed over up to there, how far it is complete.

        Only what was appended before the question is sure to be in its answer: either may be long on its way.
        """
        while True:
            asked_at_us = time.time_ns() // 1_000
            try:
                self._goals = await consumer.end_offsets(list(self._next))
            except KafkaError as error:  # reading may go on nevertheless, and keeps what has been fetched
                logger.warning("the broker does not say where its topics end", error=str(error))
            else:
                self._goals_reached.clear()
                self._note_progress()
                await self._goals_reached.wait()
                self.complete_at_us = asked_at_us
                self.caught_up.set()
            await asyncio.sleep(ENDS_EVERY_S)

    async def _take_turn(self, consumer: AIOKafkaConsumer) -> None:
        batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_PER_TURN)
        for partition, records in batches.items():
            handle = self._handlers[partition.topic]
            for record in records:
                self._hand_over(handle, record)
            self._next[partition] = records[-1].offset + 1
        if batches:
            self._note_progress()
            self.last_record_at = time.monotonic()
            await asyncio.sleep(0)

    def _hand_over(self, handle: Handler, record: ConsumerRecord) -> None:
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        try:
            handle(record)
        except Undecodable as error:
            self.skipped += 1
            logger.error("skipped a record that cannot be read", error=str(error), **place)
        except Exception:  # one record that a view cannot take must not hide all that come after it
            self.skipped += 1
            logger.exception("skipped a record that could not be taken in", **place)

    def _note_progress(self) -> None:
        if not self._goals_reached.is_set() and all(self._next[place] >= end for place, end in self._goals.items()):
            self._goals_reached.set()
