"""A heap of deadlines: one entry per aggregate, the next instant at which time decides something for it."""

from __future__ import annotations

from heapq import heappop, heappush


class DeadlineHeap:
    """When each aggregate of a host is next due. Scheduling an aggregate again replaces its entry."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._armed: dict[str, int] = {}

    def schedule(self, subject: str, due_us: int | None) -> None:
        """Set, move or (with None) take away the deadline of ``subject``."""
        if due_us is None:
            self._armed.pop(subject, None)
        elif self._armed.get(subject) != due_us:
            self._armed[subject] = due_us
            heappush(self._heap, (due_us, subject))

    def next_due_us(self) -> int | None:
        """The earliest deadline, or None if nothing is scheduled."""
        heap = self._heap
        while heap:
            due_us, subject = heap[0]
            if self._armed.get(subject) == due_us:
                return due_us
            heappop(heap)  # replaced or taken away meanwhile
        return None

    def pop_due(self, now_us: int) -> list[str]:
        """Take out the aggregates that are due at ``now_us``, earliest first, ties by subject."""
        due: list[str] = []
        while (next_us := self.next_due_us()) is not None and next_us <= now_us:
            subject = heappop(self._heap)[1]
            del self._armed[subject]
            due.append(subject)
        return due

    def __len__(self) -> int:
        return len(self._armed)
