"""A kiosk behind a real gateway, on a real broker."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from deciding import Deciding
from http_talk import TOKEN_SECRET, WEBHOOK_SECRET
from kiosk import kiosk
from premises import Serve, WholeSystems
from running_gateway import RunningGateway

from reference_services.hosting.broker import EmbeddedBroker
from reference_services.hosting.settings import Settings


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
    with WholeSystems(broker) as whole:
        yield whole.serve
