"""Virtual time: SimPy's environment, counted in whole microseconds since the epoch."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any

import simpy
from simpy.events import NORMAL, URGENT


class VirtualClock(simpy.Environment):
    """SimPy's environment with integer time, so that ``now_us`` can stand in messages as it is.

    Nearly all that ever waits on it is a call that happens once and that nobody waits for. So its place in SimPy's
    queue is taken by a pair: what to call, and with what.
    """

    _now: int
    _queue: list[tuple[Any, Any, int, Any]]

    now_us: int = property(attrgetter("_now"))  # type: ignore[assignment]
    """The present instant. Asked for ten times an event, so without a function of Python's in between."""

    def __init__(self, start_us: int) -> None:
        super().__init__(initial_time=start_us)

    def after(self, delay_us: int, then: Callable[[Any], None], value: Any = None) -> None:
        """Call ``then`` with ``value`` when ``delay_us`` have passed; calls for the same instant keep their order."""
        self.at(self._now + delay_us, then, value)

    def at(self, time_us: int, then: Callable[[Any], None], value: Any = None) -> None:
        """The same at an instant, not before now."""
        heappush(self._queue, (time_us, NORMAL, next(self._eid), (then, value)))

    def before_others(self, delay_us: int, then: Callable[[Any], None], value: Any = None) -> None:
        """The same, but ahead of everything that `after` has put at that instant.

        What comes from outside the system comes first at its instant. So a tape, on which only that is written, finds
        the same order again.
        """
        heappush(self._queue, (self._now + delay_us, URGENT, next(self._eid), (then, value)))

    def step(self) -> None:
        """Process what is next, a call or one of SimPy's own events."""
        queue = self._queue
        if not queue or type(queue[0][3]) is not tuple:
            super().step()
            return
        self._now, _, _, (then, value) = heappop(queue)
        then(value)
