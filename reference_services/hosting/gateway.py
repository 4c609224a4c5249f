"""Runs the HTTP side of a system: ``python -m reference_services.hosting.gateway``, with settings from the environment.

Prints one line of JSON once it listens: ``{"listening": "127.0.0.1:8080"}``. SIGTERM and SIGINT stop it cleanly.
Several gateways share one port with ``DOORBUSTER_REUSE_PORT=1``; the kernel then spreads connections over them.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from ..registry import BadTerms, UnknownSystem, load_system
from .http.apps import Gateway
from .http.limits import Limits
from .http.protocol import ProblemProtocol
from .logs import configure_logs
from .settings import BadSettings, Settings, variable

PROCESS = "gateway"
GRACE_S = 5
BACKLOG = 2_048
FAILED = 1
USAGE = 2


class Server(uvicorn.Server):
    """uvicorn, saying where it listens, and letting waiting requests go when it is told to stop."""

    def __init__(self, gateway: Gateway) -> None:
        self._backend = gateway.backend
        super().__init__(
            uvicorn.Config(
                gateway.app,
                loop="uvloop",
                http=ProblemProtocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        for listening in sockets or []:
            host, port = listening.getsockname()[:2]
            sys.stdout.write(json.dumps({"listening": f"{host}:{port}"}) + "\n")
            sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer those who wait with what there is, finish what is under way, and stop."""
        self._backend.waiters.close()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop: told to, or blind."""
        return await super().on_tick(counter) or self._backend.failed

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM.

        uvicorn's own raises the signal again at the end, so that a clean stop would look like a death by signal.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.should_exit = True


def listening_socket(host: str, port: int, *, shared: bool) -> socket.socket:
    """A TCP socket bound to ``host:port`` (0: any free port); ``shared`` lets other gateways bind the same one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise BadSettings(f"cannot listen on {host}:{port}: {error.strerror}; set {variable('http_port')}") from error
    return bound


def main() -> int:
    """Serve until told to stop. Returns the exit code."""
    try:
        settings = Settings.from_environment()
        gateway = Gateway(load_system(settings.system, settings.terms), settings, Limits.from_environment())
        shared = os.environ.get(variable("reuse_port")) == "1"
        bound = listening_socket(settings.http_host, settings.http_port, shared=shared)
    except (BadSettings, BadTerms, UnknownSystem) as error:
        sys.stderr.write(f"gateway: {error}\n")
        return USAGE
    configure_logs(settings.log_level, PROCESS)
    Server(gateway).run(sockets=[bound])
    return FAILED if gateway.backend.failed else 0


if __name__ == "__main__":
    sys.exit(main())
