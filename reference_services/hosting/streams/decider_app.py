"""The app of one service: one agent takes commands from the inbox and appends what happened.

A message is done with once its record is in the log, the outside has answered whatever it is called for because of it,
and the commands that follow from policies and answers are in their inboxes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

import structlog
from faust.types import EventT

from ...kernel.aggregates import AggregateTable, VersionGap
from ...kernel.codec import Codec, Undecodable
from ...kernel.message import Message, Record, Refused, is_sent_by_time, partition_of
from ...kernel.system import Service, System
from ..metrics import DeciderCounts
from ..settings import Settings
from ..timers import DeadlineTimer
from .acknowledgements import Pending
from .agents import Agent
from .app import StreamsApp
from .calls import Calls
from .outbox import Appended, Outbox, TooLarge
from .reactions import Reactions
from .table import EventSourcedTable, Part

Answer = TypeVar("Answer")

logger = structlog.stdlib.get_logger(__name__)

RECORD_BEGINS = b"["
"""A record is an array, a command is an object."""


class Outcome(NamedTuple):
    """What a message has led to, now or before; an empty record if there is nothing to be done.

    ``message_id`` is the command's id, or that of the first event of a record that was put back. ``payload`` is the
    record as it has to be appended, None if it is in the log or was decided here before.
    """

    message_id: str
    record: Record
    payload: bytes | None


class DeciderApp:
    """Decides every command of one service, once each, whatever is repeated, and sees to what follows from that."""

    def __init__(self, system: System, service: Service, settings: Settings) -> None:
        self._partitions = settings.partitions
        self._codec = Codec(system)
        self.app = StreamsApp(system.source(service), settings)
        self._timer = DeadlineTimer(self._due_us, self._send_due)
        self._table = EventSourcedTable(self.app, system, service, settings.partitions, self._restart_timer)
        self._outbox = Outbox(self.app, system, service, settings.partitions)
        self._counts = DeciderCounts(service.name, self._table.__len__, self._timer.__len__)
        self.inbox = Agent(self.app, self._outbox, self._handle)
        self._reactions = Reactions(system, service, self.inbox, self._outbox)
        self._calls = Calls(system, service, settings, self.inbox, self._outbox) if service.effects else None
        self._in_hand: dict[str, Pending] = {}
        self.app.tables.add(self._table)
        self.app.agent(self.app.raw_topic(system.commands_topic(service)), name="inbox")(self.inbox.run)
        self.app.task(self._timer.run)
        self.app.task(self._reactions.run)

    def activity(self) -> int:
        """Grows while the app gets something done that its offsets do not show: its log read, the outside called."""
        return self._table.restored + (self._calls.attempts if self._calls is not None else 0)

    async def stop(self) -> None:
        """Stop at once. What is under way is finished by whoever has its partition next."""
        if self._calls is not None:
            await self._calls.stop()
        await self.app.stop()

    async def _handle(self, event: EventT, pending: Pending) -> None:
        message = event.message
        part = self._table.part(message.partition)
        if part is None:
            # The partition went away while its first message was taken up. Whoever has it now decides, so here the
            # message is never done with.
            pending.open_steps += 1
            return
        self._counts.consumed.inc()
        try:
            outcome = self._take_up(message.value or b"", part, message.partition, message.offset)
        except VersionGap:
            raise
        except Exception as error:  # whatever a message or a decider is like, the next command must get through
            await self.inbox.set_aside(pending, error)
            self._counts.dead_lettered.inc()
            return
        if outcome.payload is not None:
            await self._append(outcome, outcome.payload, message.partition, pending)
        else:
            self._counts.duplicates.inc()
            await self._repeat(outcome, pending)

    def _take_up(self, payload: bytes, part: Part, partition: int, offset: int) -> Outcome:
        if payload.startswith(RECORD_BEGINS):
            return self._put_back(payload, part, partition)
        command = self._codec.decode(payload)
        self._check_place(command.subject, partition)
        record, encoded = self._decide(command, part)
        if record:
            return Outcome(command.id, record, encoded)
        return Outcome(command.id, part.led_to(command.id, offset), None)

    def _decide(self, command: Message, part: Part) -> tuple[Record, bytes | None]:
        """What happens because of ``command``, and how it is written; nothing happens twice."""
        try:
            record = part.aggregates.decide(command)
            if not record:
                return record, None
            # What cannot be written is never folded; and folding before appending means that events which cannot be
            # folded are never written.
            encoded = self._outbox.encode_record(record)
            part.aggregates.fold(record)
        except Exception:
            if is_sent_by_time(command):
                # It is still due; sent again, it would be set aside again, and so on for ever.
                self._timer.give_up(command.subject)
            raise
        return record, encoded

    def _put_back(self, payload: bytes, part: Part, partition: int) -> Outcome:
        """A record of this service that a policy failed on, put back in the inbox to be reacted to."""
        record = self._codec.decode_record(payload)
        first = record[0]
        self._check_place(first.subject, partition)
        if first.version > part.aggregates.version(first.subject):
            raise Undecodable(f"{first.id} has not happened")
        return Outcome(first.id, record, None)

    def _check_place(self, subject: str, partition: int) -> None:
        if partition_of(subject, self._partitions) != partition:
            raise Undecodable(f"{subject} does not belong to partition {partition}")

    async def _append(self, outcome: Outcome, payload: bytes, partition: int, pending: Pending) -> None:
        record = outcome.record
        appended = await self._outbox.append_record(record[0].subject, payload, partition)
        self.inbox.wait_for(appended, pending)
        self._take_in_hand(outcome.message_id, pending)
        self._timer.schedule(record[0].subject)
        self._counts.decided.inc()
        self._counts.appended.inc(len(record))
        if type(record[0].data) is Refused:
            self._counts.refused.inc()
        await self._follow(record, appended, pending)

    async def _repeat(self, outcome: Outcome, pending: Pending) -> None:
        """Finish what a crash may have cut short, or wait for what is still under way."""
        before = self._in_hand.get(outcome.message_id)
        if before is not None:
            # Its record may be in memory only, so nothing may be committed past this message yet.
            self.inbox.acknowledgements.wait_for(before, pending)
        elif outcome.record:
            self._take_in_hand(outcome.message_id, pending)
            await self._follow(outcome.record, None, pending)

    async def _follow(self, record: Record, appended: Appended | None, pending: Pending) -> None:
        """See to what follows from ``record`` once it is in the log (None: it is)."""
        await self._reactions.follow(record, appended, pending)
        if self._calls is not None:
            await self._calls.follow(record, appended, pending)

    def _take_in_hand(self, message_id: str, pending: Pending) -> None:
        self._in_hand[message_id] = pending
        pending.when_done.append(partial(self._let_go, message_id, pending))

    def _let_go(self, message_id: str, pending: Pending) -> None:
        if self._in_hand.get(message_id) is pending:
            del self._in_hand[message_id]

    def _due_us(self, subject: str) -> int | None:
        return self._ask_for_deadline(subject, lambda aggregates: aggregates.next_deadline_us(subject))

    async def _send_due(self, subject: str, now_us: int) -> None:
        command = self._ask_for_deadline(subject, lambda aggregates: aggregates.deadline_command(subject, now_us))
        if command is None:
            return
        try:
            await self._outbox.append_command(command)
        except TooLarge as error:  # there is no message to set aside, and the deadlines of others must be kept
            logger.error("a deadline cannot be kept", error=str(error))
            return
        self._counts.deadlines_fired.inc()

    def _ask_for_deadline(self, subject: str, ask: Callable[[AggregateTable], Answer | None]) -> Answer | None:
        """What ``ask`` gets; None, too, if ``subject`` is not ours (yet), or its decider cannot tell its deadlines."""
        aggregates = self._table.of_subject(subject)
        if aggregates is None:
            return None
        try:
            return ask(aggregates)
        except Exception as error:  # a worker that ended over it would end again as soon as it had read its log
            logger.error("deadlines cannot be told", subject=subject, exc_info=error)
            self._timer.give_up(subject)
            return None

    def _restart_timer(self) -> None:
        self._timer.rebuild(self._table.subjects())
