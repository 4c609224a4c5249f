"""Serves a `Query`: reads the views, and waits for them to settle if the caller prefers to."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from ...kernel.operation import Call, Query
from ...kernel.problem import UNPROCESSABLE, Problem
from .access import Access
from .backend import Backend
from .exchange import Headers, Reply, Request, json_reply
from .preferences import preferred_wait


class QueryEndpoint:
    """One query over HTTP."""

    def __init__(self, query: Query, backend: Backend, access: Access) -> None:
        self._query = query
        self._backend = backend
        self._access = access

    async def __call__(self, request: Request) -> Reply:
        """Answer ``request``. Raises `Problem`."""
        self._backend.require_ready()
        principal = self._access.principal(request, self._query.roles)
        path = request.path_values()
        wait_s = preferred_wait(request.header(b"prefer"), self._backend.limits.max_wait_s)
        backend, now_us = self._backend, time.time_ns() // 1_000
        base_url = backend.public_url or f"http://{request.header(b'host')}"
        parameters = self._parameters(request)
        call = Call(principal, path, parameters, "", now_us, backend.views_age_us(now_us), base_url)
        read, views = self._query.read, backend.views
        outcome = await backend.waiters.settled(
            lambda: read(call, views), path.values() or (principal.subject,), wait_s or 0
        )
        return json_reply(200, outcome.body, applied(wait_s))

    def _parameters(self, request: Request) -> Any:
        """What the query string says; a query without parameters ignores it."""
        expected = self._query.parameters
        if expected is None:
            return None
        try:
            return msgspec.convert(request.query_values(), expected, strict=False)
        except msgspec.ValidationError as error:
            raise Problem(UNPROCESSABLE, f"in the query string: {error}") from error


def applied(wait_s: int | None) -> Headers:
    """The header that tells which wait was granted, if one was asked for."""
    return () if wait_s is None else ((b"preference-applied", b"wait=%d" % wait_s),)
