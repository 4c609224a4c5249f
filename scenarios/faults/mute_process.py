"""A process reads from the broker but nothing that it writes arrives: the other half of a broken network.

What it decides waits in its producer's buffer, and is lost if the process dies before the network is back. Its
heartbeats go to another broker and arrive, so it keeps its partitions. Origin: see `deaf_process`.
"""

from __future__ import annotations

from .fault import ONLY_SIMULATED, ProcessFault, process_on
from .stage import Stage


class MuteProcess(ProcessFault, frozen=True):
    """Nothing that ``target``, a process or the first worker of a service, appends reaches the broker.

    A gateway's commands then wait.
    """

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
