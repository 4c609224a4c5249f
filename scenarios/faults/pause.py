"""A process stands still and does not know: a long garbage collection, a laptop's lid, a virtual machine being moved.

Paused for longer than its session, it is a zombie: its partitions have gone to others by the time it wakes up, and it
goes on with the work that it had in hand. Origin: Kleppmann, "How to do distributed locking" (2016).
"""

from __future__ import annotations

from .fault import EVERYWHERE, ProcessFault, process_on
from .stage import Stage


class Pause(ProcessFault, frozen=True):
    """``target``, a process or the first worker of a service, is stopped where it stands, and goes on later."""

    kind = "pause"
    colour = "#ea7f5f"
    worlds = EVERYWHERE
    summary = "SIGSTOP a process, then SIGCONT: a zombie, if that takes longer than its session"

    def strike(self, stage: Stage) -> None:
        """Stop it."""
        stage.stop(process_on(stage, self.target))

    def heal(self, stage: Stage) -> None:
        """Let it go on."""
        stage.go_on(process_on(stage, self.target))
