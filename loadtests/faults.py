"""Live faults: what a scenario wants to go wrong, done to the real processes at the planned instants, and healed.

Nothing here imports Locust: the faults are injected by a thread outside the load generator, so that they cannot disturb
its clock.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import msgspec

from scenarios.faults.fault import Fault
from scenarios.faults.stage import CannotHappenHere, Stage

from .live_stage import StageFailed

REFUSED = (CannotHappenHere, StageFailed)
"""What says that a fault has not happened."""

UNANSWERED = (OSError, http.client.HTTPException, msgspec.MsgspecError)
"""What leaves that open: it may have been done, or be done yet, and only the answer came too late."""


class Injected(msgspec.Struct, frozen=True):
    """One thing that was done, at ``time_us`` since the epoch. ``error`` is empty, or says why it could not be or why
    nobody knows whether it was."""

    time_us: int
    what: str
    error: str = ""


class _Step(NamedTuple):
    due_us: int
    fault: int
    what: str
    act: Callable[[], None]
    heals: bool


class FaultInjector:
    """Injects faults on a stage by the clock; ``origin_us`` is the opening in microseconds since the epoch."""

    def __init__(self, faults: Iterable[Fault], origin_us: int, stage: Stage) -> None:
        steps = [step for number, fault in enumerate(faults) for step in _steps(number, fault, origin_us, stage)]
        self._steps_in_order = sorted(steps, key=lambda step: step.due_us)

    def run(self, stop: threading.Event) -> list[Injected]:
        """Inject everything at its instant; returns what was done. Set ``stop`` to heal at once and end early.

        What may have been broken is healed: that does no harm if it was not.
        """
        done: list[Injected] = []
        broken: set[int] = set()
        for step in self._steps_in_order:
            stop.wait(max(0.0, step.due_us / 1_000_000 - time.time()))
            if (step.fault not in broken) if step.heals else stop.is_set():
                continue
            error = _attempt(step)
            text = "" if error is None else str(error) or type(error).__name__
            done.append(Injected(time.time_ns() // 1_000, step.what, text))
            if not isinstance(error, REFUSED):
                broken.add(step.fault)
        return done


def _steps(number: int, fault: Fault, origin_us: int, stage: Stage) -> list[_Step]:
    return [
        _Step(origin_us + fault.at_us, number, f"inject {fault.label}", partial(fault.strike, stage), heals=False),
        _Step(origin_us + fault.heals_us, number, f"heal {fault.label}", partial(fault.heal, stage), heals=True),
    ]


def _attempt(step: _Step) -> Exception | None:
    """What went wrong without being a mistake of ours."""
    try:
        step.act()
    except (*REFUSED, *UNANSWERED) as error:
        return error
    return None
