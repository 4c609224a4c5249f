"""The clock of a load generator, and waiting by it."""

from __future__ import annotations

import time

import gevent


class Clock:
    """Microseconds since the epoch that never jump: the wall clock read once, carried on by the monotonic clock."""

    def __init__(self) -> None:
        self._epoch_ns = time.time_ns() - time.perf_counter_ns()

    def now_us(self) -> int:
        """This instant."""
        return (self._epoch_ns + time.perf_counter_ns()) // 1_000

    def sleep_until(self, instant_us: int) -> None:
        """Let other greenlets run until ``instant_us``; return at once if it has passed."""
        # A timer of the event loop may fire a little early, and an early request would be faster than it was.
        while (left_us := instant_us - self.now_us()) > 0:
            gevent.sleep(left_us / 1_000_000)
