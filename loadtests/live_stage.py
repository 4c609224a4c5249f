"""The stage of a real run: what faults ask for, done to processes, to the payment provider and to connections.

Processes and relayed connections are reached through the supervisor's control socket, the provider through its knobs.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from io import BufferedRWPair
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from scenarios.faults.stage import CannotHappenHere, Kind

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 1_000_000

DOWN_AT_MOST_S = 600.0
"""After this a killed process comes back by itself, should nobody be left to start it."""


class StageFailed(Exception):
    """Something could not be done to the run; one line says why."""


class _Process(msgspec.Struct):
    name: str
    kind: Kind


class _Answer(msgspec.Struct):
    ok: bool
    error: str = ""
    processes: list[_Process] = []


class LiveStage:
    """A `scenarios.faults.stage.Stage` of real processes. ``control`` is the supervisor's socket.

    Beside `CannotHappenHere`, everything raises `StageFailed`, or OSError if the supervisor or the provider is gone.
    """

    def __init__(self, control: Path, provider_url: str) -> None:
        self._control = control
        self._provider = urlsplit(provider_url).netloc
        self._knobs_before: dict[str, Any] = {}

    def targets(self, kind: Kind) -> tuple[str, ...]:
        """The processes of that kind, in the order in which they were started."""
        return tuple(process.name for process in self._tell({"do": "list"}).processes if process.kind == kind)

    def kill(self, target: str) -> None:
        """``kill -9``; the supervisor does not start it again before it is told to."""
        self._tell({"do": "kill", "name": target, "down_s": DOWN_AT_MOST_S})

    def start(self, target: str) -> None:
        """Let the supervisor start a killed process again."""
        self._tell({"do": "start", "name": target})

    def stop(self, target: str) -> None:
        """``SIGSTOP``."""
        self._tell({"do": "stop", "name": target})

    def go_on(self, target: str) -> None:
        """``SIGCONT``."""
        self._tell({"do": "cont", "name": target})

    def turn_provider(self, knobs: Mapping[str, Any]) -> None:
        """Turn these of the provider's knobs; the others are left as they are."""
        now = self._provider_request("GET")
        self._knobs_before = self._knobs_before or now
        self._provider_request("PUT", now | dict(knobs))

    def turn_provider_back(self, knobs: Mapping[str, Any]) -> None:
        """Turn these knobs back to where they were before the first fault."""
        if self._knobs_before:
            before = {name: self._knobs_before[name] for name in knobs}
            self._provider_request("PUT", self._provider_request("GET") | before)

    def slow_link(self, caller: str, callee: str, extra_us: int) -> None:
        """Let the relay between the two hold back everything for that long."""
        self._tell({"do": "slow_link", "between": [caller, callee], "extra_s": extra_us / 1_000_000})

    def cut_link(self, caller: str, callee: str) -> None:
        """Let the relay between the two hold back everything."""
        self._tell({"do": "cut_link", "between": [caller, callee]})

    def mend_link(self, caller: str, callee: str) -> None:
        """Let the relay between the two pass on everything again."""
        self._tell({"do": "mend_link", "between": [caller, callee]})

    def set_clock(self, target: str, ahead_us: int) -> None:
        """Raises `CannotHappenHere`: all processes of one machine have its clock."""
        raise CannotHappenHere("the processes of one machine share its clock")

    def set_zone(self, target: str, ahead_us: int) -> None:
        """Raises `CannotHappenHere`: a process that runs keeps its time zone."""
        raise CannotHappenHere("the time zone of a process that runs cannot be changed")

    def delay_broker(self, extra_us: int) -> None:
        """Raises `CannotHappenHere`."""
        raise _only_simulated("the broker")

    def scatter_topics(self, up_to_us: int) -> None:
        """Raises `CannotHappenHere`."""
        raise _only_simulated("the broker")

    def copy_messages(self, share: float) -> None:
        """Raises `CannotHappenHere`."""
        raise _only_simulated("the broker")

    def cut_reading(self, target: str) -> None:
        """Raises `CannotHappenHere`: a relay cuts a connection in both directions."""
        raise CannotHappenHere("a connection cannot be cut in one direction only; use the fault cut_link")

    def cut_writing(self, target: str) -> None:
        """Raises `CannotHappenHere`: a relay cuts a connection in both directions."""
        raise CannotHappenHere("a connection cannot be cut in one direction only; use the fault cut_link")

    def reconnect(self, target: str) -> None:
        """Nothing is ever cut in one direction only, so there is nothing to do."""

    def slow_gateway(self, factor: float) -> None:
        """Raises `CannotHappenHere`."""
        raise _only_simulated("the gateway")

    def repeat_requests(self, copies: int, every_us: int) -> None:
        """Raises `CannotHappenHere`: the load generator plays its journeys as they are."""
        raise _only_simulated("the clients")

    def _tell(self, request: Mapping[str, Any]) -> _Answer:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(self._control))
            with connection.makefile("rwb") as lines:
                return _ask(lines, request)

    def _provider_request(self, method: str, knobs: Mapping[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._provider, timeout=TIMEOUT_S)
        try:
            body = None if knobs is None else msgspec.json.encode(knobs)
            connection.request(method, "/knobs", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            payload = answer.read(ANSWER_BYTES_MAX)
        finally:
            connection.close()
        if answer.status != 200:
            raise StageFailed(f"the provider answered {answer.status}: {payload.decode(errors='replace')}")
        return msgspec.json.decode(payload, type=dict[str, Any])


def _ask(lines: BufferedRWPair, request: Mapping[str, Any]) -> _Answer:
    lines.write(msgspec.json.encode(request) + b"\n")
    lines.flush()
    answer = msgspec.json.decode(lines.readline(ANSWER_BYTES_MAX), type=_Answer)
    if not answer.ok:
        raise StageFailed(answer.error)
    return answer


def _only_simulated(who: str) -> CannotHappenHere:
    return CannotHappenHere(f"{who} can be made to do that in virtual time only")
