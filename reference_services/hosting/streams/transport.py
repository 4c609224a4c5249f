"""Faust's Kafka transport with three things changed: the fetch wait, what a lost append means, and who watches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, cast

import aiokafka
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import RecordMetadata

from .crash import crash


class TunedConsumerThread(driver.AIOKafkaConsumerThread):
    """Lets the app choose how long the broker may hold back an empty answer; Faust fixes it at 1.5 seconds."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = cast(Any, self.app).fetch_wait_ms
        return consumer


class TunedConsumer(driver.Consumer):
    """Faust's consumer without its own watchdog, which only logs and needs sensors that cost time per message."""

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return TunedConsumerThread(self, loop=self.loop, beacon=self.beacon)

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
