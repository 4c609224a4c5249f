"""Puts the parts together: one FastAPI app a service, mounted under its name, and what operators ask beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response
from starlette.routing import Mount, Route

from ...kernel.operation import Action
from ...kernel.problem import METHOD_NOT_ALLOWED, NOT_FOUND, NOT_READY, Problem, ProblemKind
from ...kernel.system import Service, System
from ..settings import Settings
from .access import Access
from .actions import ActionEndpoint, WebhookEndpoint
from .backend import Backend
from .exchange import INTERNAL, Reply, json_reply, problem_reply
from .limits import Limits
from .metrics import UNROUTED, Metrics
from .openapi import VERSION, openapi_document
from .queries import QueryEndpoint
from .resource import Handler, Resource, Serve
from .trace import server_traceparent, trace_id_of

logger = structlog.stdlib.get_logger(__name__)

Ask = Callable[[StarletteRequest], Awaitable[Response]]

NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""Traces and metrics are our own, see ``trace.py`` and ``metrics.py``; a second set would only cost time."""

KINDS = {kind.status: kind for kind in (NOT_FOUND, METHOD_NOT_ALLOWED)}


class Gateway:
    """The HTTP side of one system. ``app`` is the ASGI application."""

    def __init__(self, system: System, settings: Settings, limits: Limits) -> None:
        self.backend = Backend(system, settings, limits)
        self._system = system
        self._metrics = Metrics(self.backend)
        self._access = Access(settings.require("token_secret"), settings.require("webhook_secret"))
        self._problems = {HTTPException: self._answer_unrouted, Exception: self._answer_broken}
        self.app = self._root()

    def _root(self) -> Starlette:
        operators: dict[str, Ask] = {"/livez": self._alive, "/readyz": self._ready, "/metrics": self._show_metrics}
        app = Starlette(
            routes=[
                *(Route(path, ask, methods=["GET"]) for path, ask in operators.items()),
                *(Mount(f"/{service.name}", self._service_app(service)) for service in self._system.services),
            ],
            exception_handlers=self._problems,  # type: ignore[arg-type]
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False
        return app

    def _service_app(self, service: Service) -> FastAPI:
        app = FastAPIOffline(
            title=f"{self._system.name}: {service.name}",
            summary=service.summary,
            version=VERSION,
            redoc_url=None,
            redirect_slashes=False,
            telemetry=NO_TELEMETRY,
            exception_handlers=self._problems,
        )
        document = openapi_document(self._system, service)
        app.openapi = lambda: document  # type: ignore[method-assign]
        for path, handlers in self._handlers(service).items():
            app.router.routes.append(Route(path, Resource(handlers, self._metrics)))
        return app

    def _handlers(self, service: Service) -> dict[str, dict[str, Handler]]:
        handlers: dict[str, dict[str, Handler]] = {}
        for operation in service.operations:
            serve: Serve
            if not isinstance(operation, Action):
                serve = QueryEndpoint(operation, self.backend, self._access)
            elif operation.signed:
                serve = WebhookEndpoint(operation, self.backend, self._access)
            else:
                serve = ActionEndpoint(service.name, operation, self.backend, self._access)
            handlers.setdefault(operation.path, {})[operation.method] = Handler(operation.name, serve)
        return handlers

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        await self.backend.start()
        try:
            yield
        finally:
            await self.backend.stop()

    async def _alive(self, request: StarletteRequest) -> Response:
        return _response(json_reply(200, {"status": "alive"}))

    async def _ready(self, request: StarletteRequest) -> Response:
        reason = await self.backend.why_not_ready()
        return _response(problem_reply(Problem(NOT_READY, reason)) if reason else json_reply(200, {"status": "ready"}))

    async def _show_metrics(self, request: StarletteRequest) -> Response:
        return Response(self._metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    async def _answer_unrouted(self, request: StarletteRequest, error: HTTPException) -> Response:
        """Paths and methods that lead nowhere."""
        kind = KINDS.get(error.status_code) or ProblemKind(f"http-{error.status_code}", error.status_code, error.detail)
        self._metrics.answered(UNROUTED, kind.status, 0.0)
        response = _response(problem_reply(Problem(kind, f"{request.method} {request.url.path} leads nowhere")))
        response.headers["traceparent"] = server_traceparent(request.headers.get("traceparent", ""))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    async def _answer_broken(self, request: StarletteRequest, error: Exception) -> Response:
        """Whatever broke outside of the operations, e.g. while documents are shown."""
        trace_id = trace_id_of(server_traceparent(request.headers.get("traceparent", "")))
        logger.error("a request failed", path=request.url.path, trace_id=trace_id)
        return _response(problem_reply(Problem(INTERNAL, trace_id=trace_id)))


def _response(reply: Reply) -> Response:
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    return Response(reply.body, reply.status, headers, media_type=reply.content_type.decode())
