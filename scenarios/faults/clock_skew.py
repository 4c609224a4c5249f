"""A machine's clock is wrong: its time service has stopped, and it runs ahead of the others or behind.

Whoever compares an instant of this clock with one of another decides too early or too late: a hold that expires before
its time, a sale that opens late. Origin: Sheehy, "There is No Now" (ACM Queue, 2015).
"""

from __future__ import annotations

import random
from typing import Literal, Self

from .fault import ONLY_SIMULATED, LastingFault, PositiveDuration, process_on
from .setting import Setting
from .stage import Stage


class ClockSkew(LastingFault, frozen=True):
    """The clock of ``target``, a process or the first worker of a service, is ``by_us`` ahead or behind."""

    target: str
    by_us: PositiveDuration
    direction: Literal["ahead", "behind"] = "ahead"

    kind = "clock_skew"
    colour = "#8457a6"
    worlds = ONLY_SIMULATED
    summary = "put a process's clock ahead of the others or behind them"

    @property
    def clock_error_us(self) -> int:
        """How far the clock is wrong."""
        return self.by_us

    def strike(self, stage: Stage) -> None:
        """Put it wrong."""
        stage.set_clock(process_on(stage, self.target), self.by_us if self.direction == "ahead" else -self.by_us)

    def heal(self, stage: Stage) -> None:
        """Put it right."""
        stage.set_clock(process_on(stage, self.target), 0)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Wrong by about a duration that some rule mentions, in either direction, for any part of the window."""
        direction: Literal["ahead", "behind"] = "ahead" if draw.random() < 0.5 else "behind"
        target, by_us = setting.target(draw, "worker", "gateway"), setting.near_a_rule(draw)
        times = setting.times(draw, setting.until_us)
        return cls(target, by_us, direction, at_us=times.at_us, for_us=times.for_us)
