"""A process hears nothing from the broker but can still write to it: half of a broken network.

It answers no rebalance and loses its partitions, yet what it had read before is still decided and appended. Origin:
the partial and one-way partitions of Alquraan et al., "An Analysis of Network-Partitioning Failures in Cloud Systems"
(OSDI 2018).
"""

from __future__ import annotations

import random
from typing import Self

from .fault import ONLY_SIMULATED, LastingFault, process_on
from .setting import Setting
from .stage import Stage


class DeafProcess(LastingFault, frozen=True):
    """Nothing from the broker reaches ``target``, a process or the first worker of a service."""

    target: str

    kind = "deaf_process"
    colour = "#8f2d12"
    worlds = ONLY_SIMULATED
    summary = "cut off a process from all that the broker sends, though it can still write"

    def strike(self, stage: Stage) -> None:
        """Cut its reading."""
        stage.cut_reading(process_on(stage, self.target))

    def heal(self, stage: Stage) -> None:
        """Let everything through again."""
        stage.reconnect(process_on(stage, self.target))

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Up to three sessions, at a worker or, less often, a gateway, which then misses the outcomes."""
        times = setting.times(draw, 3 * setting.session_us)
        return cls(setting.target(draw, "worker", "worker", "gateway"), at_us=times.at_us, for_us=times.for_us)
