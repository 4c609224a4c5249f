"""The broker is slow: its disk is full of somebody else's writes, or a follower that must acknowledge lags.

Every message is later by the same time, so deadlines come due before the events that would have made them moot. Origin:
gray failure (Huang et al., HotOS 2017): slow is harder to see than dead.
"""

from __future__ import annotations

import random
from typing import Self

from .fault import ONLY_SIMULATED, LastingFault, PositiveDuration
from .setting import Setting
from .stage import Stage


class SlowBroker(LastingFault, frozen=True):
    """Every message takes ``extra_us`` longer through the broker."""

    extra_us: PositiveDuration

    kind = "slow_broker"
    colour = "#2470b3"
    worlds = ONLY_SIMULATED
    summary = "make every message late by the same time"

    def strike(self, stage: Stage) -> None:
        """Slow it down."""
        stage.delay_broker(self.extra_us)

    def heal(self, stage: Stage) -> None:
        """Let it be as fast as usual."""
        stage.delay_broker(0)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Late by up to a session, which is longer than any healthy broker takes."""
        extra_us = setting.up_to(draw, setting.session_us)
        times = setting.times(draw, 4 * setting.session_us)
        return cls(extra_us=extra_us, at_us=times.at_us, for_us=times.for_us)
