"""One path of the API: finds the handler of the method, and turns whatever it raises into a problem."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import structlog
from starlette.types import Receive, Scope, Send

from ...kernel.problem import METHOD_NOT_ALLOWED, Problem
from .exchange import INTERNAL, HttpProblem, Reply, Request, problem_reply
from .metrics import UNROUTED, Metrics
from .trace import trace_id_of

logger = structlog.stdlib.get_logger(__name__)

Serve = Callable[[Request], Awaitable[Reply]]


class Handler(NamedTuple):
    """Who serves one method of a path, under the operation's name."""

    operation: str
    serve: Serve


class Resource:
    """An ASGI application for one path. Every answer carries the request's ``traceparent``."""

    def __init__(self, handlers: Mapping[str, Handler], metrics: Metrics) -> None:
        self._handlers = dict(handlers)
        if "GET" in self._handlers:
            self._handlers["HEAD"] = self._handlers["GET"]
        allowed = ", ".join(sorted(self._handlers))
        self._allow = ((b"allow", allowed.encode()),)
        self._not_allowed = Handler(UNROUTED, self._refuse_method)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, whatever happens."""
        started = time.perf_counter()
        self._metrics.open_requests += 1
        try:
            request = Request(scope, receive)
            operation, serve = self._handlers.get(request.method, self._not_allowed)
            reply = await _reply(request, operation, serve)
            await reply.send(send, (b"traceparent", request.traceparent.encode()))
            self._metrics.answered(operation, reply.status, time.perf_counter() - started)
        finally:
            self._metrics.open_requests -= 1

    async def _refuse_method(self, request: Request) -> Reply:
        raise HttpProblem(METHOD_NOT_ALLOWED, f"{request.method} does not apply to this path", self._allow)


async def _reply(request: Request, operation: str, serve: Serve) -> Reply:
    try:
        return await serve(request)
    except Problem as problem:
        return problem_reply(problem)
    except Exception:  # whatever is broken, the caller gets a problem, and the log gets the traceback, once
        trace_id = trace_id_of(request.traceparent)
        logger.exception("a request failed", operation=operation, path=request.path, trace_id=trace_id)
        return problem_reply(Problem(INTERNAL, trace_id=trace_id))
