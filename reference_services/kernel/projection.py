"""Projections: events folded into views that queries read. Rebuilt from the start of the log whenever a host starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from .message import Message, Record
from .observer import Dispatch, Observer


class View(Observer):
    """One read model. Subclasses keep plain dictionaries and offer small look-up methods."""


V = TypeVar("V", bound=View)


class Views:
    """The read models of one host, fed together.

    Records may arrive more than once; those whose version was already seen for their aggregate are ignored.
    """

    def __init__(self, view_types: Iterable[type[View]]) -> None:
        self._views = {view_type: view_type() for view_type in view_types}
        self._dispatch = Dispatch(self._views.values())
        self._versions: dict[str, int] = {}

    def get(self, view_type: type[V]) -> V:
        """The view of that type. Raises KeyError if this host does not keep it."""
        return self._views[view_type]  # type: ignore[return-value]

    def fold(self, record: Record) -> bool:
        """Show every event of ``record`` to the views. Returns False for a record already seen."""
        first = record[0]
        if first.version <= self._versions.get(first.subject, 0):
            return False
        self._versions[first.subject] = first.version
        for message in record:
            self._dispatch(message)
        return True

    def apply(self, message: Message) -> None:
        """Show one event to the views, without looking at versions."""
        self._dispatch(message)
