"""A producer: sends at once or waits for more, and takes what still waits along when its process dies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..clock import VirtualClock
from .log import PartitionLog

Acknowledged = Callable[[Any], None]


class Producer:
    """Appends to logs on behalf of one process; ``acknowledged`` is called with ``about`` once an item is in its log.

    ``linger_us`` is how long items wait for more. While the producer is cut off, or its process stands still, they wait
    until it is not.
    """

    def __init__(self, clock: VirtualClock, linger_us: int) -> None:
        self.cut_off = False
        self.stands_still = False
        self._clock = clock
        self._linger_us = linger_us
        self._waiting: list[tuple[PartitionLog, Any, Acknowledged, Any]] = []
        self._life = 0

    def send(self, log: PartitionLog, item: Any, acknowledged: Acknowledged, about: Any) -> None:
        """Have ``item`` appended to ``log``, after whatever was sent there before."""
        if not self._linger_us and not self.cut_off:
            log.append(item)
            acknowledged(about)
            return
        self._waiting.append((log, item, acknowledged, about))
        if len(self._waiting) == 1:
            self._clock.after(self._linger_us, self._linger_is_over, self._life)

    def flush(self) -> None:
        """Send everything that waits, unless nothing gets through."""
        if self.cut_off or self.stands_still:
            return
        waiting, self._waiting = self._waiting, []
        for log, item, acknowledged, about in waiting:
            log.append(item)
            acknowledged(about)

    def lose_all(self) -> int:
        """The process dies: what waits is gone. Returns how much that was."""
        lost = len(self._waiting)
        self._waiting = []
        self.stands_still = False
        self._life += 1
        return lost

    def _linger_is_over(self, life: int) -> None:
        if life == self._life:
            self.flush()
