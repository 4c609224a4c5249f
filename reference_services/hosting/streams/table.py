"""The event-sourced Faust table: its changelog topic is the service's event topic, its contents are aggregates."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from faust.stores import memory
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.tables.table import Table
from faust.types import TP
from faust.types.stores import StoreT

from ...kernel.aggregates import AggregateTable, VersionGap
from ...kernel.codec import Codec, Undecodable
from ...kernel.message import partition_of
from ...kernel.system import Service, System
from .app import StreamsApp
from .crash import crash
from .log_reader import read_log


class Part:
    """The aggregates of one partition, and how much of its log has been folded."""

    __slots__ = ("aggregates", "next_offset", "whole")

    def __init__(self, aggregates: AggregateTable) -> None:
        self.aggregates = aggregates
        self.next_offset = 0
        self.whole = False


class EventSourcedTable(Table[bytes, bytes]):
    """The aggregates of one service, a kernel `AggregateTable` for each partition that this worker owns.

    ``on_restored`` is called whenever the table is up to date again after partitions came or went.
    """

    def __init__(
        self, app: StreamsApp, system: System, service: Service, partitions: int, on_restored: Callable[[], None]
    ) -> None:
        self._topic = system.events_topic(service)
        self.app: StreamsApp
        super().__init__(
            app,
            name=f"{service.name}-aggregates",
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            changelog_topic=app.raw_topic(self._topic),
        )
        self._system = system
        self._service = service
        self._partitions = partitions
        self._codec = Codec(system)
        self._on_restored = on_restored
        self._parts: dict[int, Part] = {}
        self.restored = 0

    def of_partition(self, partition: int) -> AggregateTable:
        """The aggregates of one partition. Raises KeyError if it is not ours, or not up to date."""
        part = self._parts[partition]
        if not part.whole:
            raise KeyError(partition)
        return part.aggregates

    def of_subject(self, subject: str) -> AggregateTable:
        """The aggregates among which ``subject`` is. Raises KeyError as above."""
        return self.of_partition(partition_of(subject, self._partitions))

    def subjects(self) -> Iterator[str]:
        """Every aggregate held."""
        return (subject for part in self._parts.values() for subject in part.aggregates.subjects())

    def __len__(self) -> int:
        return sum(len(part.aggregates) for part in self._parts.values())

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Start over with partitions that somebody else may have written to, and forget those that are gone."""
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        for topic, partition in revoked | newly_assigned:
            if topic == self._topic:
                self._parts.pop(partition, None)

    async def restore(self) -> None:
        """Fold what the log holds beyond what has been folded.

        Nothing may be missing: decisions on a table that lacks part of its log would be dropped by all who read them.
        """
        generation = self.app.consumer_generation_id
        owned = {tp for tp in self.app.consumer.assignment() if tp.topic == self._topic}
        for tp in owned:
            self._parts.setdefault(tp.partition, Part(AggregateTable(self._system, self._service)))
        ends = await self.app.consumer.highwaters(*owned) if owned else {}
        starts = {tp: self._parts[tp.partition].next_offset for tp in owned}
        app = self.app
        async for tp, offset, payload in read_log(app.bootstrap_servers, app.fetch_wait_ms, starts, ends):
            if app.consumer_generation_id != generation:
                break
            self._fold(tp, offset, payload)
        if app.consumer_generation_id != generation:
            return  # there has been another rebalance, which ends in another restoration
        for tp in owned:
            self._parts[tp.partition].whole = True
        self._on_restored()

    def _fold(self, tp: TP, offset: int, payload: bytes) -> None:
        part = self._parts[tp.partition]
        try:
            part.aggregates.fold(self._codec.decode_record(payload))
        except (Undecodable, VersionGap) as error:
            crash("the log does not fold", error, topic=tp.topic, partition=tp.partition, offset=offset)
        part.next_offset = offset + 1
        self.restored += 1

    def _new_store(self) -> StoreT[bytes, bytes]:
        return AggregateStore("memory://", self.app, self, table_name=self.name, loop=self.loop)


class AggregateStore(memory.Store):
    """Where Faust asks for the table to be brought up to date."""

    table: EventSourcedTable

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Partitions have come or gone."""
        try:
            await self.table.restore()
        except Exception as error:  # Faust would go on as if nothing had happened
            crash("the table was not restored", error)


class LeavingRecovery(Recovery):
    """Faust's recovery, which leaves the reading of changelogs to the tables.

    Its own reading can leave out records, or show some of an earlier assignment, when one rebalance follows upon
    another; and it takes several times as long.
    """

    def need_recovery(self) -> bool:
        """Never: `EventSourcedTable.restore` comes last in every recovery, before anything is consumed."""
        return False


class EventSourcedTables(TableManager):
    """Faust's manager of tables, with that recovery."""

    @property
    def recovery(self) -> Recovery:
        """The recovery, made when first asked for."""
        if self._recovery is None:
            self._recovery = LeavingRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
