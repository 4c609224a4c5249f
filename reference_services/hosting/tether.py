"""Ties a process to the one that started it: when the starter dies, however it dies, the process dies too.

Runs as a program of its own that becomes the command it was given, so it works for any command and costs nothing
afterwards. It is started without site-packages and may import the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
CHECK_EVERY_S = 1.0

GIVES_WAY = 5
"""Niceness of what is supervised: where a load generator shares the machine with the services, it must keep its
schedule however busy they are, or its measurements say nothing."""


def tethered(command: Sequence[str], lifeline_fd: int) -> list[str]:
    """``command`` made to die with the calling process.

    ``lifeline_fd`` is the reading end of a pipe of which only the caller holds the other end; the new process must
    inherit it. Start the command from a thread that lives as long as it shall: on Linux the kernel watches that thread.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(lifeline_fd), *command]


def main(starter: int, lifeline_fd: int, command: Sequence[str]) -> None:
    """Tie this process to ``starter``, then become ``command``."""
    os.nice(GIVES_WAY)
    if sys.platform == "linux":
        _ask_kernel(starter)
        os.close(lifeline_fd)
    else:
        _leave_watcher(lifeline_fd)
    os.execvp(command[0], list(command))


def _ask_kernel(starter: int) -> None:
    # prctl(2): the parent-death signal survives execve(2) and reaches stopped processes too.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != starter:
        sys.exit("the process that started this one has gone")


def _leave_watcher(lifeline_fd: int) -> None:
    command_pid = os.getpid()
    if os.fork() != 0:
        os.close(lifeline_fd)
        return
    while os.getppid() == command_pid:
        readable, _, _ = select.select([lifeline_fd], [], [], CHECK_EVERY_S)
        if readable:
            os.kill(command_pid, signal.SIGKILL)
            break
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
