"""The provider over HTTP: what a card gateway and a message gateway offer, and what an operator needs beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..kernel.outside import (
    Authorize,
    Capture,
    LedgerEntry,
    LookUp,
    MessageReceipt,
    OutsideRequest,
    PaymentReport,
    Refund,
    SendMessage,
    Void,
)
from ..kernel.outside_http import (
    CAPTURE_PATH,
    IDEMPOTENCY_KEY,
    MESSAGES_PATH,
    PAYMENT_PATH,
    PAYMENTS_PATH,
    REFUNDS_PATH,
    VOID_PATH,
    AmountBody,
    AuthorizeBody,
    MessageBody,
)
from ..kernel.problem import KEY_REUSED, METHOD_NOT_ALLOWED, NOT_FOUND, NOT_READY, Problem, ProblemKind
from .books import KeyReused, Notice
from .desk import Desk
from .metrics import Metrics
from .misbehaviour import Misbehaviour
from .openapi import COMPONENTS, PAYMENT_ID, REQUIRED_KEY, Document, Status, answers, described
from .reading import BodyReader, idempotency_key, payment_in_path, payment_name
from .settings import ProviderSettings
from .waiting import Patience

TITLE = "Payment provider"
VERSION = "1"

DRAWN_FAILURE = ProblemKind("provider-failure", 500, "The provider failed, as its knobs say it shall")
NO_ANSWER = ProblemKind("no-answer", 504, "The provider does not answer, as its knobs say it shall")

MOST_SILENCE_S = 120.0
"""How long a request without an answer is held open if its caller does not give up first."""

UNROUTED = {kind.status: kind for kind in (NOT_FOUND, METHOD_NOT_ALLOWED)}
MISBEHAVING = (422, 500, 503, 504)

Endpoint = Callable[[Request], Awaitable[Response]]
_encode = msgspec.json.Encoder().encode


class ProviderApp:
    """The FastAPI application ``app`` around one desk. Raises `JournalUnusable` when made."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.patience = Patience()
        self._metrics = Metrics()
        self._desk = Desk(settings, self._metrics)
        self._metrics.watch(lambda: self._desk.unfinished)
        self._authorize_bodies = BodyReader(AuthorizeBody)
        self._amount_bodies = BodyReader(AmountBody)
        self._message_bodies = BodyReader(MessageBody)
        self._knob_bodies = BodyReader(Misbehaviour)
        self.app = FastAPIOffline(
            title=TITLE, version=VERSION, redoc_url=None, redirect_slashes=False, lifespan=self._lifespan
        )
        self.app.add_middleware(EncodedPaths)
        self.app.add_exception_handler(Problem, self._answer_problem)
        self.app.add_exception_handler(HTTPException, self._answer_unrouted)
        self.app.openapi = self._openapi  # type: ignore[method-assign]
        self._add_routes()

    def _add_routes(self) -> None:
        posting = (400, 413, *MISBEHAVING)
        keyed, payment = (REQUIRED_KEY,), (REQUIRED_KEY, PAYMENT_ID)
        post, get = self._route("POST"), self._route("GET")
        post(PAYMENTS_PATH, self.authorize, answers(PaymentReport, *posting), described(*keyed, body=AuthorizeBody))
        post(CAPTURE_PATH, self.capture, answers(PaymentReport, *posting), described(*payment, body=AmountBody))
        post(VOID_PATH, self.void, answers(PaymentReport, 400, *MISBEHAVING), described(*payment))
        post(REFUNDS_PATH, self.refund, answers(PaymentReport, *posting), described(*payment, body=AmountBody))
        get(PAYMENT_PATH, self.look_up, answers(PaymentReport, *MISBEHAVING), described(PAYMENT_ID))
        post(MESSAGES_PATH, self.send_message, answers(MessageReceipt, *posting), described(*keyed, body=MessageBody))
        get(MESSAGES_PATH, self.messages, answers(list[Notice]))
        get("/ledger", self.ledger, answers(list[LedgerEntry]))
        get("/knobs", self.knobs, answers(Misbehaviour))
        self._route("PUT")("/knobs", self.turn, answers(Misbehaviour, 400, 413, 422, 503), described(body=Misbehaviour))
        get("/livez", self.alive, answers(Status))
        get("/readyz", self.ready, answers(Status, 503))
        self.app.add_api_route("/metrics", self.metrics, response_class=Response, include_in_schema=False)

    def _route(self, method: str) -> Callable[..., None]:
        def add(
            path: str, endpoint: Endpoint, responses: dict[int | str, Document], extra: Document | None = None
        ) -> None:
            self.app.add_api_route(
                path,
                endpoint,
                methods=[method],
                operation_id=endpoint.__name__,
                response_class=Response,
                responses=responses,
                openapi_extra=extra,
            )

        return add

    async def authorize(self, request: Request) -> Response:
        """Reserve money on a card. With automatic capture it is collected soon after, and a webhook tells of it."""
        key, body = idempotency_key(request), await self._authorize_bodies.read(request)
        name = payment_name(body.payment_id)
        return await self._ask(request, Authorize(key, name, body.amount_cents, body.card_token, body.capture))

    async def capture(self, request: Request) -> Response:
        """Collect authorized money, or a part of it; the rest is let go."""
        key, name = idempotency_key(request), payment_in_path(request)
        body = await self._amount_bodies.read(request)
        return await self._ask(request, Capture(key, name, body.amount_cents))

    async def void(self, request: Request) -> Response:
        """Let an authorization go. A payment never heard of is remembered as void."""
        return await self._ask(request, Void(idempotency_key(request), payment_in_path(request)))

    async def refund(self, request: Request) -> Response:
        """Give captured money back, all of it or a part."""
        key, name = idempotency_key(request), payment_in_path(request)
        body = await self._amount_bodies.read(request)
        return await self._ask(request, Refund(key, name, body.amount_cents))

    async def look_up(self, request: Request) -> Response:
        """How a payment stands; ``unknown`` rather than 404, so that nobody mistakes a wrong address for an answer."""
        name = payment_in_path(request)
        return await self._ask(request, LookUp(request.headers.get(IDEMPOTENCY_KEY, name), name))

    async def send_message(self, request: Request) -> Response:
        """Tell a person something, once for each key."""
        key, body = idempotency_key(request), await self._message_bodies.read(request)
        return await self._ask(request, SendMessage(key, body.recipient, body.kind, body.text))

    async def messages(self, request: Request) -> Response:
        """Every message, and how often this process was asked to send it."""
        return _json(self._desk.provider.books.notices)

    async def ledger(self, request: Request) -> Response:
        """Every movement of money, in the order in which they were booked."""
        return _json(self._desk.provider.books.ledger)

    async def knobs(self, request: Request) -> Response:
        """How the provider misbehaves at present."""
        return _json(self._desk.provider.misbehaviour)

    async def turn(self, request: Request) -> Response:
        """Misbehave in another way from now on; knobs that are left out go back to a good day."""
        self._desk.turn(await self._knob_bodies.read(request))
        return await self.knobs(request)

    async def alive(self, request: Request) -> Response:
        """Whether the process answers at all."""
        return _json(Status("alive"))

    async def ready(self, request: Request) -> Response:
        """Whether requests can be taken in and written down."""
        if not self._desk.ready:
            raise Problem(NOT_READY, "the journal cannot be written; see the log")
        return _json(Status("ready"))

    async def metrics(self, request: Request) -> Response:
        """Counts, for Prometheus."""
        return Response(self._metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    async def _ask(self, request: Request, asked: OutsideRequest) -> Response:
        try:
            reaction = self._desk.receive(asked)
        except KeyReused as error:
            raise Problem(KEY_REUSED, str(error)) from error
        if reaction.fate in ("lost", "silent"):
            await self._stay_silent(request)
            raise Problem(NO_ANSWER)
        await self.patience.wait(reaction.answer_after_us / 1e6)
        if reaction.answer is None:
            raise Problem(DRAWN_FAILURE)
        return _json(reaction.answer)

    async def _stay_silent(self, request: Request) -> None:
        """Hold the request open until its caller gives up."""
        waits = {
            asyncio.ensure_future(_hung_up(request)),
            asyncio.ensure_future(self.patience.wait(MOST_SILENCE_S)),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        await self._desk.open()
        try:
            yield
        finally:
            await self._desk.close()

    async def _answer_problem(self, request: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)
        self._metrics.refused(problem.kind.slug)
        return Response(_encode(problem.body()), problem.kind.status, media_type="application/problem+json")

    async def _answer_unrouted(self, request: Request, error: Exception) -> Response:
        """Paths and methods that lead nowhere."""
        assert isinstance(error, HTTPException)
        kind = UNROUTED.get(error.status_code) or ProblemKind(
            f"http-{error.status_code}", error.status_code, error.detail
        )
        response = await self._answer_problem(request, Problem(kind, f"{request.method} {request.url.path}"))
        if kind is METHOD_NOT_ALLOWED:
            response.headers["allow"] = ", ".join(self._methods_at(request.scope))
        return response

    def _methods_at(self, scope: Scope) -> list[str]:
        """Every method that applies to the path of ``scope``; a router knows only those of the first route it meets."""
        routes = (route for route in self.app.routes if isinstance(route, Route))
        return sorted(
            {method for route in routes if route.matches(scope)[0] is not Match.NONE for method in route.methods or ()}
        )

    def _openapi(self) -> dict[str, Any]:
        if self.app.openapi_schema is None:
            document = get_openapi(title=TITLE, version=VERSION, routes=self.app.routes)
            document["components"] = {"schemas": COMPONENTS}
            self.app.openapi_schema = document
        return self.app.openapi_schema


class EncodedPaths:
    """Routes by the path as it was sent, so that an encoded slash is part of a name (RFC 3986, section 2.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            scope["path"] = scope["raw_path"].decode("latin-1")
        await self._app(scope, receive, send)


def _json(body: Any) -> Response:
    return Response(_encode(body), media_type="application/json")


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
