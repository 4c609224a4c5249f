"""The event-sourced Faust table: its changelog topic is the service's event topic, its contents are aggregates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from faust.stores import memory
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.tables.table import Table
from faust.types import TP
from faust.types.stores import StoreT

from ...kernel.aggregates import AggregateTable, VersionGap
from ...kernel.codec import Codec, Undecodable
from ...kernel.message import Record, partition_of
from ...kernel.recent_records import RecentRecords
from ...kernel.system import Service, System
from .app import StreamsApp
from .crash import crash
from .log_reader import read_log


class Part:
    """The aggregates of one partition, how much of its log has been folded, and what the last of it was due to."""

    __slots__ = ("_again_before", "_recent", "aggregates", "next_offset", "whole")

    def __init__(self, aggregates: AggregateTable) -> None:
        self.aggregates = aggregates
        self.next_offset = 0
        self.whole = False
        self._recent = RecentRecords()
        self._again_before = 0

    def expect_again(self, first: int, end: int) -> None:
        """The inbox is read from offset ``first`` on; somebody may have decided what stands there before ``end``."""
        self._again_before = end if first < end else 0
        if not self._again_before:
            self._recent.clear()

    def fold(self, record: Record) -> None:
        """Take in one record of the log. Raises `VersionGap`."""
        # What has been folded before was decided here, and whatever it leads to is in the hands of this process.
        if self.aggregates.fold(record) and self._again_before:
            self._recent.remember(record)

    def led_to(self, command_id: str, offset: int) -> Record:
        """The record that a command, found in the inbox at ``offset``, led to before the partition was taken over.

        An empty tuple if it led to none, or if it was decided here.
        """
        record = self._recent.led_to(command_id)
        if offset + 1 >= self._again_before:
            self._recent.clear()
        return record


class EventSourcedTable(Table[bytes, bytes]):
    """The aggregates of one service, a kernel `AggregateTable` for each partition that this worker owns.

    ``on_restored`` is called whenever the table is up to date again after partitions came or went.
    """

    def __init__(
        self, app: StreamsApp, system: System, service: Service, partitions: int, on_restored: Callable[[], None]
    ) -> None:
        self._topic = system.events_topic(service)
        self._inbox = system.commands_topic(service)
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

    def part(self, partition: int) -> Part | None:
        """One partition, or None if it is not ours, or not up to date."""
        part = self._parts.get(partition)
        return part if part is not None and part.whole else None

    def of_subject(self, subject: str) -> AggregateTable | None:
        """The aggregates among which ``subject`` is, or None as above."""
        part = self.part(partition_of(subject, self._partitions))
        return part.aggregates if part is not None else None

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
        app = self.app
        generation = app.consumer_generation_id
        owned = [tp for tp in app.consumer.assignment() if tp.topic == self._topic]
        parts = {tp: self._parts.setdefault(tp.partition, self._new_part()) for tp in owned}
        ends = await app.consumer.highwaters(*owned) if owned else {}
        await self._expect_again(parts.values(), [TP(self._inbox, tp.partition) for tp in owned])
        starts = {tp: part.next_offset for tp, part in parts.items()}
        async for tp, offset, payload in read_log(app.bootstrap_servers, app.fetch_wait_ms, starts, ends):
            if app.consumer_generation_id != generation:
                break
            self._fold(parts[tp], tp, offset, payload)
        if app.consumer_generation_id != generation:
            return  # there has been another rebalance, which ends in another restoration
        for part in parts.values():
            part.whole = True
        self._on_restored()

    async def _expect_again(self, parts: Iterable[Part], inboxes: Sequence[TP]) -> None:
        """Ask where inboxes end after asking where logs do: then the command behind any record is before that end."""
        ends = await self.app.consumer.highwaters(*inboxes) if inboxes else {}
        for part, inbox in zip(parts, inboxes, strict=True):
            part.expect_again(await self.app.first_offset(inbox), ends[inbox])

    def _fold(self, part: Part, tp: TP, offset: int, payload: bytes) -> None:
        try:
            part.fold(self._codec.decode_record(payload))
        except (Undecodable, VersionGap) as error:
            crash("the log does not fold", error, topic=tp.topic, partition=tp.partition, offset=offset)
        part.next_offset = offset + 1
        self.restored += 1

    def _new_part(self) -> Part:
        return Part(AggregateTable(self._system, self._service))

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
