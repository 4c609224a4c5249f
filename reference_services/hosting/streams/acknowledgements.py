"""Acknowledges messages in the order of their offsets, each only after everything that it led to is done.

Faust commits the first unbroken run of acknowledged offsets of a partition, but takes the first one it sees for the
start of that run when nothing has been committed yet. Order makes that safe however many are under way at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from faust.types import TP, EventT

from ...kernel.recent_records import RECORDS_KEPT
from .app import StreamsApp

UNDER_WAY = RECORDS_KEPT // 2
"""Messages of one partition that may be under way at once. A crash repeats these, and what was done with after the last
commit: the next owner must still know the records of all of them, however long one slow call has held up the commit."""


class Pending:
    """One message under way: the steps still open, the first being its own handling, and who waits for the last."""

    __slots__ = ("event", "open_steps", "when_done")

    def __init__(self, event: EventT) -> None:
        self.event = event
        self.open_steps = 1
        self.when_done: list[Callable[[], None]] = []


class Line:
    """The messages of one partition that are under way, oldest first, and the offset that must come next."""

    __slots__ = ("advanced", "generation", "next_offset", "pending")

    def __init__(self, generation: int | None, next_offset: int) -> None:
        self.generation = generation
        self.next_offset = next_offset
        self.pending: deque[Pending] = deque()
        self.advanced = asyncio.Event()

    def done_before(self) -> int:
        """The first offset that is not done with."""
        return self.pending[0].event.message.offset if self.pending else self.next_offset


class Skipped(Exception):
    """Messages of a partition were never handed over; going on would commit as if they had been."""


class Acknowledgements:
    """The messages that one agent is working on."""

    def __init__(self, app: StreamsApp) -> None:
        self._app: Any = app
        self._lines: dict[TP, Line] = {}

    async def begin(self, event: EventT) -> Pending | None:
        """Take up a message, or None if it has been taken up before and need not be handled again.

        Call `finish` once for handling it, and once for each step added to ``open_steps``. Raises `Skipped`: Faust can
        drop what it has fetched while a rebalance goes on, and takes the gap for a compacted topic.
        """
        message = event.message
        line = self._lines.get(message.tp)
        if line is None or line.generation != message.generation_id:
            # After a rebalance everything uncommitted comes again; what was under way before counts for nothing.
            line = Line(message.generation_id, await self._app.first_offset(message.tp))
            self._lines[message.tp] = line
        if message.offset < line.next_offset:
            if message.offset < line.done_before():
                event.ack()
            return None
        if message.offset > line.next_offset:
            raise Skipped(f"{message.tp}: offset {message.offset} came instead of {line.next_offset}")
        pending = Pending(event)
        line.pending.append(pending)
        line.next_offset = message.offset + 1
        return pending

    def finish(self, pending: Pending) -> None:
        """One thing is done; with the last of the oldest message, acknowledge all that are done from there on."""
        pending.open_steps -= 1
        if pending.open_steps:
            return
        for tell in pending.when_done:
            tell()
        message = pending.event.message
        line = self._lines.get(message.tp)
        if line is None or line.generation != message.generation_id:
            return
        waiting = line.pending
        while waiting and not waiting[0].open_steps:
            oldest = waiting.popleft()
            line.advanced.set()
            if not self._app.rebalancing and self._app.consumer_generation_id == line.generation:
                oldest.event.ack()

    async def room(self, tp: TP) -> None:
        """Wait while too many messages of a partition are under way."""
        line = self._lines[tp]
        while len(line.pending) >= UNDER_WAY:
            line.advanced.clear()
            await line.advanced.wait()

    def wait_for(self, other: Pending, pending: Pending) -> None:
        """Keep ``pending`` open until ``other``, which is under way, is done."""
        pending.open_steps += 1
        other.when_done.append(partial(self.finish, pending))

    def done_before(self, tp: TP) -> int | None:
        """The first offset of a partition not done with; None if nothing has been read since the last rebalance."""
        line = self._current_line(tp)
        return line.done_before() if line is not None else None

    def read_before(self, tp: TP) -> int | None:
        """The first offset of a partition not taken up; None if nothing has been read since the last rebalance."""
        line = self._current_line(tp)
        return line.next_offset if line is not None else None

    def _current_line(self, tp: TP) -> Line | None:
        # A partition may have gone away and come back, and others have gone on with it meanwhile.
        line = self._lines.get(tp)
        return line if line is not None and line.generation == self._app.consumer_generation_id else None
