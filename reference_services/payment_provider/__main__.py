"""Serves the provider: ``python -m reference_services.payment_provider``, with settings from the environment.

Prints one line of JSON once it listens: ``{"listening": "127.0.0.1:8079"}``. SIGTERM and SIGINT stop it cleanly.
"""

from __future__ import annotations

import json
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
import uvicorn

from .app import ProviderApp
from .journal import JournalUnusable
from .settings import VARIABLES, BadSettings, ProviderSettings

GRACE_S = 5
USAGE = 2


class Server(uvicorn.Server):
    """uvicorn, saying where it listens, and letting waiting requests go when it is told to stop."""

    def __init__(self, provider: ProviderApp) -> None:
        self._provider = provider
        super().__init__(
            uvicorn.Config(
                provider.app,
                loop="uvloop",
                http="httptools",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
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
        """Answer at once whoever still waits, and stop."""
        self._provider.patience.lose()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM.

        uvicorn's own raises the signal again at the end, so that a clean stop would look like a death by signal.
        """
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.should_exit = True


def listening_socket(settings: ProviderSettings) -> socket.socket:
    """A TCP socket bound to the settings' host and port (0: any free port). Raises `BadSettings`."""
    try:
        return socket.create_server((settings.host, settings.port), family=_family(settings.host), backlog=2_048)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise BadSettings(f"cannot listen on {where}: {error.strerror}; set {VARIABLES['port']}") from error


def configure_logs(level: str) -> None:
    """Send every log line to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def main() -> int:
    """Serve until told to stop. Returns the exit code."""
    try:
        settings = ProviderSettings.from_environment()
        configure_logs(settings.log_level)
        provider = ProviderApp(settings)
        bound = listening_socket(settings)
    except (BadSettings, JournalUnusable) as error:
        sys.stderr.write(f"payment provider: {error}\n")
        return USAGE
    Server(provider).run(sockets=[bound])
    return 0


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


if __name__ == "__main__":
    sys.exit(main())
