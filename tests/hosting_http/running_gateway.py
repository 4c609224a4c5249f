"""A real gateway in a thread of the tests'."""

from __future__ import annotations

import threading
import time
from typing import Self

import httpx
from kiosk import kiosk

from reference_services.hosting.gateway import GatewayServer
from reference_services.hosting.http.apps import Gateway
from reference_services.hosting.http.limits import Limits
from reference_services.hosting.settings import Settings
from reference_services.kernel.system import System
from reference_services.processes.serving import listening_socket

READY_LIMIT_S = 20.0


class RunningGateway:
    """A gateway that serves in a thread, as a context, and a client to talk to it."""

    def __init__(self, settings: Settings, limits: Limits | None = None, system: System | None = None) -> None:
        self.gateway = Gateway(system or kiosk(settings.system), settings, limits or Limits())
        bound = listening_socket("127.0.0.1", 0, shared=False)
        self.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self.client = httpx.Client(base_url=self.url, timeout=20)
        self._server = GatewayServer(self.gateway)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [bound]}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self._wait_until("/livez")

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()

    def stop(self) -> None:
        """Stop it as SIGTERM would."""
        self._server.should_exit = True
        self._thread.join(15)
        assert not self._thread.is_alive()

    def run_until_it_stops(self) -> None:
        """Serve until the gateway itself sees a reason to stop."""
        self._thread.start()
        self._thread.join(READY_LIMIT_S)
        assert not self._thread.is_alive()
        self.client.close()

    def wait_until_ready(self) -> Self:
        return self._wait_until("/readyz")

    def _wait_until(self, path: str) -> Self:
        end = time.monotonic() + READY_LIMIT_S
        while True:
            try:
                if self.client.get(path).status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            assert time.monotonic() < end, f"the gateway did not answer {path}"
            time.sleep(0.02)
