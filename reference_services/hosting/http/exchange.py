"""Requests and replies as the endpoints see them: thin, because every microsecond here is paid on every request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Message as ASGIMessage
from starlette.types import Receive, Scope, Send

from ...kernel.edge import NAME_PATTERN
from ...kernel.problem import MALFORMED, NOT_FOUND, TOO_LARGE, UNREACHABLE, Problem, ProblemKind
from .trace import server_traceparent

Headers = tuple[tuple[bytes, bytes], ...]

UNSUPPORTED_MEDIA_TYPE = ProblemKind("unsupported-media-type", 415, "Send application/json")
INTERNAL = ProblemKind("internal-error", 500, "Something is broken here; it has been logged")
RETRY_AFTER = (b"retry-after", b"1")

MOST_PARAMETERS = 50
"""How many parameters a query string may have."""

_path_value = re.compile(NAME_PATTERN)
_encode = msgspec.json.Encoder().encode


class HttpProblem(Problem):
    """A problem whose reply needs headers of its own."""

    def __init__(self, kind: ProblemKind, detail: str = "", headers: Headers = (), **extensions: object) -> None:
        super().__init__(kind, detail, **extensions)
        self.headers = headers


class Request:
    """One HTTP request. ``traceparent`` is the span of this request, in the caller's trace if it sent one."""

    __slots__ = ("_headers", "_query_string", "_receive", "method", "path", "traceparent", "values")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._query_string: bytes = scope.get("query_string", b"")
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.values: Mapping[str, str] = scope["path_params"]
        self.traceparent = server_traceparent(self.header(b"traceparent"))

    def header(self, name: bytes) -> str:
        """The header of that lower-case name; empty if it was not sent."""
        value = self._headers.get(name)
        return value.decode("latin-1").strip() if value is not None else ""

    def sent(self, name: bytes) -> bool:
        """Whether the header of that lower-case name was sent, be it empty."""
        return name in self._headers

    def headers(self) -> dict[str, str]:
        """Every header by lower-case name."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self._headers.items()}

    def path_values(self) -> Mapping[str, str]:
        """What stands for the path's placeholders. Raises `Problem` (404) for what cannot be a name."""
        for value in self.values.values():
            if _path_value.fullmatch(value) is None:
                raise Problem(NOT_FOUND, "the path names nothing that can exist")
        return self.values

    def query_values(self) -> dict[str, str]:
        """The parameters in the query string. Raises `Problem` (400) if it cannot be read, or says something twice."""
        try:
            text = self._query_string.decode("ascii")
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
        except ValueError as error:
            raise Problem(MALFORMED, f"the query string cannot be read: {error}") from error
        values = dict(pairs)
        if len(values) < len(pairs):
            raise Problem(MALFORMED, "the query string says something twice")
        return values

    async def json_bytes(self, most: int) -> bytes:
        """The raw body, declared to be JSON. Raises `Problem` for another type (415) or above ``most`` bytes (413)."""
        media_type = self.header(b"content-type").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Problem(UNSUPPORTED_MEDIA_TYPE, f"the Content-Type is {media_type or 'missing'!r}")
        declared = self.header(b"content-length")
        if declared.isdecimal() and int(declared) > most:
            raise _too_large(most)
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message: ASGIMessage = await self._receive()
            if message["type"] == "http.disconnect":
                raise Problem(MALFORMED, "the body ended early")
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > most:
                raise _too_large(most)
            chunks.append(chunk)
            more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class Reply:
    """One HTTP response, body and all."""

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(
        self, status: int, body: bytes, headers: Headers = (), content_type: bytes = b"application/json"
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        self.content_type = content_type

    async def send(self, send: Send, *more_headers: tuple[bytes, bytes]) -> None:
        """Send it."""
        headers = [
            (b"content-type", self.content_type),
            (b"content-length", str(len(self.body)).encode()),
            *self.headers,
            *more_headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def json_reply(status: int, body: Any, headers: Headers = ()) -> Reply:
    """A reply with ``body`` as JSON."""
    return Reply(status, _encode(body), headers)


def problem_reply(problem: Problem) -> Reply:
    """The reply that carries ``problem``, as RFC 9457 wants it. A 503 says when to try again."""
    status = problem.kind.status
    headers = problem.headers if isinstance(problem, HttpProblem) else ()
    if status == UNREACHABLE.status:
        headers = (*headers, RETRY_AFTER)
    return Reply(status, _encode(problem.body()), headers, b"application/problem+json")


def _too_large(most: int) -> HttpProblem:
    # The rest of the body is not read, so the connection cannot be used again.
    return HttpProblem(TOO_LARGE, f"send at most {most} bytes", ((b"connection", b"close"),))
