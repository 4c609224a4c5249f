"""Live faults: what a scenario wants to go wrong, done to the real processes at the planned instants, and healed.

Processes are reached through the supervisor's control socket, the payment provider through its knobs. Nothing here
imports Locust: the faults are injected by a thread outside the load generator, so that they cannot disturb its clock.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from scenarios.model import Scenario
from scenarios.quantities import parse_duration, parse_share

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 1_000_000

Duration = Annotated[int, msgspec.Meta(ge=0)]
PositiveDuration = Annotated[int, msgspec.Meta(gt=0)]


class Kill(msgspec.Struct, frozen=True):
    """``kill -9`` a process ``at_us`` after the opening; it is started again after ``down_us`` at the earliest.

    ``target`` is the name of a process, or of a service: then it is the first of its workers.
    """

    target: str
    at_us: Duration
    down_us: Duration = 0


class Pause(msgspec.Struct, frozen=True):
    """Stop a process where it stands and let it go on after ``for_us``; it does not notice. ``target`` as in `Kill`."""

    target: str
    at_us: Duration
    for_us: PositiveDuration


class Provider(msgspec.Struct, frozen=True):
    """Turn knobs of the payment provider, written as under ``provider``, and turn them back after ``for_us``."""

    knobs: dict[str, Any]
    at_us: Duration
    for_us: PositiveDuration


LiveFault = Kill | Pause | Provider
KINDS: dict[str, type[LiveFault]] = {"kill": Kill, "pause": Pause, "provider": Provider}


class Injected(msgspec.Struct, frozen=True):
    """One thing that was done, at ``time_us`` since the epoch. ``error`` says why it could not be, or is empty."""

    time_us: int
    what: str
    error: str = ""


class FaultFailed(Exception):
    """A fault could not be injected or healed; one line says why."""


class _Step(NamedTuple):
    due_us: int
    what: str
    act: Callable[[], None]
    heals: bool


def live_faults(scenario: Scenario) -> list[LiveFault]:
    """The faults of ``scenario``, typed. Raises `scenarios.problems.ScenarioError` for one that needs virtual time."""
    faults = []
    for index, fault in enumerate(scenario.faults):
        kind = KINDS.get(fault.kind)
        if kind is None:
            text = f"{fault.kind!r} cannot happen for real; under 'live', list faults of the kinds {', '.join(KINDS)}"
            raise scenario.error(("faults", index, "kind"), text)
        faults.append(scenario.convert(("faults", index), kind))
    return faults


class FaultInjector:
    """Injects faults by the clock. ``control`` is the supervisor's socket, ``origin_us`` the opening."""

    def __init__(self, faults: Iterable[LiveFault], origin_us: int, control: Path, provider_url: str) -> None:
        self._control = control
        self._provider = urlsplit(provider_url)
        self._knobs_before: list[dict[str, Any]] = []
        steps = [step for fault in faults for step in self._steps(fault, origin_us)]
        self._steps_in_order = sorted(steps, key=lambda step: step.due_us)

    def run(self, stop: threading.Event) -> list[Injected]:
        """Inject everything at its instant; returns what was done. Set ``stop`` to heal at once and end early."""
        done = []
        broken: set[str] = set()
        for step in self._steps_in_order:
            stop.wait(max(0.0, step.due_us / 1e6 - time.time()))
            if stop.is_set() and not (step.heals and step.what in broken):
                continue
            done.append(self._try(step))
            if not step.heals and not done[-1].error:
                broken.add(step.what)
        return done

    def _try(self, step: _Step) -> Injected:
        what = f"{step.what}, healed" if step.heals else step.what
        try:
            step.act()
        except (OSError, http.client.HTTPException, msgspec.DecodeError, FaultFailed) as error:
            return Injected(time.time_ns() // 1_000, what, f"{type(error).__name__}: {error}")
        return Injected(time.time_ns() // 1_000, what)
