"""A process as queueing theory sees it: one server, first come first served, each piece of work with its own time.

With arrivals in order, when each piece is done follows at once (Lindley's recursion): it begins when it has arrived and
the one before is done. So a piece of work costs one event on the clock, however long the queue is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .clock import VirtualClock

Handle = Callable[[Any], None]


class Server:
    """Works on one item at a time; an item's ``handle`` is called when its service time is over."""

    __slots__ = ("_clock", "_free_at_us", "busy_us")

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._free_at_us = 0
        self.busy_us = 0

    def put(self, arrives_us: int, service_us: int, handle: Handle, item: Any) -> None:
        """Queue ``item`` behind what was put before; it arrives no earlier than that."""
        begins_us = max(self._free_at_us, arrives_us)
        self._free_at_us = done_us = begins_us + service_us
        self.busy_us += service_us
        self._clock.at(done_us, handle, item)
