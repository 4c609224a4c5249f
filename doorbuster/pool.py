"""Work for all cores: processes of their own that end with their parent, and results in the order of the work."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from .errors import NothingProved

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4
"""Pieces of work a process that are handed out before their turn, so that nobody waits for the slowest."""


def spread(
    work: Callable[[Item], Result], items: Iterable[Item], *, jobs: int = 0, until_s: float = math.inf
) -> Generator[Result]:
    """``work`` on each of ``items``, in ``jobs`` processes (0: one a core), its results in the order of ``items``.

    Ends early at ``until_s`` on the clock of `time.monotonic`; what is not done by then is given up. ``work`` and
    ``items`` must be picklable. Raises `NothingProved` if a process dies, and whatever ``work`` raises. Close the
    generator to stop: no process outlives it.
    """
    processes = jobs or os.cpu_count() or 1
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _end_with_parent)
    todo = iter(items)
    handed_out: deque[Future[Result]] = deque()
    try:
        while True:
            room = AHEAD * processes - len(handed_out)
            with _deaf_to_interrupts():
                handed_out.extend(pool.submit(work, item) for item in islice(todo, room))
            if not handed_out or not _is_done(handed_out[0], until_s):
                return
            yield handed_out.popleft().result()
    except BrokenProcessPool as error:
        raise NothingProved(
            "a simulating process died, perhaps for want of memory; make room for it or try fewer at once"
        ) from error
    finally:
        for process in multiprocessing.active_children():
            process.terminate()
        pool.shutdown(cancel_futures=True)


def _is_done(future: Future[Result], until_s: float) -> bool:
    """Whether ``future`` comes to its end in time; waits for that."""
    left_s = None if math.isinf(until_s) else max(0.0, until_s - time.monotonic())
    return bool(wait([future], timeout=left_s).done)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal; those started meanwhile never hear it, not even while they import."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """Should the parent be killed, its workers must not wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
