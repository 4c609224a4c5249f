"""The clocks change: on every machine the wall clock jumps by an hour, though no instant has moved.

Code that reckons in local time loses an hour or has one twice; code that reckons in instants does not notice. Origin:
the day without and the day with two of 02:30, twice a year; IANA's Time Zone Database, "Theory and pragmatics".
"""

from __future__ import annotations

import random
from typing import Literal, Self

from .fault import ONLY_SIMULATED, LastingFault, PositiveDuration
from .setting import Setting
from .stage import Stage

HOUR_US = 3_600_000_000


class DaylightSaving(LastingFault, frozen=True):
    """The clocks of all workers and gateways go ``forward`` or ``back`` by ``by_us``."""

    clocks_go: Literal["forward", "back"] = "forward"
    by_us: PositiveDuration = HOUR_US

    kind = "daylight_saving"
    colour = "#b793d6"
    worlds = ONLY_SIMULATED
    summary = "move every process's wall clock by an hour; the instants stay as they are"

    def strike(self, stage: Stage) -> None:
        """Change the clocks."""
        self._move(stage, self.by_us if self.clocks_go == "forward" else -self.by_us)

    def heal(self, stage: Stage) -> None:
        """Change them back."""
        self._move(stage, 0)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """In spring or in autumn, for any part of the window."""
        clocks_go: Literal["forward", "back"] = "forward" if draw.random() < 0.5 else "back"
        times = setting.times(draw, setting.until_us)
        return cls(clocks_go, at_us=times.at_us, for_us=times.for_us)

    @staticmethod
    def _move(stage: Stage, ahead_us: int) -> None:
        for target in (*stage.targets("worker"), *stage.targets("gateway")):
            stage.set_zone(target, ahead_us)
