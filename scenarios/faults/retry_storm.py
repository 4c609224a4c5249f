"""Clients lose patience and send the same request again and again, before the first has been answered.

Every copy carries the same idempotency key, and the gateway must make one decision of them, not three; the load is
multiplied just when there is too much. Origin: Bronson et al., "Metastable Failures in Distributed Systems"
(HotOS 2021).
"""

from __future__ import annotations

import random
from typing import Annotated, Self

import msgspec

from .fault import ONLY_SIMULATED, LastingFault, PositiveDuration
from .setting import Setting
from .stage import Stage


class RetryStorm(LastingFault, frozen=True):
    """Each request is sent in ``copies`` more copies, one every ``every_us``."""

    copies: Annotated[int, msgspec.Meta(ge=1, le=100)]
    every_us: PositiveDuration

    kind = "retry_storm"
    colour = "#b87408"
    worlds = ONLY_SIMULATED
    summary = "let every client send its request several times, without waiting for the answer"

    def strike(self, stage: Stage) -> None:
        """Take the clients' patience away."""
        stage.repeat_requests(self.copies, self.every_us)

    def heal(self, stage: Stage) -> None:
        """Give it back."""
        stage.repeat_requests(0, self.every_us)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """One to four copies, within moments or within seconds."""
        copies, every_us = draw.randint(1, 4), setting.up_to(draw, setting.session_us)
        times = setting.times(draw, 4 * setting.session_us)
        return cls(copies, every_us, at_us=times.at_us, for_us=times.for_us)
