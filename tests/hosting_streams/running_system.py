"""A whole system under a supervisor, and the means to talk to it the way its neighbours do: through topics."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Self, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from reference_services.hosting.dead_letters import DeadLetter, list_dead_letters, replay_dead_letters
from reference_services.hosting.history_reader import HistoryReader
from reference_services.hosting.settings import EMBEDDED, Settings
from reference_services.hosting.supervisor import Supervisor
from reference_services.hosting.timers import clock_us
from reference_services.hosting.topology import Topology
from reference_services.kernel.codec import Codec
from reference_services.kernel.message import Command, Event, Message, Record, partition_of
from reference_services.kernel.system import System
from reference_services.registry import load_system

Result = TypeVar("Result")
TURNSTILE = "tests.hosting_streams.turnstile"
SETTLE_LIMIT_S = 30.0


class RunningSystem:
    """A supervised system as a context. ``topology`` goes to `Topology.of`."""

    def __init__(
        self,
        name: str,
        run_dir: Path,
        terms: dict[str, Any] | None = None,
        *,
        broker: str = EMBEDDED,
        **topology: Any,
    ) -> None:
        self.system: System = load_system(name, terms or {})
        settings = Settings(system=name, terms=terms or {}, http_port=0, broker=broker)
        self.supervisor = Supervisor(settings, Topology.of(self.system, **topology), run_dir)
        self.codec = Codec(self.system)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self.supervisor.start()
        self.settings = self.supervisor.settings
        self._thread.start()
        self._producer: AIOKafkaProducer = self.call(self._start_producer())
        self.history = HistoryReader(self.system, self.settings)
        self.history.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.history.__exit__(None, None, None)
        self.call(self._producer.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.supervisor.stop()

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run ``work`` on a loop of its own and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SETTLE_LIMIT_S)

    def message(self, data: Command, command_id: str, traceparent: str = "") -> Message:
        """``data`` in an envelope, decided as of now."""
        return self.system.command(data, command_id, clock_us(), source="tests", traceparent=traceparent)

    def send(self, data: Command, command_id: str, traceparent: str = "") -> Message:
        """Append a command to the inbox that it belongs to."""
        message = self.message(data, command_id, traceparent)
        service, _ = self.system.owner(type(data))
        partition = partition_of(message.subject, self.settings.partitions)
        self.append(self.system.commands_topic(service), partition, self.codec.encode(message), message.subject)
        return message

    def append(
        self,
        topic: str,
        partition: int,
        payload: bytes | None,
        key: str | None = "",
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        """Append raw bytes to a topic, or nothing at all, up to what brokers take."""
        self.call(self._append(topic, partition, payload, key.encode() if key is not None else None, headers))

    def events(self, event_type: type[Event]) -> list[Any]:
        """What events of that type say, each version of an aggregate once."""
        return [
            message.data for record in self.history.records() for message in record if type(message.data) is event_type
        ]

    def dead_letters(self, reason: str = "", service: str = "gates") -> list[DeadLetter]:
        """What a service has set aside for a reason that says so, the replayed too."""
        found = self.call(list_dead_letters(self.system, self.settings, self.system.service(service)))
        return [letter for letter in found if reason in letter.reason]

    def replay(self, service: str = "gates") -> int:
        """Put back what a service has set aside. Returns how many messages that were."""
        return self.call(replay_dead_letters(self.system, self.settings, self.system.service(service)))

    def wait_until(self, condition: Callable[[], bool], what: str, limit_s: float = SETTLE_LIMIT_S) -> None:
        """Wait until ``condition`` holds."""
        end = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < end, f"not within {limit_s:g} s: {what}"
            time.sleep(0.05)

    def wait_for_events(self, event_type: type[Event], count: int, limit_s: float = SETTLE_LIMIT_S) -> list[Any]:
        """Wait for at least ``count`` events of that type."""
        what = f"{count} of {event_type.__name__}"
        self.wait_until(lambda: len(self.events(event_type)) >= count, what, limit_s)
        return self.events(event_type)

    def counted(self, metric: str, **labels: str) -> float:
        """The sum of a metric over all workers and over all labels that are not given."""
        return sum(
            sample.value
            for process in self.supervisor.processes()
            if process.kind == "worker"
            for family in text_string_to_metric_families(_get(process.metrics_url))
            for sample in family.samples
            if sample.name == metric and labels.items() <= sample.labels.items()
        )

    def log_of(self, topic: str) -> list[Any]:
        """Every record of a topic as it lies in the broker, partition by partition."""
        return self.call(self._read(topic))

    def raw_records(self, topic: str) -> list[Record]:
        """Every record of an events topic, repeated ones too."""
        return [self.codec.decode_record(record.value) for record in self.log_of(topic)]

    async def _start_producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.bootstrap_servers, acks="all")
        await producer.start()
        return producer

    async def _append(
        self, topic: str, partition: int, payload: bytes | None, key: bytes | None, headers: Iterable[tuple[str, bytes]]
    ) -> None:
        # A batch of one is not bound by what the producer thinks of single messages.
        batch = self._producer.create_batch()
        batch.append(key=key, value=payload, timestamp=None, headers=list(headers))
        await (await self._producer.send_batch(batch, topic, partition=partition))

    async def _read(self, topic: str) -> list[Any]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.settings.bootstrap_servers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, number) for number in range(self.settings.partitions)]
            consumer.assign(partitions)
            found: list[Any] = []
            for tp, end in (await consumer.end_offsets(partitions)).items():
                while await consumer.position(tp) < end:
                    found += (await consumer.getmany(tp, timeout_ms=500)).get(tp, [])
            return found
        finally:
            await consumer.stop()


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as response:
        return str(response.read().decode())
