"""Plays journeys over HTTP: each step when it is due, each answer back into the journey, each call on record."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from random import Random
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import gevent
import msgspec
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPParseError

from reference_services.kernel.operation import ANYONE, Action, command_id_of
from reference_services.kernel.system import System
from scenarios.run_records import RequestRow
from scenarios.steps import Do, Got, Journey, Think, ThinkUntil

from .answers import AnswerReader
from .clock import Clock
from .tokens import TokenMint

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 30.0
"""How long a call may take, connecting included, on top of the time that the caller offered to wait (``Prefer``)."""

OWN_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL)
"""Too many open files, or no port left to call from: the generator's own trouble, not the service's."""

STOPPED = Got(0, "unknown", reason="stopped")
"""What came of a call that was cut off: the run ended, or this process ran short of something."""


class Ended(msgspec.Struct, frozen=True):
    """One call that has ended: its row, its HTTP method, the size of its answer in bytes, and what was said."""

    row: RequestRow
    method: str
    answer_bytes: int
    asked: Do
    got: Got


Record = Callable[[Ended], None]
"""Takes in one call that has ended."""


class _Route(msgspec.Struct, frozen=True):
    method: str
    path: str
    is_action: bool


class Driver:
    """A keep-alive HTTP client that many journeys share, each in a greenlet of its own.

    ``base_url`` is where the services are mounted, e.g. ``http://127.0.0.1:8080``. ``connections`` bounds the open
    connections; it must not be less than the journeys played at a time, or they would wait for each other.
    """

    def __init__(
        self,
        system: System,
        base_url: str,
        tokens: TokenMint,
        clock: Clock,
        record: Record,
        trace_ids: Random,
        *,
        connections: int,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        prefix = urlsplit(base_url).path.rstrip("/")
        self._routes = {
            operation.name: _Route(
                operation.method, f"{prefix}/{service.name}{operation.path}", isinstance(operation, Action)
            )
            for service, operation in system.operations()
        }
        self._reader = AnswerReader(system)
        self._tokens = tokens
        self._clock = clock
        self._record = record
        self._trace_ids = trace_ids
        self._answer_timeout_s = answer_timeout_s
        # No network timeout: one deadline a call covers connecting, sending and every part of the answer.
        self._http = HTTPClient.from_url(
            base_url,
            headers={"User-Agent": "doorbuster", "Accept": "application/json, application/problem+json"},
            concurrency=connections,
            connection_timeout=CONNECT_TIMEOUT_S,
            network_timeout=None,
        )

    def play(self, customer: str, name: str, journey: Journey, begins_us: int) -> None:
        """Play ``journey`` to its end; its first step was planned for ``begins_us``.

        A later step is intended for the end of the call before it, plus the pauses in between. Raises what the journey
        raises, and OSError when this process cannot open more connections.
        """
        intended_us = begins_us
        got: Got | None = None
        try:
            while True:
                step = journey.send(got)
                got = None
                if isinstance(step, Do):
                    got, intended_us = self._call(customer, name, begins_us, step, intended_us)
                else:
                    intended_us = _after(step, intended_us)
                    self._clock.sleep_until(intended_us)
        except StopIteration:
            return

    def close(self) -> None:
        """Close the idle connections."""
        self._http.close()

    def _call(self, customer: str, journey: str, visit_us: int, step: Do, intended_us: int) -> tuple[Got, int]:
        route = self._routes[step.operation]
        uri = route.path.format_map({name: quote(value, safe="") for name, value in step.path.items()})
        headers = self._headers(step)
        if route.is_action:
            body = msgspec.json.encode(step.body) if step.body is not None else b""
        else:
            uri, body = _with_parameters(uri, step.body), b""
        started_us = self._clock.now_us()
        got, size = STOPPED, 0
        try:
            got, size = self._exchange(route.method, uri, body, headers, self._answer_timeout_s + step.wait_s)
        finally:  # a call that is cut off goes on record too, for it may have been received
            ended_us = self._clock.now_us()
            row = RequestRow(
                customer,
                journey,
                visit_us,
                step.operation,
                intended_us,
                started_us,
                ended_us,
                got.outcome,
                got.status,
                got.reason,
                command_id_of(step.principal, step.operation, step.idempotency_key) if route.is_action else "",
            )
            self._record(Ended(row, route.method, size, step, got))
        return got, ended_us

    def _exchange(self, method: str, uri: str, body: bytes, headers: dict[str, str], limit_s: float) -> tuple[Got, int]:
        try:
            # As an OSError the deadline gives the connection back to the pool wherever it strikes.
            with gevent.Timeout(limit_s, TimeoutError):
                response = self._http.request(method, uri, body, headers)
                payload = response.read()
        except TimeoutError:
            return Got(0, "unknown", reason="timeout"), 0
        except ConnectionRefusedError:
            return Got(0, "unknown", reason="connection-refused"), 0
        except (OSError, HTTPParseError) as error:
            if getattr(error, "errno", None) in OWN_SHORTAGES:
                raise
            return Got(0, "unknown", reason="connection-lost"), 0
        content_type = response.get("content-type", "")
        return self._reader.read(response.status_code, str(content_type), payload), len(payload)

    def _headers(self, step: Do) -> dict[str, str]:
        draw = self._trace_ids.getrandbits
        headers = {"traceparent": f"00-{draw(128):032x}-{draw(64):016x}-01"}
        if step.principal.role != ANYONE:
            headers["Authorization"] = self._tokens.authorization(step.principal)
        if step.idempotency_key:
            headers["Idempotency-Key"] = step.idempotency_key
        if step.wait_s:
            headers["Prefer"] = f"wait={step.wait_s}"
        if step.body is not None:
            headers["Content-Type"] = "application/json"
        return headers


def _with_parameters(uri: str, parameters: Mapping[str, Any] | None) -> str:
    """``uri`` with a query's parameters; what is None is left out."""
    said = {name: value for name, value in (parameters or {}).items() if value is not None}
    return f"{uri}?{urlencode(said)}" if said else uri


def _after(pause: Think | ThinkUntil, intended_us: int) -> int:
    if isinstance(pause, Think):
        return intended_us + pause.pause_us
    return max(intended_us, pause.time_us)
