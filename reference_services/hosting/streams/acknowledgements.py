"""Acknowledges messages in the order of their offsets, each only after everything that it led to is done.

Faust commits the first unbroken run of acknowledged offsets of a partition, but takes the first one it sees for the
start of that run when nothing has been committed yet. Order makes that safe however many are under way at once.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from faust.types import TP, AppT, EventT


class Pending:
    """One message under way: the steps still open, the first being its own handling."""

    __slots__ = ("event", "open_steps")

    def __init__(self, event: EventT) -> None:
        self.event = event
        self.open_steps = 1


class Line:
    """The messages of one partition that are under way, oldest first."""

    __slots__ = ("generation", "pending", "read_offset")

    def __init__(self, generation: int | None) -> None:
        self.generation = generation
        self.pending: deque[Pending] = deque()
        self.read_offset = 0


class Acknowledgements:
    """The messages that one agent is working on."""

    def __init__(self, app: AppT) -> None:
        self._app: Any = app
        self._lines: dict[TP, Line] = {}

    def begin(self, event: EventT) -> Pending:
        """Take up a message. Call `finish` once for handling it, and once for each step added to ``open_steps``."""
        message = event.message
        line = self._lines.get(message.tp)
        if line is None or line.generation != message.generation_id:
            # After a rebalance everything uncommitted comes again; what was under way before counts for nothing.
            line = self._lines[message.tp] = Line(message.generation_id)
        pending = Pending(event)
        line.pending.append(pending)
        line.read_offset = message.offset + 1
        return pending

    def finish(self, pending: Pending) -> None:
        """One thing is done; with the last of the oldest message, acknowledge all that are done from there on."""
        pending.open_steps -= 1
        message = pending.event.message
        line = self._lines.get(message.tp)
        if pending.open_steps or line is None or line.generation != message.generation_id:
            return
        waiting = line.pending
        while waiting and not waiting[0].open_steps:
            oldest = waiting.popleft()
            if not self._app.rebalancing and self._app.consumer_generation_id == line.generation:
                oldest.event.ack()

    def next_offset(self, tp: TP) -> int | None:
        """The first offset of a partition that is not done with, or None if nothing has been read from it."""
        line = self._lines.get(tp)
        if line is None:
            return None
        return line.pending[0].event.message.offset if line.pending else line.read_offset

    def read_offset(self, tp: TP) -> int | None:
        """The first offset of a partition that has not been taken up, or None if nothing has been read from it."""
        line = self._lines.get(tp)
        return line.read_offset if line is not None else None

    def under_way(self) -> int:
        """How many messages are not done with."""
        return sum(len(line.pending) for line in self._lines.values())
