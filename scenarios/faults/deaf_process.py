"""A process hears nothing from the broker but can still write to it: half of a broken network.

In a cluster the broker that coordinates a group need not be the one that holds the partitions: the first still gets
the heartbeats. So nobody takes over; what was read before is still decided and appended, everything else waits. Origin:
the partial and one-way partitions of Alquraan et al., "An Analysis of Network-Partitioning Failures in Cloud Systems"
(OSDI 2018).
"""

from __future__ import annotations

from .fault import ONLY_SIMULATED, ProcessFault, process_on
from .stage import Stage


class DeafProcess(ProcessFault, frozen=True):
    """Nothing from the broker reaches ``target``, a process or the first worker of a service.

    A gateway then misses the outcomes.
    """

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
