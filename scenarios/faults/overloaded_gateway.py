"""The gateway is too slow for those who come: a neighbour takes its processor, or a cache is cold.

Requests queue, callers give up whose commands are nevertheless decided, and early refusals (503) must not lose what was
accepted. Origin: "Handling Overload" and "Addressing Cascading Failures" in Site Reliability Engineering (2016).
"""

from __future__ import annotations

import random
from typing import Annotated, Self

import msgspec

from .fault import ONLY_SIMULATED, LastingFault
from .setting import Setting
from .stage import Stage


class OverloadedGateway(LastingFault, frozen=True):
    """Every request takes the gateways ``factor`` times as long."""

    factor: Annotated[float, msgspec.Meta(gt=1, le=10_000)]

    kind = "overloaded_gateway"
    colour = "#e59a1c"
    worlds = ONLY_SIMULATED
    summary = "let every request take the gateways many times as long"

    def strike(self, stage: Stage) -> None:
        """Slow them down."""
        stage.slow_gateway(self.factor)

    def heal(self, stage: Stage) -> None:
        """Let them be as fast as usual."""
        stage.slow_gateway(1.0)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """From noticeably slower to standing still for practical purposes."""
        factor = float(2 ** draw.randint(1, 10))
        times = setting.times(draw, 4 * setting.session_us)
        return cls(factor, at_us=times.at_us, for_us=times.for_us)
