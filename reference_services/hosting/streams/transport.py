"""Faust's Kafka transport with four things changed: the fetch wait, what a lost append means, who watches, and how many
tasks it takes to hand a message over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, cast

import aiokafka
from aiokafka import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import RecordMetadata
from mode.services import WaitResults

from .crash import crash


class TunedConsumerThread(driver.AIOKafkaConsumerThread):
    """Lets the app choose how long the broker may hold back an empty answer; Faust fixes it at 1.5 seconds."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = cast(Any, self.app).fetch_wait_ms
        return consumer

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go back to what has been committed; to the beginning where nothing has been, which Faust leaves out.

        Changelogs are no longer fetched from here on: tables read them by themselves.
        """
        return await self.call_thread(self._seek_to_first)

    async def first_offset(self, tp: TP) -> int:
        """What has been committed of a partition, or else the beginning of its log."""
        return await self.call_thread(self._first_offset, tp)

    async def _seek_to_first(self) -> Mapping[TP, int]:
        consumer = self._ensure_consumer()
        committed = await consumer.seek_to_committed()
        changelogs = self.app.tables.changelog_topics
        fresh = [tp for tp, offset in committed.items() if not offset and tp.topic not in changelogs]
        if fresh:
            await consumer.seek_to_beginning(*fresh)
        consumer.pause(*(tp for tp in committed if tp.topic in changelogs))
        return committed

    async def _first_offset(self, tp: TP) -> int:
        consumer = self._ensure_consumer()
        partition = TopicPartition(*tp)
        committed = await consumer.committed(partition) or 0
        return max(committed, (await consumer.beginning_offsets([partition]))[partition])


class TunedConsumer(driver.Consumer):
    """Faust's consumer without its own watchdog, which only logs and needs sensors that cost time per message.

    Nor does it start four tasks for each message.
    """

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return TunedConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def first_offset(self, tp: TP) -> int:
        """What has been committed of a partition, or else the beginning of its log."""
        return await cast(TunedConsumerThread, self._thread).first_offset(tp)

    async def wait_first(self, *coros: Any, **options: Any) -> WaitResults:
        """Wait for the first of ``coros``; of two, see to the first at once while the flow is on.

        There are two for each message: it is handed to its stream, unless the flow is suspended before. Nothing but
        that can hold up the handing over, so while the flow is on there is no need for a race.
        """
        if len(coros) != 2 or not self.app.flow_control.is_active():
            return await super().wait_first(*coros, **options)
        handing_over, suspension = coros
        suspension.close()
        return WaitResults([handing_over], [await handing_over], False)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Leave it to `hosting.watchdog`, which acts on what it sees."""


class UnforgivingProducer(driver.Producer):
    """A producer that ends the process if an append is lost, before a later one can leave a gap behind it."""

    async def send(self, *arguments: Any, **options: Any) -> Awaitable[RecordMetadata]:
        """Hand one record to the producer; the answer is a future that is done once the broker has it."""
        try:
            appended = cast("asyncio.Future[RecordMetadata]", await super().send(*arguments, **options))
        except Exception as error:  # whatever it was, the record is not in the log
            crash("an append was refused", error)
        appended.add_done_callback(_crash_if_lost)
        return appended


class TunedTransport(driver.Transport):
    """The transport of every app here."""

    Consumer = TunedConsumer
    Producer = UnforgivingProducer


def _crash_if_lost(appended: asyncio.Future[RecordMetadata]) -> None:
    if not appended.cancelled() and (error := appended.exception()) is not None:
        crash("an append was lost", error)
