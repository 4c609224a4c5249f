"""Policies: when this happened, ask for that. The joints of a saga, each a pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from .message import Command, Event


class Policy(msgspec.Struct, frozen=True):
    """A named reaction to one type of event. The name is part of the ids of the commands that it asks for."""

    name: str
    on: type[Event]
    react: Callable[[Any], Iterable[Command]]


def reacts_to(event_type: type[Event]) -> Callable[[Callable[[Any], Iterable[Command]]], Policy]:
    """Make a policy out of a function from an event to commands. The function's name, with dashes, names it."""

    def decorate(react: Callable[[Any], Iterable[Command]]) -> Policy:
        return Policy(react.__name__.replace("_", "-"), event_type, react)

    return decorate
