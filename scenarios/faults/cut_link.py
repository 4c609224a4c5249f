"""The network between two processes swallows everything and tells neither: a firewall's rule, a broken switch.

Connections stay open, so both ends wait until they lose patience; what was under way arrives when the network is back,
which may be long after. Live, a relay between the two stops passing bytes on. Origin: Bailis and Kingsbury, "The
Network is Reliable" (ACM Queue, 2014).
"""

from __future__ import annotations

import random
from typing import Self

from .links import LinkFault, draw_link
from .setting import Setting
from .stage import Stage


class CutLink(LinkFault, frozen=True):
    """Nothing gets through ``between`` the two, in neither direction."""

    kind = "cut_link"
    colour = "#5d6772"
    summary = "let nothing through between a service and the provider or the broker"

    def strike(self, stage: Stage) -> None:
        """Cut it."""
        stage.cut_link(*self.between)

    def heal(self, stage: Stage) -> None:
        """Let everything through again."""
        stage.mend_link(*self.between)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Up to three sessions."""
        between = draw_link(draw, setting)
        times = setting.times(draw, 3 * setting.session_us)
        return cls(between, at_us=times.at_us, for_us=times.for_us)
