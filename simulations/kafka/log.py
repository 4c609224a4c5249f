"""Topics and their partitions: logs that keep their order, and deliver at least once.

What is appended is told to every reader at once, with the instant at which it will arrive there: one event on the clock
instead of two. A reader that is not ready for it leaves it, and reads it from the log later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..clock import VirtualClock

Deliver = Callable[[int, Any, int], None]
"""Called with an offset, what stands there, and the instant at which it arrives; in order of both."""


class PartitionLog:
    """One partition of one topic.

    ``delay_us`` is how long an item is under way to its readers when all is well, ``extra_us`` how much longer it takes
    now. ``copies`` says how often the next item is appended once more, by a producer that missed the answer. A log that
    is not ``kept`` forgets what it has told: nobody reads anything twice in a run in which nothing goes wrong. The
    ``witness`` is told of each item as it is appended, however slow the way to the readers is.
    """

    __slots__ = (
        "_clock",
        "_held_up_until_us",
        "_items",
        "_last_arrival_us",
        "_readers",
        "copies",
        "delay_us",
        "end",
        "extra_us",
        "name",
        "witness",
    )

    def __init__(self, clock: VirtualClock, name: str, delay_us: int, *, kept: bool) -> None:
        self.name = name
        self.delay_us = delay_us
        self.extra_us = 0
        self.copies: Callable[[], int] | None = None
        self.witness: Callable[[Any], None] | None = None
        self.end = 0
        self._clock = clock
        self._items: list[Any] | None = [] if kept else None
        self._last_arrival_us = 0
        self._held_up_until_us = 0
        self._readers: list[Deliver] = []

    def append(self, item: Any) -> None:
        """Append ``item`` and have it delivered, never before what was appended earlier."""
        self._append(item)
        if self.copies is not None:
            for _ in range(self.copies()):
                self._append(item)

    def subscribe(self, deliver: Deliver) -> None:
        """Have every later item told to ``deliver``; one that is under way may be told that was read before."""
        self._readers.append(deliver)

    def unsubscribe(self, deliver: Deliver) -> None:
        """Tell ``deliver`` no more."""
        self._readers.remove(deliver)

    def read(self, offset: int) -> Iterator[tuple[int, Any]]:
        """What stands in the log from ``offset`` on. Raises LookupError if it has been forgotten."""
        if self._items is None:
            raise LookupError(f"{self.name} is not kept")
        return iter(list(enumerate(self._items[offset:], offset)))

    def _append(self, item: Any) -> None:
        offset = self.end
        self.end = offset + 1
        if self._items is not None:
            self._items.append(item)
        if self.witness is not None:
            self.witness(item)
        usual_us = self._clock.now_us + self.delay_us
        arrives_us = max(usual_us + self.extra_us, self._last_arrival_us)  # what is slow holds up what follows
        self._last_arrival_us = arrives_us
        if arrives_us == usual_us > self._held_up_until_us:
            self._tell((offset, item))
        else:
            self._held_up_until_us = arrives_us
            self._clock.after(arrives_us - usual_us, self._tell, (offset, item))

    def _tell(self, appended: tuple[int, Any]) -> None:
        offset, item = appended
        arrives_us = self._clock.now_us + self.delay_us
        for deliver in self._readers:
            deliver(offset, item, arrives_us)


class VirtualBroker:
    """The topics of a system, each with the same number of partitions; ``delay_us`` is that of a healthy broker."""

    def __init__(self, clock: VirtualClock, partitions: int, delay_us: int, *, kept: bool = False) -> None:
        self.partitions = partitions
        self.delay_us = delay_us
        self.kept = kept
        self._clock = clock
        self._topics: dict[str, tuple[PartitionLog, ...]] = {}

    def topic(self, name: str) -> tuple[PartitionLog, ...]:
        """The partitions of topic ``name``, created at first use."""
        found = self._topics.get(name)
        if found is None:
            found = tuple(
                PartitionLog(self._clock, f"{name}/{index}", self.delay_us, kept=self.kept)
                for index in range(self.partitions)
            )
            self._topics[name] = found
        return found

    def logs(self) -> Iterator[PartitionLog]:
        """Every partition of every topic, in order of creation."""
        return (log for topic in self._topics.values() for log in topic)
