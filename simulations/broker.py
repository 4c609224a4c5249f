"""A Kafka-like broker in virtual time: partitioned topics that keep the order within a partition.

What is appended reaches every subscriber after the delivery delay, never before what was appended earlier. A subscriber
is told at once when its item will arrive and schedules what it makes of it: one event on the clock instead of two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .clock import VirtualClock

Deliver = Callable[[Any, int], None]
"""Called with an item and the instant of its arrival, in order of both."""


class Partition:
    """One partition of one topic: an ordered pipe to its subscribers."""

    __slots__ = ("_clock", "_delay_us", "_subscribers")

    def __init__(self, clock: VirtualClock, delay_us: int) -> None:
        self._clock = clock
        self._delay_us = delay_us
        self._subscribers: list[Deliver] = []

    def subscribe(self, deliver: Deliver) -> None:
        """Have every later item delivered to ``deliver``."""
        self._subscribers.append(deliver)

    def append(self, item: Any) -> None:
        """Append ``item``; it arrives after the delivery delay."""
        arrives_us = self._clock.now_us + self._delay_us
        for deliver in self._subscribers:
            deliver(item, arrives_us)


class VirtualBroker:
    """The topics of a system, each with the same number of partitions."""

    def __init__(self, clock: VirtualClock, partitions: int, delay_us: int) -> None:
        self.partitions = partitions
        self._clock = clock
        self._delay_us = delay_us
        self._topics: dict[str, tuple[Partition, ...]] = {}

    def topic(self, name: str) -> tuple[Partition, ...]:
        """The partitions of topic ``name``, created at first use."""
        found = self._topics.get(name)
        if found is None:
            found = tuple(Partition(self._clock, self._delay_us) for _ in range(self.partitions))
            self._topics[name] = found
        return found
