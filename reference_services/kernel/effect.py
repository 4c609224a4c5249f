"""Effects: calls to the outside world, described as data, and how often and when they are tried again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec

from .message import Command, Event
from .outside import OutsideAnswer, OutsideRequest


class Effect(msgspec.Struct, frozen=True):
    """A named call that one type of event makes necessary.

    ``request`` turns the event into the call, or None if this one needs none. ``answer`` turns the event and what came
    back into the command that records it, or None if there is nothing to record. ``gave_up`` says what to record when
    every attempt failed; None leaves it to the aggregate's own deadline.
    """

    name: str
    on: type[Event]
    request: Callable[[Any], OutsideRequest | None]
    answer: Callable[[Any, Any], Command | None]
    gave_up: Callable[[Any, str], Command | None] = lambda event, reason: None


class RetryPlan(msgspec.Struct, frozen=True):
    """Exponential backoff with full jitter and a limit: one call takes no longer than some 27 s, all attempts together.

    Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    attempts: int = 5
    timeout_us: int = 5_000_000
    base_us: int = 100_000
    cap_us: int = 5_000_000

    def pause_us(self, attempt: int, draw: random.Random) -> int:
        """How long to wait after failed attempt number ``attempt`` (from 1): uniform between 0 and the ceiling."""
        ceiling = min(self.cap_us, self.base_us * 2 ** (attempt - 1))
        return draw.randrange(ceiling + 1)


def answer_id(event_id: str, effect: Effect, answer: OutsideAnswer | None) -> str:
    """Id of the command that records ``answer``: two different answers to one call are two commands."""
    status = getattr(answer, "status", "done") if answer is not None else "gave-up"
    return f"{event_id}:{effect.name}:{status}"
