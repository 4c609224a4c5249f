"""Runs the HTTP side of a system: ``python -m reference_services.hosting.gateway``, with settings from the environment.

Prints one line of JSON once it listens: ``{"listening": "127.0.0.1:8080"}``. SIGTERM and SIGINT stop it cleanly.
Several gateways share one port with ``DOORBUSTER_REUSE_PORT=1``; the kernel then spreads connections over them.
"""

from __future__ import annotations

import os
import sys

from ..processes.logs import configure_logs
from ..processes.memory import collect_rarely
from ..processes.serving import AnnouncingServer, CannotListen, listening_socket
from ..registry import BadTerms, UnknownSystem, load_system
from .http.apps import Gateway
from .http.limits import Limits
from .http.protocol import ProblemProtocol
from .settings import BadSettings, Settings, variable

PROCESS = "gateway"
FAILED = 1
USAGE = 2


class GatewayServer(AnnouncingServer):
    """The gateway's server; it also stops when its gateway has gone blind."""

    def __init__(self, gateway: Gateway) -> None:
        self._backend = gateway.backend
        super().__init__(gateway.app, gateway.backend.let_go, http=ProblemProtocol)

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop: told to, or blind."""
        return await super().on_tick(counter) or self._backend.failed


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
    except CannotListen as error:
        sys.stderr.write(f"gateway: {error}; set {variable('http_port')}\n")
        return USAGE
    configure_logs(settings.log_level, PROCESS)
    collect_rarely()
    GatewayServer(gateway).run(sockets=[bound])
    return FAILED if gateway.backend.failed else 0


if __name__ == "__main__":
    sys.exit(main())
