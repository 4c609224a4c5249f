"""Where faults are drawn for: what there is to strike, when, and which durations matter there."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Annotated

import msgspec

from .stage import Kind

LEAST_US = 1_000
"""Nothing is drawn that is shorter than a millisecond."""

SHORTEST_PART = 64
"""The shortest that a fault is drawn to last is this part of the longest, which then is met often enough."""


class Times(msgspec.Struct, frozen=True):
    """When a fault strikes, in microseconds after the opening, and how long it lasts."""

    at_us: int
    for_us: int


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a fault may be drawn from.

    It strikes and heals between ``from_us`` and ``until_us`` after the opening. ``targets`` are the processes by kind,
    at least one worker and one gateway. ``session_us`` is after how long a silent worker loses its partitions, and
    ``durations_us`` are those that the system's rules mention: most races happen around one of them.
    """

    from_us: Annotated[int, msgspec.Meta(ge=0)]
    until_us: int
    targets: Mapping[Kind, tuple[str, ...]]
    session_us: Annotated[int, msgspec.Meta(gt=0)]
    durations_us: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.until_us < self.from_us + LEAST_US:
            raise ValueError("a setting must be at least a millisecond long")
        if not (self.targets.get("worker") and self.targets.get("gateway")):
            raise ValueError("a setting needs at least one worker and one gateway")

    def times(self, draw: random.Random, longest_us: int) -> Times:
        """When to strike and how long, at most ``longest_us``, within the window, and seldom too short to matter."""
        longest_us = min(longest_us, self.until_us - self.from_us)
        for_us = log_uniform(draw, max(LEAST_US, longest_us // SHORTEST_PART), longest_us)
        return Times(draw.randint(self.from_us, self.until_us - for_us), for_us)

    def up_to(self, draw: random.Random, longest_us: int) -> int:
        """A duration of at most ``longest_us``, every order of magnitude as likely as the others."""
        return log_uniform(draw, LEAST_US, longest_us)

    def target(self, draw: random.Random, *kinds: Kind) -> str:
        """One of the processes of these kinds; those of a kind that is named twice are drawn twice as often."""
        return draw.choice([target for kind in kinds for target in self.targets.get(kind, ())])

    def near_a_rule(self, draw: random.Random) -> int:
        """A duration, in microseconds, from half to one and a half of one that matters."""
        duration_us = draw.choice(sorted({self.session_us, *self.durations_us}))
        return max(LEAST_US, round(duration_us * draw.uniform(0.5, 1.5)))


def log_uniform(draw: random.Random, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``, every order of magnitude as likely as the others."""
    return least if most <= least else min(most, round(least * math.exp(draw.random() * math.log(most / least))))


def draw_share(draw: random.Random) -> float:
    """A share that shows: from 5% to 60%."""
    return round(draw.uniform(0.05, 0.6), 2)
