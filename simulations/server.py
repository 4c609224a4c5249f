"""A process as queueing theory sees it: one server, first come first served, each piece of work with its own time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from .clock import VirtualClock

Handle = Callable[[Any], None]


class Server:
    """Works on one item at a time; an item's ``handle`` is called when its service time is over."""

    __slots__ = ("_busy", "_clock", "_queue", "busy_us")

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._queue: deque[tuple[int, Handle, Any]] = deque()
        self._busy = False
        self.busy_us = 0

    def put(self, service_us: int, handle: Handle, item: Any) -> None:
        """Queue ``item`` behind what came before."""
        work = (service_us, handle, item)
        if self._busy:
            self._queue.append(work)
        else:
            self._busy = True
            self._serve(work)

    def __len__(self) -> int:
        """How many items wait or are being worked on."""
        return len(self._queue) + self._busy

    def _serve(self, work: tuple[int, Handle, Any]) -> None:
        self.busy_us += work[0]
        self._clock.after(work[0], self._served, work)

    def _served(self, work: tuple[int, Handle, Any]) -> None:
        _, handle, item = work
        handle(item)
        if self._queue:
            self._serve(self._queue.popleft())
        else:
            self._busy = False
