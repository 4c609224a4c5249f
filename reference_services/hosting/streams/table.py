"""The event-sourced Faust table: its changelog topic is the service's event topic, its contents are aggregates.

Faust brings the table up to date by showing it its changelog whenever partitions arrive; see `faust.tables.recovery`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from faust.stores import memory
from faust.tables.table import Table
from faust.types import TP, EventT
from faust.types.stores import StoreT

from ...kernel.aggregates import AggregateTable, VersionGap
from ...kernel.codec import Codec, Undecodable
from ...kernel.message import Record, partition_of
from ...kernel.system import Service, System
from .app import StreamsApp
from .crash import crash


class EventSourcedTable(Table[bytes, bytes]):
    """The aggregates of one service, a kernel `AggregateTable` for each partition that this worker owns.

    ``on_restored`` is called whenever the table is up to date again after partitions came or went.
    """

    def __init__(
        self, app: StreamsApp, system: System, service: Service, partitions: int, on_restored: Callable[[], None]
    ) -> None:
        super().__init__(
            app,
            name=f"{service.name}-aggregates",
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            changelog_topic=app.raw_topic(system.events_topic(service)),
        )
        self._system = system
        self._service = service
        self._partitions = partitions
        self._codec = Codec(system)
        self._on_restored = on_restored
        self._held: dict[int, AggregateTable] = {}
        self._restored: dict[TP, int] = {}
        self.folded = 0

    def of_partition(self, partition: int) -> AggregateTable:
        """The aggregates of one partition."""
        held = self._held.get(partition)
        if held is None:
            held = self._held[partition] = AggregateTable(self._system, self._service)
        return held

    def of_subject(self, subject: str) -> AggregateTable:
        """The aggregates among which ``subject`` is."""
        return self.of_partition(partition_of(subject, self._partitions))

    def subjects(self) -> Iterator[str]:
        """Every aggregate held."""
        return (subject for held in self._held.values() for subject in held.subjects())

    def __len__(self) -> int:
        return sum(len(held) for held in self._held.values())

    def fold(self, partition: int, record: Record) -> bool:
        """Take in one record, own or replayed. Returns False for a version already seen."""
        self.folded += 1
        return self.of_partition(partition).fold(record)

    def restore(self, event: EventT) -> None:
        """Take in one record of the changelog. A log that cannot be folded whole is no memory, so that is the end."""
        message = event.message
        try:
            self.fold(message.partition, self._codec.decode_record(message.value or b""))
        except (Undecodable, VersionGap) as error:
            crash("the log does not fold", error, topic=message.topic, partition=message.partition, at=message.offset)
        self._restored[message.tp] = message.offset

    async def finish_restoring(self, owned: set[TP]) -> None:
        """Forget what belongs to somebody else now, and make sure that nothing is missing of what does not.

        Decisions on a table that lacks the end of its log would be dropped by everybody who reads them.
        """
        for tp, end in (await self.app.consumer.highwaters(*owned)).items():
            if end and self._restored.get(tp, -1) < end - 1:
                crash("the table is behind its log", topic=tp.topic, partition=tp.partition, log_end=end)
        for lost in self._held.keys() - {tp.partition for tp in owned}:
            del self._held[lost]
        self._on_restored()

    def _new_store(self) -> StoreT[bytes, bytes]:
        return AggregateStore("memory://", self.app, self, table_name=self.name, loop=self.loop)


class AggregateStore(memory.Store):
    """Where Faust's recovery puts what it reads."""

    table: EventSourcedTable

    def apply_changelog_batch(
        self, batch: Iterable[EventT], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]
    ) -> None:
        """Fold a batch of the changelog."""
        for event in batch:
            self.table.restore(event)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Faust has shown the whole changelog."""
        try:
            await self.table.finish_restoring(active_tps)
        except Exception as error:  # Faust would go on as if nothing had happened
            crash("the table was not restored", error)
