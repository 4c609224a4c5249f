"""A clock jumps back while the process runs: the time service has found out that it was ahead, and corrects it at once.

The same seconds happen twice, and what comes later carries the earlier time: durations become negative, "newest wins"
keeps the older. Origin: the leap second that took down Cloudflare's DNS (Graham-Cumming, 2017).
"""

from __future__ import annotations

import random
from typing import Self

from .fault import ONLY_SIMULATED, LastingFault, PositiveDuration, process_on
from .setting import Setting
from .stage import Stage


class ClockStepBack(LastingFault, frozen=True):
    """The clock of ``target``, a process or the first worker of a service, is set back by ``by_us``."""

    target: str
    by_us: PositiveDuration

    kind = "clock_step_back"
    colour = "#5b3578"
    worlds = ONLY_SIMULATED
    summary = "set a process's clock back, so that the same seconds happen to it twice"

    @property
    def clock_error_us(self) -> int:
        """How far the clock is wrong."""
        return self.by_us

    def strike(self, stage: Stage) -> None:
        """Set it back."""
        stage.set_clock(process_on(stage, self.target), -self.by_us)

    def heal(self, stage: Stage) -> None:
        """Put it right."""
        stage.set_clock(process_on(stage, self.target), 0)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Back by up to a session, soon right again."""
        by_us = setting.up_to(draw, setting.session_us)
        target = setting.target(draw, "worker", "gateway")
        times = setting.times(draw, 2 * setting.session_us)
        return cls(target, by_us, at_us=times.at_us, for_us=times.for_us)
