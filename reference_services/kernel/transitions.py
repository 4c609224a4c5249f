"""Transition tables: the life cycle of an aggregate as data, from which code, diagrams and tests are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .message import Event


class IllegalTransition(Exception):
    """An event was applied in a status in which it cannot happen. This is a defect of the decider, never bad input."""


class TransitionTable:
    """Which event leads from which status to which.

    ``rows`` maps ``(status, event type)`` to the next status. Statuses are plain strings, as they appear in the API.
    """

    def __init__(self, initial: str, rows: Mapping[tuple[str, type[Event]], str]) -> None:
        self.initial = initial
        self._rows = dict(rows)

    def next(self, status: str, event: Event) -> str:
        """The status after ``event``. Raises `IllegalTransition` if it cannot happen in ``status``."""
        try:
            return self._rows[status, type(event)]
        except KeyError:
            raise IllegalTransition(f"{type(event).__name__} cannot happen while {status!r}") from None

    def allows(self, status: str, event_type: type[Event]) -> bool:
        """Whether ``event_type`` can happen in ``status``."""
        return (status, event_type) in self._rows

    def __iter__(self) -> Iterator[tuple[str, type[Event], str]]:
        """The rows as ``(status, event type, next status)``, in the order in which they were written down."""
        return ((status, event, after) for (status, event), after in self._rows.items())

    @property
    def statuses(self) -> tuple[str, ...]:
        """Every status, in order of first appearance."""
        seen = {self.initial: None}
        for status, _, after in self:
            seen[status] = seen[after] = None
        return tuple(seen)

    def final_statuses(self) -> tuple[str, ...]:
        """The statuses that no event leaves."""
        left = {status for status, _, after in self if status != after}
        return tuple(status for status in self.statuses if status not in left)
