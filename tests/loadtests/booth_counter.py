"""The counter of the booth, an HTTP server in this process, and a caller that plays journeys at it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import gevent
import msgspec
from booth import BOOTH, SECRET
from gevent.pywsgi import WSGIServer

from loadtests.clock import Clock
from loadtests.driver import Driver
from loadtests.tokens import TokenMint
from scenarios.run_records import RequestRow


class Counter:
    """An HTTP server in a greenlet. It keeps what it is asked, and answers as it is told: at once with 200 ``{}``."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status = "200 OK"
        self.content_type = "application/json"
        self.body: Any = {}
        self.takes_s: Callable[[int], float] = lambda index: 0.0
        self._server = WSGIServer(("127.0.0.1", 0), self._answer, log=None)
        self._server.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def refuse(self, status: str, slug: str) -> None:
        self.status, self.content_type = status, "application/problem+json"
        self.body = {"type": f"urn:doorbuster:problem:{slug}", "title": "No"}

    def stop(self) -> None:
        self._server.stop(timeout=0)

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ["body"] = environ["wsgi.input"].read()
        self.asked.append(environ)
        gevent.sleep(self.takes_s(len(self.asked) - 1))
        start_response(self.status, [("Content-Type", self.content_type)])
        return [self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)]


class Caller:
    """A driver with the rows that it has recorded."""

    def __init__(self, url: str, answer_timeout_s: float = 5.0) -> None:
        self.rows: list[RequestRow] = []
        self.clock = Clock()
        self.driver = Driver(
            BOOTH,
            url,
            TokenMint(SECRET, 60.0),
            self.clock,
            lambda ended: self.rows.append(ended.row),
            Random(1),
            connections=100,
            answer_timeout_s=answer_timeout_s,
        )

    def play(self, *steps: Any) -> list[Any]:
        """Play a journey of these steps, which begins now; returns what it got back after each."""
        got: list[Any] = []

        def journey() -> Any:
            for step in steps:
                answer = yield step
                got.append(answer)

        self.driver.play("customer-1", "journey", journey(), self.clock.now_us())
        return got
