"""Each partition is late by a time of its own, so what was written first to one is read after what followed in another.

Kafka keeps order within a partition and promises nothing across them; code that was only ever tried on a quiet broker
believes otherwise. Origin: Helland, "Life beyond Distributed Transactions" (CIDR 2007), on messages that overtake.
"""

from __future__ import annotations

import random
from typing import Self

from .fault import ONLY_SIMULATED, LastingFault, PositiveDuration
from .setting import Setting
from .stage import Stage


class ScatteredTopics(LastingFault, frozen=True):
    """Each partition is late by a time of its own, up to ``up_to_us``."""

    up_to_us: PositiveDuration

    kind = "scattered_topics"
    colour = "#5aa9ea"
    worlds = ONLY_SIMULATED
    summary = "make each partition late by a time of its own, so that topics overtake each other"

    def strike(self, stage: Stage) -> None:
        """Scatter them."""
        stage.scatter_topics(self.up_to_us)

    def heal(self, stage: Stage) -> None:
        """Let them be as close as usual."""
        stage.scatter_topics(0)

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Apart by up to a session."""
        up_to_us = setting.up_to(draw, setting.session_us)
        times = setting.times(draw, 4 * setting.session_us)
        return cls(up_to_us=up_to_us, at_us=times.at_us, for_us=times.for_us)
