"""The events of a history that a picture wants, with their fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

import msgspec
from pandas import DataFrame

from .pictures import BadPictures, Booking, Change, Chosen, Owner

_decode = msgspec.json.Decoder(dict[str, Any]).decode

Choice = TypeVar("Choice", Chosen, Change, Booking)


class Happened(NamedTuple):
    """An event: its place in the history, its instant in seconds from time 0, and its fields."""

    place: int
    seconds: float
    fields: dict[str, Any]


class Happenings:
    """A history (columns ``seconds, type, data``, in order) out of which events are picked."""

    def __init__(self, events: DataFrame) -> None:
        self._events = events.reset_index(drop=True)
        self._by_name: dict[str, list[Happened]] = {}
        self._owners: dict[bytes, set[tuple[Any, ...]]] = {}

    def of(self, chosen: Chosen) -> list[Happened]:
        """The events that are ``chosen``, in order of the history."""
        fitting = [each for each in self._named(chosen.event) if _fits(each, chosen)]
        if (owner := chosen.belongs_to) is None:
            return fitting
        owned = self._owned(owner)
        return [each for each in fitting if tuple(field_of(each, path) for path in owner.same) in owned]

    def of_any(self, choices: Iterable[Choice]) -> list[tuple[Happened, Choice]]:
        """The events of each of ``choices``, all in order of the history."""
        found = [(happened, chosen) for chosen in choices for happened in self.of(chosen)]
        return sorted(found, key=lambda pair: pair[0].place)

    def _named(self, event: str) -> list[Happened]:
        """The events whose type is or ends in ``event``."""
        if event not in self._by_name:
            types = [name for name in self._events["type"].unique() if f".{name}".endswith(f".{event}")]
            rows = self._events[self._events["type"].isin(types)]
            columns = zip(rows.index, rows["seconds"], rows["data"], strict=True)
            self._by_name[event] = [Happened(place, seconds, _decode(text)) for place, seconds, text in columns]
        return self._by_name[event]

    def _owned(self, owner: Owner) -> set[tuple[Any, ...]]:
        """What the events of ``owner`` hold in the fields by which others belong to them."""
        name = msgspec.json.encode(owner)
        if name not in self._owners:
            paths = owner.same.values()
            self._owners[name] = {tuple(field_of(each, path) for path in paths) for each in self.of(owner)}
        return self._owners[name]


def _fits(happened: Happened, chosen: Chosen) -> bool:
    return all(field_of(happened, path) == wanted for path, wanted in chosen.where.items())


def field_of(happened: Happened, path: str) -> Any:
    """What the event holds at ``path``; None if it has no such field."""
    value: Any = happened.fields
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def number_in(happened: Happened, path: str, event: str) -> float:
    """The number that the ``event`` holds at ``path``. Raises `BadPictures` if it is none."""
    value = field_of(happened, path)
    if not isinstance(value, int | float):
        raise BadPictures(f"pictures of the run: {event} has no number in its field {path!r}")
    return value
