"""Deadlines for real: a task that sleeps until the next aggregate is due and has its command sent to the inbox."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from ..kernel.deadlines import DeadlineHeap

LONGEST_SLEEP_S = 0.1
REARM_AFTER_US = 5_000_000
"""When an aggregate is looked at again whose command has been sent, in case it got lost or changed nothing."""


def clock_us() -> int:
    """Now, in microseconds since the Unix epoch."""
    return time.time_ns() // 1_000


class DeadlineTimer:
    """The deadlines of the aggregates that one worker owns.

    ``due_us`` says when a subject is next due, ``send`` appends what time then sends to it at that instant. Sending
    twice is harmless, because the id of the command derives from the deadline.
    """

    def __init__(
        self,
        due_us: Callable[[str], int | None],
        send: Callable[[str, int], Awaitable[object]],
        clock: Callable[[], int] = clock_us,
    ) -> None:
        self._due_us = due_us
        self._send = send
        self._clock = clock
        self._heap = DeadlineHeap()
        # Soonest first; one entry a subject, however often something is sent to it.
        self._again_us: OrderedDict[str, int] = OrderedDict()

    def schedule(self, subject: str) -> None:
        """Take note of when ``subject`` is due next."""
        self._heap.schedule(subject, self._due_us(subject))

    def rebuild(self, subjects: Iterable[str]) -> None:
        """Start over with the aggregates that are owned now."""
        self._heap = DeadlineHeap()
        self._again_us.clear()
        for subject in subjects:
            self.schedule(subject)

    def give_up(self, subject: str) -> None:
        """Do not look at ``subject`` again until it is scheduled: what time sends to it cannot be decided."""
        self._again_us.pop(subject, None)

    async def run(self) -> None:
        """Send what becomes due, until cancelled."""
        while True:
            await self.send_due()
            await asyncio.sleep(self._pause_s())

    async def send_due(self) -> int:
        """Have sent whatever is due by now. Returns how many subjects that were."""
        now_us = self._clock()
        self._look_again(now_us)
        due = self._heap.pop_due(now_us)
        for subject in due:
            self._again_us[subject] = now_us + REARM_AFTER_US
            self._again_us.move_to_end(subject)
            await self._send(subject, now_us)
        return len(due)

    def __len__(self) -> int:
        return len(self._heap)

    def _look_again(self, now_us: int) -> None:
        while self._again_us:
            subject, again_us = next(iter(self._again_us.items()))
            if again_us > now_us:
                return
            del self._again_us[subject]
            self.schedule(subject)

    def _pause_s(self) -> float:
        next_us = self._heap.next_due_us()
        if next_us is None:
            return LONGEST_SLEEP_S
        return min(LONGEST_SLEEP_S, max(0.0, (next_us - self._clock()) / 1e6))
