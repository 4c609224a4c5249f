"""A process: one server, one clock, one producer, and what happens to all that is in it when it dies or is stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..clock import VirtualClock
from ..kafka.consumer import Consumer
from ..kafka.producer import Producer
from ..server import Server

Handle = Callable[[Any], None]


class Process:
    """One worker process of a service.

    ``skew_us`` is how far its clock is ahead; ``zone_us`` what its wall clock shows beyond that, daylight saving
    included, which nothing but a mistake would ever read. ``life`` grows when it dies.
    """

    def __init__(self, clock: VirtualClock, name: str, linger_us: int) -> None:
        self.name = name
        self.clock = clock
        self.server = Server(clock)
        self.producer = Producer(clock, linger_us)
        self.consumers: list[Consumer] = []
        self.alive = True
        self.stopped = False
        self.skew_us = 0
        self.zone_us = 0
        self.life = 0
        self.on_clock_change: list[Callable[[], None]] = []
        self._frozen: list[tuple[Handle, Any]] = []

    @property
    def now_us(self) -> int:
        """What this process takes for the time."""
        return self.clock.now_us + self.skew_us

    def freeze(self, handle: Handle, item: Any) -> None:
        """Keep a piece of work that came due while the process stood still."""
        self._frozen.append((handle, item))

    def kill(self) -> None:
        """``kill -9``: nothing is flushed, nothing committed."""
        if not self.alive:
            return
        self.alive = self.stopped = False
        self.life += 1
        self._frozen.clear()
        self.producer.lose_all()
        for consumer in self.consumers:
            consumer.die()

    def start(self) -> None:
        """Start it again, empty."""
        if self.alive:
            return
        self.alive = True
        self.server = Server(self.clock)
        for consumer in self.consumers:
            consumer.live()

    def stop(self) -> None:
        """``SIGSTOP``: it stands still and does not know."""
        if self.alive and not self.stopped:
            self.stopped = self.producer.stands_still = True
            for consumer in self.consumers:
                consumer.stand_still()

    def go_on(self) -> None:
        """``SIGCONT``: it goes on with what it has in hand."""
        if not self.stopped:
            return
        self.stopped = self.producer.stands_still = False
        self.producer.flush()
        frozen, self._frozen = self._frozen, []
        for handle, item in frozen:
            self.server.put(self.clock.now_us, 0, handle, item)
        for consumer in self.consumers:
            consumer.go_on()

    def set_clock(self, skew_us: int) -> None:
        """Put its clock this far ahead of the true time; negative is behind."""
        self.skew_us = skew_us
        for told in self.on_clock_change:
            told()
