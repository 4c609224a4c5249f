"""A Kafka-like broker in virtual time: partitioned topics that keep the order within a partition.

What is appended arrives at every subscriber of the partition after the delivery delay, never before what was appended
earlier.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .clock import VirtualClock

Deliver = Callable[[Any], None]


class Partition:
    """One partition of one topic: an ordered pipe to its subscribers."""

    __slots__ = ("_clock", "_delay_us", "_subscribers", "appended")

    def __init__(self, clock: VirtualClock, delay_us: int) -> None:
        self._clock = clock
        self._delay_us = delay_us
        self._subscribers: list[Deliver] = []
        self.appended = 0

    def subscribe(self, deliver: Deliver) -> None:
        """Have every later item delivered to ``deliver``."""
        self._subscribers.append(deliver)

    def append(self, item: Any) -> None:
        """Append ``item``; it arrives after the delivery delay."""
        self.appended += 1
        self._clock.after(self._delay_us, self._arrived, item)

    def _arrived(self, item: Any) -> None:
        for deliver in self._subscribers:
            deliver(item)


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
