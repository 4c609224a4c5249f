"""A process reads from the broker but nothing that it writes arrives: the other half of a broken network.

What it decides waits in its producer's buffer, and is lost if the process dies before the network is back; its
heartbeats do not arrive either. Origin: see `deaf_process`.
"""

from __future__ import annotations

import random
from typing import Self

from .fault import ONLY_SIMULATED, LastingFault, process_on
from .setting import Setting
from .stage import Stage


class MuteProcess(LastingFault, frozen=True):
    """Nothing that ``target``, a process or the first worker of a service, writes reaches the broker."""

    target: str

    kind = "mute_process"
    colour = "#f2a48e"
    worlds = ONLY_SIMULATED
    summary = "hold back all that a process sends to the broker, though it can still read"

    def strike(self, stage: Stage) -> None:
        """Cut its writing."""
        stage.cut_writing(process_on(stage, self.target))

    def heal(self, stage: Stage) -> None:
        """Let everything through again, also what waited."""
        stage.reconnect(process_on(stage, self.target))

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Up to three sessions, at a worker or, less often, a gateway, whose commands then wait."""
        times = setting.times(draw, 3 * setting.session_us)
        return cls(setting.target(draw, "worker", "worker", "gateway"), at_us=times.at_us, for_us=times.for_us)
