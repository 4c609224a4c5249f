"""The network between two processes is slow: a congested switch, a long way round, a retransmission a packet.

Answers come after the caller has given up, so it tries again what has long been done. Live, a relay between the two
holds back every byte. Origin: "latency is zero", the second of Deutsch's fallacies of distributed computing (1994).
"""

from __future__ import annotations

import random
from typing import Self

from .fault import PositiveDuration
from .links import LinkFault, draw_link
from .setting import Setting
from .stage import Stage


class SlowLink(LinkFault, frozen=True):
    """What the two ends of ``between`` say takes ``extra_us`` longer, in each direction."""

    extra_us: PositiveDuration

    kind = "slow_link"
    colour = "#9aa3ab"
    summary = "let everything between a service and the provider or the broker take longer"

    def strike(self, stage: Stage) -> None:
        """Slow it down."""
        stage.slow_link(*self.between, self.extra_us)

    def heal(self, stage: Stage) -> None:
        """Let it be as fast as usual."""
        stage.slow_link(*self.between, 0)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Longer by up to half a session a direction."""
        between, extra_us = draw_link(draw, setting), setting.up_to(draw, setting.session_us // 2)
        times = setting.times(draw, 4 * setting.session_us)
        return cls(between, extra_us, at_us=times.at_us, for_us=times.for_us)
