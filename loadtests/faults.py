"""Live faults: what a scenario wants to go wrong, done to the real processes at the planned instants, and healed.

Processes are reached through the supervisor's control socket, the payment provider through its knobs. Nothing here
imports Locust: the faults are injected by a thread outside the load generator, so that they cannot disturb its clock.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from io import BufferedRWPair
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


class _Process(msgspec.Struct):
    name: str


class _Answer(msgspec.Struct):
    ok: bool
    error: str = ""
    processes: list[_Process] = []


class _Step(NamedTuple):
    due_us: int
    fault: int
    what: str
    act: Callable[[], None]
    heals: bool = False


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
        self._provider = urlsplit(provider_url).netloc
        steps = [
            step._replace(due_us=origin_us + step.due_us)
            for number, fault in enumerate(faults)
            for step in self._steps(number, fault)
        ]
        self._steps_in_order = sorted(steps, key=lambda step: step.due_us)

    def run(self, stop: threading.Event) -> list[Injected]:
        """Inject everything at its instant; returns what was done. Set ``stop`` to heal at once and end early."""
        done: list[Injected] = []
        broken: set[int] = set()
        for step in self._steps_in_order:
            stop.wait(max(0.0, step.due_us / 1_000_000 - time.time()))
            if (step.fault not in broken) if step.heals else stop.is_set():
                continue
            done.append(_attempt(step))
            if not done[-1].error:
                broken.add(step.fault)
        return done

    def _steps(self, number: int, fault: LiveFault) -> list[_Step]:
        match fault:
            case Kill(target, at_us, down_us):
                kill = partial(self._tell, "kill", target, down_s=down_us / 1_000_000)
                return [_Step(at_us, number, f"kill {target}", kill)]
            case Pause(target, at_us, for_us):
                return [
                    _Step(at_us, number, f"pause {target}", partial(self._tell, "stop", target)),
                    _Step(at_us + for_us, number, f"resume {target}", partial(self._tell, "cont", target), heals=True),
                ]
            case Provider(knobs, at_us, for_us):
                turn = _Turn(self._provider, knobs)
                return [
                    _Step(at_us, number, "turn the provider's knobs", turn.there),
                    _Step(at_us + for_us, number, "turn the provider's knobs back", turn.back, heals=True),
                ]

    def _tell(self, do: str, target: str, **more: Any) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(self._control))
            with connection.makefile("rwb") as lines:
                names = [process.name for process in _ask(lines, {"do": "list"}).processes]
                _ask(lines, {"do": do, "name": _named(names, target), **more})


class _Turn:
    """One turn of the provider's knobs, and back. Knobs that others turn meanwhile are left alone."""

    def __init__(self, provider: str, knobs: Mapping[str, Any]) -> None:
        self._provider = provider
        self._knobs = knobs
        self._before: dict[str, Any] = {}

    def there(self) -> None:
        now = self._request("GET")
        wanted = dict(_on_the_wire(name, value, now) for name, value in self._knobs.items())
        self._request("PUT", now | wanted)
        self._before = {name: now[name] for name in wanted}

    def back(self) -> None:
        self._request("PUT", self._request("GET") | self._before)

    def _request(self, method: str, knobs: Mapping[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._provider, timeout=TIMEOUT_S)
        try:
            body = None if knobs is None else msgspec.json.encode(knobs)
            connection.request(method, "/knobs", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            payload = answer.read(ANSWER_BYTES_MAX)
        finally:
            connection.close()
        if answer.status != 200:
            raise FaultFailed(f"the provider answered {answer.status}: {payload.decode(errors='replace')}")
        return msgspec.json.decode(payload, type=dict[str, Any])


def _attempt(step: _Step) -> Injected:
    try:
        step.act()
    except (OSError, http.client.HTTPException, msgspec.MsgspecError, FaultFailed, ValueError) as error:
        return Injected(time.time_ns() // 1_000, step.what, str(error) or type(error).__name__)
    return Injected(time.time_ns() // 1_000, step.what)


def _ask(lines: BufferedRWPair, request: Mapping[str, Any]) -> _Answer:
    lines.write(msgspec.json.encode(request) + b"\n")
    lines.flush()
    answer = msgspec.json.decode(lines.readline(ANSWER_BYTES_MAX), type=_Answer)
    if not answer.ok:
        raise FaultFailed(answer.error)
    return answer


def _named(processes: Sequence[str], target: str) -> str:
    if target in processes:
        return target
    for name in processes:
        if name.startswith(f"{target}-"):
            return name
    raise FaultFailed(f"there is no process {target!r}; choose one of {', '.join(processes)}")


def _on_the_wire(name: str, value: Any, knobs: Mapping[str, Any]) -> tuple[str, Any]:
    if f"{name}_us" in knobs:
        return f"{name}_us", parse_duration(value)
    if name not in knobs:
        raise FaultFailed(f"the provider has no knob {name!r}; choose from {', '.join(knobs)}")
    return name, parse_share(value) if isinstance(value, str) else value
