"""The app that decides for one service: one agent takes commands from the inbox and appends what happened."""

from __future__ import annotations

from faust.types import EventT

from ...kernel.aggregates import VersionGap
from ...kernel.codec import Codec, Undecodable
from ...kernel.message import Record, Refused, partition_of
from ...kernel.system import Service, System
from ..metrics import DeciderCounts
from ..settings import Settings
from ..timers import DeadlineTimer
from .acknowledgements import Pending
from .agents import Agent
from .app import StreamsApp
from .outbox import Outbox
from .table import EventSourcedTable


class DeciderApp:
    """Decides every command of one service, once each, whatever is repeated."""

    def __init__(self, system: System, service: Service, settings: Settings) -> None:
        self._partitions = settings.partitions
        self._codec = Codec(system)
        self.app = StreamsApp(system.source(service), settings)
        self._timer = DeadlineTimer(self._due_us, self._send_due)
        self._table = EventSourcedTable(self.app, system, service, settings.partitions, self._restart_timer)
        self._outbox = Outbox(self.app, system, service, settings.partitions)
        self._counts = DeciderCounts(service.name, self._table.__len__, self._timer.__len__)
        self._inbox = Agent(self.app, self._outbox, self._handle)
        self.agents: tuple[Agent, ...] = (self._inbox,)
        self.app.tables.add(self._table)
        self.app.agent(self.app.raw_topic(system.commands_topic(service)), name="inbox")(self._inbox.run)
        self.app.task(self._timer.run)

    def activity(self) -> int:
        """Grows while the app gets something done that its offsets do not show: reading its log."""
        return self._table.restored

    async def close(self) -> None:
        """There is nothing but the Faust app to stop."""

    async def _handle(self, event: EventT, pending: Pending) -> None:
        counts = self._counts
        counts.consumed.inc()
        partition = event.message.partition
        try:
            record = self._decide(event.message.value or b"", partition)
        except VersionGap:
            raise
        except Exception as error:  # whatever a message or a decider is like, the next command must get through
            await self._inbox.set_aside(event, pending, error)
            counts.dead_lettered.inc()
            return
        if not record:
            counts.duplicates.inc()
            return
        self._inbox.wait_for(await self._outbox.append_record(record, partition), pending)
        self._timer.schedule(record[0].subject)
        counts.decided.inc()
        counts.appended.inc(len(record))
        if type(record[0].data) is Refused:
            counts.refused.inc()

    def _decide(self, payload: bytes, partition: int) -> Record:
        """Decide and fold. Folding first means that events which cannot be folded are never written."""
        command = self._codec.decode(payload)
        if partition_of(command.subject, self._partitions) != partition:
            raise Undecodable(f"{command.subject} does not belong to partition {partition}")
        aggregates = self._table.of_partition(partition)
        record = aggregates.decide(command)
        if record:
            aggregates.fold(record)
        return record

    def _due_us(self, subject: str) -> int | None:
        return self._table.of_subject(subject).next_deadline_us(subject)

    async def _send_due(self, subject: str, now_us: int) -> None:
        command = self._table.of_subject(subject).deadline_command(subject, now_us)
        if command is not None:
            await self._outbox.append_command(command)
            self._counts.deadlines_fired.inc()

    def _restart_timer(self) -> None:
        self._timer.rebuild(self._table.subjects())
