"""A small worker for tests: reads every inbox of a system from the beginning, decides, and appends the records."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from reference_services.hosting.broker import create_topics
from reference_services.hosting.settings import Settings
from reference_services.kernel.aggregates import AggregateTable
from reference_services.kernel.codec import Codec
from reference_services.kernel.message import Message, Record, partition_of
from reference_services.kernel.system import Service, System


class LoopThread:
    """An event loop in a thread of its own, as a context."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def call(self, work: Coroutine[Any, Any, Any], timeout_s: float = 20) -> Any:
        """Run ``work`` there and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Deciding:
    """Decides the commands of ``system`` while the context lasts. ``held`` keeps it from deciding."""

    def __init__(self, system: System, settings: Settings) -> None:
        self._system = system
        self._settings = settings
        self._codec = Codec(system)
        self._tables = {service.name: AggregateTable(system, service) for service in system.deciding}
        self._inboxes = {system.commands_topic(service): service for service in system.deciding}
        self._thread = LoopThread()
        self._going: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None
        self.commands: list[Message] = []
        self.records: list[Record] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self._thread.call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.call(self._stop())
        self._thread.stop()

    def hold(self) -> None:
        """Decide nothing until `go`."""
        assert self._going is not None
        self._thread.call(self._switch(going=False))

    def go(self) -> None:
        """Decide again."""
        self._thread.call(self._switch(going=True))

    def append(self, topic: str, payload: bytes, partition: int = 0) -> None:
        """Put raw bytes into a topic."""
        self._thread.call(self._producer.send_and_wait(topic, payload, b"raw", partition))

    async def _switch(self, *, going: bool) -> None:
        assert self._going is not None
        if going:
            self._going.set()
        else:
            self._going.clear()

    async def _start(self) -> None:
        servers = self._settings.bootstrap_servers
        await create_topics(self._settings, self._system)
        self._going = asyncio.Event()
        self._going.set()
        self._producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
        await self._producer.start()
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=servers, auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=20
        )
        await self._consumer.start()
        places = [TopicPartition(topic, n) for topic in self._inboxes for n in range(self._settings.partitions)]
        self._consumer.assign(places)
        for place in places:
            self._consumer.seek(place, 0)
        self._task = asyncio.create_task(self._decide())

    async def _stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._consumer.stop()
        await self._producer.stop()

    async def _decide(self) -> None:
        assert self._going is not None
        while True:
            batches = await self._consumer.getmany(timeout_ms=200)
            for place, raw_commands in batches.items():
                for raw in raw_commands:
                    await self._going.wait()
                    await self._take(self._inboxes[place.topic], self._codec.decode(raw.value))

    async def _take(self, service: Service, command: Message) -> None:
        self.commands.append(command)
        table = self._tables[service.name]
        record = table.decide(command)
        if not record:
            return
        table.fold(record)
        self.records.append(record)
        await self._send(self._system.events_topic(service), command.subject, self._codec.encode_record(record))
        for event in record:
            for policy in self._system.policies_on(type(event.data)):
                for reaction in self._system.react(event, (policy,), event.time_us, "test"):
                    owner, _ = self._system.owner(type(reaction.data))
                    payload = self._codec.encode(reaction)
                    await self._send(self._system.commands_topic(owner), reaction.subject, payload)

    async def _send(self, topic: str, subject: str, payload: bytes) -> None:
        partition = partition_of(subject, self._settings.partitions)
        await self._producer.send_and_wait(topic, payload, subject.encode(), partition)
