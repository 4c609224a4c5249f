"""Virtual time: SimPy's environment, counted in whole microseconds since the epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simpy


class VirtualClock(simpy.Environment):
    """SimPy's environment with integer time, so that ``now_us`` can stand in messages as it is."""

    def __init__(self, start_us: int) -> None:
        super().__init__(initial_time=start_us)

    @property
    def now_us(self) -> int:
        """The present instant."""
        return self._now  # type: ignore[return-value]

    def after(self, delay_us: int, then: Callable[[Any], None], value: Any = None) -> None:
        """Call ``then`` with ``value`` when ``delay_us`` have passed; calls for the same instant keep their order."""
        simpy.Timeout(self, delay_us, (then, value)).callbacks.append(_call)


def _call(timeout: simpy.Event) -> None:
    then, value = timeout._value
    then(value)
