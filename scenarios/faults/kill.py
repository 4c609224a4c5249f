"""A process dies without a word: the kernel ran out of memory, a node was lost, somebody typed ``kill -9``.

Whatever it had in memory is gone: what waits in its producer's buffer, what it has decided but not appended. Its
partitions move once its session has run out, or come back to it if it is started again sooner. Origin: crash-only
software (Candea and Fox, HotOS 2003); every Jepsen nemesis begins with it.
"""

from __future__ import annotations

import random
from typing import Self

from .fault import EVERYWHERE, Duration, Fault, process_on
from .setting import Setting
from .stage import Stage


class Kill(Fault, frozen=True):
    """``target`` is killed and started again ``down_us`` later, at once if that is 0.

    It is the name of a process, or of a service: then it is the first of its workers.
    """

    target: str
    down_us: Duration = 0

    kind = "kill"
    colour = "#c4411e"
    worlds = EVERYWHERE
    summary = "kill -9 a process and start it again"

    @property
    def for_us(self) -> int:
        """How long the process is down."""
        return self.down_us

    def strike(self, stage: Stage) -> None:
        """Kill it."""
        stage.kill(process_on(stage, self.target))

    def heal(self, stage: Stage) -> None:
        """Start it again."""
        stage.start(process_on(stage, self.target))

    @classmethod
    def draw(cls, draw: random.Random, setting: Setting) -> Self:
        """Down from a moment to two sessions, so that its partitions sometimes move and sometimes do not."""
        times = setting.times(draw, 2 * setting.session_us)
        return cls(setting.target(draw, "worker", "worker", "gateway"), at_us=times.at_us, down_us=times.for_us)
