"""A kiosk behind a real gateway, on a real broker."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import httpx
import pytest
from deciding import Deciding
from kiosk import kiosk
from standardwebhooks import Webhook

from reference_services.hosting.broker import EmbeddedBroker
from reference_services.hosting.gateway import GatewayServer
from reference_services.hosting.http.apps import Gateway
from reference_services.hosting.http.limits import Limits
from reference_services.hosting.settings import Settings
from reference_services.hosting.tokens import mint
from reference_services.kernel.operation import Principal
from reference_services.kernel.system import System
from reference_services.processes.serving import listening_socket

if TYPE_CHECKING:
    from premises import Serve

TOKEN_SECRET = "a secret of at least thirty-two bytes"
WEBHOOK_SECRET = "whsec_dGhlIG1hY2hpbmUncyBzZWNyZXQ="
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


def bearer(subject: str, role: str, secret: str = TOKEN_SECRET, ttl_s: float = 600) -> dict[str, str]:
    """The header that speaks for ``subject``."""
    return {"Authorization": f"Bearer {mint(Principal(subject, role), secret, ttl_s)}"}


def keyed(subject: str, role: str = "customer", key: str = "", **more: str) -> dict[str, str]:
    """Headers of an action: who asks, and under which idempotency key (a fresh one by default)."""
    return {**bearer(subject, role), "Idempotency-Key": key or uuid.uuid4().hex, **more}


def machine_report(drink_id: str, result: str, webhook_id: str = "") -> tuple[bytes, dict[str, str]]:
    """Body and headers of a webhook by which the kiosk's machine reports."""
    body = json.dumps({"drink_id": drink_id, "result": result})
    return signed(body, webhook_id or uuid.uuid4().hex)


def signed(body: str, webhook_id: str, at: datetime | None = None) -> tuple[bytes, dict[str, str]]:
    """A body and the headers that sign it, as if sent ``at`` that instant (default: now)."""
    sent_at = at or datetime.now(UTC)
    return body.encode(), {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(WEBHOOK_SECRET).sign(webhook_id, sent_at, body),
    }


def assert_problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """``response`` is a whole problem document of that kind, and gives away nothing of the inside."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["type"] == f"urn:doorbuster:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    assert "Traceback" not in response.text
    return body


@pytest.fixture(scope="session")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as embedded:
        yield embedded


@pytest.fixture(scope="session")
def kiosk_settings(broker: EmbeddedBroker) -> Settings:
    return Settings(
        system="kiosk",
        broker=broker.url,
        broker_embedded=True,
        partitions=2,
        token_secret=TOKEN_SECRET,
        webhook_secret=WEBHOOK_SECRET,
    )


@pytest.fixture(scope="session")
def deciding(kiosk_settings: Settings) -> Iterator[Deciding]:
    with Deciding(kiosk(), kiosk_settings) as worker:
        yield worker


@pytest.fixture(scope="session")
def running(kiosk_settings: Settings, deciding: Deciding) -> Iterator[RunningGateway]:
    with RunningGateway(kiosk_settings) as gateway:
        yield gateway.wait_until_ready()


@pytest.fixture
def client(running: RunningGateway) -> httpx.Client:
    return running.client


@pytest.fixture(scope="session")
def served(broker: EmbeddedBroker) -> Iterator[Serve]:
    """Serves a whole system by its name; each is started when it is first asked for."""
    from premises import WholeSystems  # noqa: PLC0415 (it builds on what stands here)

    with WholeSystems(broker) as whole:
        yield whole.serve
