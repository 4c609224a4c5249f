"""The pages of a worker, on loopback: is it alive, is it ready, what has it counted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ..kernel.problem import NOT_READY, Problem
from .broker import LOOPBACK


class Pages:
    """Serves ``/livez``, ``/readyz`` and ``/metrics``; ``readiness`` says of each part whether it is ready."""

    def __init__(self, readiness: Callable[[], Mapping[str, bool]]) -> None:
        self._readiness = readiness
        application = web.Application()
        application.router.add_get("/livez", self._livez)
        application.router.add_get("/readyz", self._readyz)
        application.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(application, access_log=None)

    async def start(self, port: int) -> None:
        """Listen on ``port`` (0: a free one) and announce it as one line of JSON on stdout."""
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, port).start()
        host, bound = self._runner.addresses[0][:2]
        sys.stdout.write(json.dumps({"listening": f"{host}:{bound}"}) + "\n")
        sys.stdout.flush()

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _livez(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _readyz(self, request: web.Request) -> web.Response:
        waiting = [name for name, ready in self._readiness().items() if not ready]
        if not waiting:
            return web.json_response({"status": "ready"})
        problem = Problem(NOT_READY, f"not ready: {', '.join(waiting)}")
        return web.json_response(problem.body(), status=NOT_READY.status, content_type="application/problem+json")

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})
