"""The thread that starts processes, sees them die, and starts them again: often enough to heal, not for ever."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

import structlog

from .child import Child

LOOK_EVERY_S = 0.05
RESTARTS_MAX = 20
"""Deaths in a row, none of which was preceded by `SETTLED_AFTER_S` of life, after which a process is given up."""

SETTLED_AFTER_S = 10.0
PAUSE_BASE_S = 0.1
PAUSE_CAP_S = 5.0
STOP_LIMIT_S = 12.0
EXIT_USAGE = 2
"""Exit status of a process that was started wrongly, so starting it again helps nobody."""

Result = TypeVar("Result")

logger = structlog.stdlib.get_logger(__name__)


class _Errand(Generic[Result]):
    """Something to do on the keeper's thread, for somebody who waits for the result."""

    def __init__(self, function: Callable[[], Result]) -> None:
        self._function = function
        self.result: Future[Result] = Future()

    def run(self) -> None:
        try:
            self.result.set_result(self._function())
        except BaseException as error:  # it belongs to whoever waits for the result
            self.result.set_exception(error)


class _Charge:
    """A child with what the keeper remembers about it."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.deaths_in_a_row = 0
        self.start_at: float | None = None
        self.down_s = 0.0


class Keeper(threading.Thread):
    """Starts and watches children. They live as long as this thread does, see `tether`.

    ``still_possible`` is asked at every look for a reason why nothing can go on; an empty text is none.
    """

    def __init__(self, still_possible: Callable[[], str]) -> None:
        super().__init__(name="keeper", daemon=True)
        self.failure = ""
        self._still_possible = still_possible
        self._errands: queue.Queue[_Errand[object]] = queue.Queue()
        self._charges: dict[str, _Charge] = {}
        self._done = threading.Event()

    def do(self, function: Callable[[], Result]) -> Result:
        """Call ``function`` on this thread and return its result, or raise what it raises."""
        errand = _Errand(function)
        self._errands.put(errand)  # type: ignore[arg-type]
        return errand.result.result()

    def run(self) -> None:
        """Run errands and look after the children until told to finish."""
        while not self._done.is_set():
            try:
                self._errands.get(timeout=LOOK_EVERY_S).run()
            except queue.Empty:
                self._look_safely()

    def finish(self) -> None:
        """End the thread; every child must have been stopped."""
        self._done.set()

    def start_all(self, children: Sequence[Child]) -> None:
        """Start children and look after them from now on. To be called on this thread."""
        for child in children:
            self._charges[child.spec.name] = _Charge(child)
            child.start()

    def stop_all(self, children: Sequence[Child], limit_s: float = STOP_LIMIT_S) -> None:
        """Stop children side by side and no longer look after them; kill those that still run after ``limit_s``.

        To be called on this thread.
        """
        for child in children:
            self._charges.pop(child.spec.name, None)
        stops = [threading.Thread(target=child.stop, args=(limit_s,)) for child in children]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()

    def stay_down(self, name: str, down_s: float) -> None:
        """Let the next start of a child that dies wait for this long. To be called on this thread."""
        self._charges[name].down_s = down_s

    def come_back(self, name: str) -> None:
        """Start a child that is down at once. To be called on this thread."""
        charge = self._charges[name]
        charge.down_s = 0.0
        if charge.start_at is not None:
            charge.start_at = time.monotonic()

    def _look_safely(self) -> None:
        try:
            self._look()
        except Exception as error:  # a keeper that is gone could not even stop its children
            self.failure = f"a process could not be looked after: {error!r}"

    def _look(self) -> None:
        if self.failure:
            return
        self.failure = self._still_possible()
        for charge in self._charges.values():
            if charge.start_at is not None:
                self._start_if_due(charge)
            elif (code := charge.child.exit_code) is not None:
                self._see_death(charge, code)

    def _see_death(self, charge: _Charge, code: int) -> None:
        child = charge.child
        name = child.spec.name
        if time.monotonic() - child.started_at > SETTLED_AFTER_S:
            charge.deaths_in_a_row = 0
        charge.deaths_in_a_row += 1
        if code == EXIT_USAGE or charge.deaths_in_a_row > RESTARTS_MAX:
            self.failure = f"{name} ended with status {code}; the end of {child.log_path}:\n{child.last_words()}"
            return
        pause_s = min(PAUSE_CAP_S, PAUSE_BASE_S * 2 ** (charge.deaths_in_a_row - 1))
        charge.start_at = time.monotonic() + max(pause_s, charge.down_s)
        charge.down_s = 0.0
        logger.warning("process died", name=name, status=code, deaths_in_a_row=charge.deaths_in_a_row)

    def _start_if_due(self, charge: _Charge) -> None:
        if charge.start_at is not None and time.monotonic() >= charge.start_at:
            charge.start_at = None
            charge.child.start()
            logger.info("process started again", name=charge.child.spec.name, pid=charge.child.pid)
