"""Serves an `Action`: makes its command, sends it once, and tells the caller what became of it."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import msgspec

from ...kernel.message import Message
from ...kernel.operation import CLIENT_COMMAND, Action, Call, Outcome, Principal, command_id_of
from ...kernel.problem import KEY_REUSED, MALFORMED, MISSING_IDEMPOTENCY_KEY, UNPROCESSABLE, Problem, ProblemKind
from .access import Access
from .backend import Backend, Decision
from .claims import CAUSE, fingerprint_of
from .exchange import Headers, Reply, Request, json_reply
from .preferences import preferred_wait
from .queries import applied

KEY_PATTERN = r"[!-~]{1,255}"
"""What an Idempotency-Key looks like: visible ASCII."""

_key = re.compile(KEY_PATTERN)


class Pending(msgspec.Struct, frozen=True):
    """Taken in durably, not decided yet. ``location``, if there is one, is where to ask later."""

    command_id: str
    location: str | None = None


class BodyReader:
    """Reads the body of one action."""

    def __init__(self, body_type: Any, most_bytes: int) -> None:
        self._decoder = msgspec.json.Decoder(body_type)
        self._most_bytes = most_bytes

    async def raw(self, request: Request) -> bytes:
        """The bytes as they came. Raises `Problem` (413, 415)."""
        return await request.json_bytes(self._most_bytes)

    def decode(self, raw: bytes) -> Any:
        """The body that ``raw`` says. Raises `Problem`: 400 if it is not JSON, 422 if a value is not acceptable."""
        try:
            return self._decoder.decode(raw)
        except msgspec.ValidationError as error:
            raise Problem(UNPROCESSABLE, str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Problem(MALFORMED, f"the body is not JSON that can be read: {error}") from error


class ActionEndpoint:
    """One action over HTTP, asked for by people and devices."""

    def __init__(self, service: str, action: Action, backend: Backend, access: Access) -> None:
        self._service = service
        self._action = action
        self._backend = backend
        self._access = access
        self._body = BodyReader(action.body, backend.limits.max_body_bytes) if action.body is not None else None

    async def __call__(self, request: Request) -> Reply:
        """Answer ``request``. Raises `Problem`."""
        backend, action = self._backend, self._action
        backend.require_ready()
        principal = self._access.principal(request, action.roles)
        path = request.path_values()
        body = self._body.decode(await self._body.raw(request)) if self._body is not None else None
        key = _idempotency_key(request, required=action.method == "POST")
        wait_s = preferred_wait(request.header(b"prefer"), backend.limits.max_wait_s)
        end = time.monotonic() + (backend.limits.decision_wait_s if wait_s is None else wait_s)
        command_id = command_id_of(principal, action.name, key) if key else f"{CLIENT_COMMAND}{uuid.uuid4().hex}"
        call = Call(principal, path, body, command_id, time.time_ns() // 1_000)
        with backend.deciding(command_id):
            command = await self._command(request, call, claimed=bool(key))
            decision = await backend.decision(command, end - time.monotonic())
        return await self._answer(command, decision, wait_s, end)

    async def _command(self, request: Request, call: Call, *, claimed: bool) -> Message:
        """The command that ``call`` asks for; the one that was claimed first, if its key is not new."""
        fingerprint = fingerprint_of(request.method, request.path, call.body)
        claim = self._backend.claim_of(call.command_id)
        if claim is None:
            command = make_command(self._backend, self._action, request, call, fingerprint)
            if not claimed:
                return command
            claim = await self._backend.claim(command)
        if claim.fingerprint != fingerprint:
            raise Problem(KEY_REUSED, "another request needs a key of its own")
        return self._backend.codec.decode(claim.payload)

    async def _answer(self, command: Message, decision: Decision | None, wait_s: int | None, end: float) -> Reply:
        headers = applied(wait_s)
        location = self._location(command)
        if decision is None:
            return json_reply(202, Pending(command.id, location), headers + _located(location))
        if decision.refused is not None:
            raise refusal(self._backend, decision.refused.reason, decision.refused.detail)
        outcome = await self._outcome(command, 0 if wait_s is None else end - time.monotonic())
        if outcome.refused:
            raise refusal(self._backend, outcome.refused)
        if not outcome.settled:
            return json_reply(202, outcome.body, headers + _located(location))
        if self._action.created:
            return json_reply(201, outcome.body, headers + _located(location))
        return json_reply(200, outcome.body, headers)

    async def _outcome(self, command: Message, wait_s: float) -> Outcome:
        read, views = self._action.outcome, self._backend.views
        names = (command.correlation_id, *command.subject.split("/")[1:])
        return await self._backend.waiters.settled(lambda: read(command.data, views), names, wait_s)

    def _location(self, command: Message) -> str | None:
        if self._action.location is None:
            return None
        return f"/{self._service}{self._action.location(command.data)}"


class WebhookEndpoint:
    """One signed action: answered as soon as its command is durable, however often it is sent."""

    def __init__(self, action: Action, backend: Backend, access: Access) -> None:
        self._action = action
        self._backend = backend
        self._access = access
        self._body = BodyReader(action.body, backend.limits.max_body_bytes)

    async def __call__(self, request: Request) -> Reply:
        """Answer ``request``. Raises `Problem`.

        Not counted among the undecided: to turn a provider away under load only brings its webhooks back later.
        """
        backend, action = self._backend, self._action
        backend.require_ready()
        raw = await self._body.raw(request)
        webhook_id = self._access.webhook_id(request, raw)
        body = self._body.decode(raw)
        sender = Principal("webhook", action.roles[0])
        command_id = command_id_of(sender, action.name, webhook_id)
        call = Call(sender, request.path_values(), body, command_id, time.time_ns() // 1_000)
        fingerprint = fingerprint_of(request.method, request.path, body)
        command = make_command(backend, action, request, call, fingerprint)
        await backend.send(command)
        return json_reply(202, action.outcome(command.data, backend.views).body)


def make_command(backend: Backend, action: Action, request: Request, call: Call, fingerprint: str) -> Message:
    """The command that ``call`` asks for, in its envelope. Raises `Problem` if the views show that it cannot be."""
    return backend.system.command(
        action.command(call, backend.views),
        call.command_id,
        call.now_us,
        source=backend.source,
        causation_id=CAUSE + fingerprint,
        traceparent=request.traceparent,
    )


def refusal(backend: Backend, reason: str, detail: str = "") -> Problem:
    """The problem that tells a caller which business rule said no; 409 for a reason that the wiring does not name."""
    kind = backend.system.refusals.get(reason) or ProblemKind(reason, 409, "A business rule says no")
    return Problem(kind, detail, reason=reason)


def _idempotency_key(request: Request, *, required: bool) -> str:
    key = request.header(b"idempotency-key")
    if not key and required:
        raise Problem(MISSING_IDEMPOTENCY_KEY, "a new one a request; the same again if its answer got lost")
    if not request.sent(b"idempotency-key"):
        return ""
    if _key.fullmatch(key) is None:
        raise Problem(MALFORMED, "an Idempotency-Key is 1 to 255 visible ASCII characters")
    return key


def _located(location: str | None) -> Headers:
    return () if location is None else ((b"location", location.encode()),)
