"""Virtual time: SimPy's environment, counted in whole microseconds since the epoch."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import simpy
from simpy.events import NORMAL, URGENT


class VirtualClock(simpy.Environment):
    """SimPy's environment with integer time, so that ``now_us`` can stand in messages as it is."""

    now_us: int = property(attrgetter("_now"))  # type: ignore[assignment]
    """The present instant. Asked for ten times an event, so without a function of Python's in between."""

    def __init__(self, start_us: int) -> None:
        super().__init__(initial_time=start_us)

    def after(self, delay_us: int, then: Callable[[Any], None], value: Any = None) -> None:
        """Call ``then`` with ``value`` when ``delay_us`` have passed; calls for the same instant keep their order."""
        self.schedule(_Call(then, value), NORMAL, delay_us)  # type: ignore[arg-type]

    def before_others(self, delay_us: int, then: Callable[[Any], None], value: Any = None) -> None:
        """The same, but ahead of everything that `after` has put at that instant.

        What comes from outside the system comes first at its instant. So a tape, on which only that is written, finds
        the same order again.
        """
        self.schedule(_Call(then, value), URGENT, delay_us)  # type: ignore[arg-type]


class _Call:
    """All that SimPy asks of an event that happens once and that nobody waits for; half the price of a `Timeout`."""

    __slots__ = ("callbacks", "then", "value")

    _ok = True

    def __init__(self, then: Callable[[Any], None], value: Any) -> None:
        self.callbacks = _CALLBACKS
        self.then = then
        self.value = value


def _run(call: _Call) -> None:
    call.then(call.value)


_CALLBACKS = (_run,)
