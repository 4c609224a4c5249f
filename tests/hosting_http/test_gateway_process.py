"""The gateway as a process: says where it listens, stops when told to, and complains in one line."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from bookshop import OFFER, SKU, open_shop, place_order
from deciding import Deciding
from http_talk import TOKEN_SECRET, WEBHOOK_SECRET, assert_problem, bearer, keyed
from started import started

from reference_services.hosting.broker import EmbeddedBroker, create_topics, free_port
from reference_services.hosting.gateway import main
from reference_services.hosting.settings import Settings
from reference_services.registry import load_system

COMMAND = [sys.executable, "-m", "reference_services.hosting.gateway"]
LIMIT_S = 20


@pytest.fixture(scope="module")
def bookstore_settings(broker: EmbeddedBroker) -> Settings:
    return settings_for(broker)


@pytest.fixture
def own_broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as embedded:
        yield embedded


@pytest.fixture
def own_settings(own_broker: EmbeddedBroker) -> Settings:
    """For a gateway behind which nobody decides."""
    return settings_for(own_broker)


def settings_for(broker: EmbeddedBroker) -> Settings:
    return Settings(
        system="bookstore",
        broker=broker.url,
        broker_embedded=True,
        partitions=2,
        http_port=0,
        token_secret=TOKEN_SECRET,
        webhook_secret=WEBHOOK_SECRET,
    )


@contextmanager
def gateway(settings: Settings, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A gateway process that listens, and its URL."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(COMMAND, env=environment(settings, **more), text=True, **pipes) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield process, f"http://{json.loads(line)['listening']}"


def environment(settings: Settings, **more: str) -> Mapping[str, str]:
    return {**os.environ, **settings.to_environment(), **more}


def wait_until_ready(url: str) -> None:
    end = time.monotonic() + LIMIT_S
    while httpx.get(f"{url}/readyz").status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.05)


def wait_until_undecided(url: str) -> None:
    """Wait until one request waits for its decision, or for the way there."""
    end = time.monotonic() + LIMIT_S
    while "doorbuster_http_undecided 1.0" not in httpx.get(f"{url}/metrics").text:
        assert time.monotonic() < end
        time.sleep(0.01)


def offer(url: str) -> httpx.Response:
    headers = keyed("sue", "staff", Prefer="wait=30")
    return httpx.put(f"{url}/catalog/catalog/{SKU}", json=OFFER, headers=headers, timeout=LIMIT_S)


def test_it_serves_and_stops_cleanly_while_somebody_waits(bookstore_settings: Settings) -> None:
    bookstore = load_system("bookstore", {})
    with (
        Deciding(bookstore, bookstore_settings),
        gateway(bookstore_settings) as (process, url),
        httpx.Client(base_url=url, timeout=LIMIT_S) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        wait_until_ready(url)
        open_shop(client)
        placed = place_order(client)
        assert placed.status_code == 202, placed.text
        ask = {**bearer("ann", "customer"), "Prefer": "wait=30"}
        waiting = pool.submit(httpx.get, url + placed.headers["location"], headers=ask, timeout=LIMIT_S)
        time.sleep(0.3)
        assert not waiting.done()

        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=LIMIT_S)

        assert process.returncode == 0, log
        assert waiting.result().status_code == 200
        assert "Traceback" not in log


def test_who_waits_for_a_decision_when_it_stops_is_told_that_it_is_taken_in(own_settings: Settings) -> None:
    with gateway(own_settings) as (process, url), ThreadPoolExecutor(1) as pool:
        wait_until_ready(url)
        waiting = pool.submit(offer, url)
        wait_until_undecided(url)

        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=LIMIT_S)

    answer = waiting.result()
    assert answer.status_code == 202, answer.text
    assert answer.json()["command_id"].startswith("c-")
    assert process.returncode == 0, log
    assert "Traceback" not in log


def test_who_waits_for_a_broker_that_stands_still_when_it_stops_is_told_to_try_again(
    own_broker: EmbeddedBroker, own_settings: Settings
) -> None:
    with (
        gateway(own_settings, DOORBUSTER_APPEND_TIMEOUT_S="60") as (process, url),
        ThreadPoolExecutor(1) as pool,
    ):
        wait_until_ready(url)
        os.kill(own_broker.pid, signal.SIGSTOP)
        try:
            waiting = pool.submit(offer, url)
            wait_until_undecided(url)
            process.send_signal(signal.SIGTERM)
            answer = waiting.result()
        finally:
            os.kill(own_broker.pid, signal.SIGCONT)
        _, log = process.communicate(timeout=LIMIT_S)

    assert_problem(answer, 503, "log-unreachable")
    assert process.returncode == 0, log


def test_two_gateways_share_a_port(bookstore_settings: Settings) -> None:
    settings = bookstore_settings.changed(http_port=free_port())
    shared = {"DOORBUSTER_REUSE_PORT": "1"}
    with gateway(settings, **shared) as (one, url), gateway(settings, **shared) as (_, same_url):
        assert same_url == url
        wait_until_ready(url)
        one.send_signal(signal.SIGINT)
        one.communicate(timeout=LIMIT_S)

        assert one.returncode == 0
        wait_until_ready(url)


def test_a_port_that_is_taken_is_named(bookstore_settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = bookstore_settings.changed(http_port=other.getsockname()[1])
        ended = subprocess.run(
            COMMAND, env=environment(taken), capture_output=True, text=True, timeout=LIMIT_S, check=False
        )

    assert ended.returncode == 2
    assert "set DOORBUSTER_HTTP_PORT" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_another_number_of_partitions_than_the_topics_have_ends_it(bookstore_settings: Settings) -> None:
    asyncio.run(create_topics(bookstore_settings, load_system("bookstore", {})))

    with gateway(bookstore_settings.changed(partitions=3)) as (process, _):
        _, log = process.communicate(timeout=LIMIT_S)

    assert process.returncode == 1
    assert log.count("set DOORBUSTER_PARTITIONS to what it has") == 1
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("DOORBUSTER_SYSTEM", "", "set DOORBUSTER_SYSTEM"),
        ("DOORBUSTER_SYSTEM", "nowhere", "there is no system 'nowhere'"),
        ("DOORBUSTER_TERMS", '{"reservation_ttl_us": "soon"}', "reservation_ttl_us"),
        ("DOORBUSTER_TOKEN_SECRET", "", "set DOORBUSTER_TOKEN_SECRET"),
        ("DOORBUSTER_WEBHOOK_SECRET", "", "set DOORBUSTER_WEBHOOK_SECRET"),
        ("DOORBUSTER_WEBHOOK_SECRET", "whsec_", "DOORBUSTER_WEBHOOK_SECRET"),
        ("DOORBUSTER_BROKER", "embedded", "DOORBUSTER_BROKER"),
        ("DOORBUSTER_MAX_UNDECIDED", "0", "DOORBUSTER_MAX_UNDECIDED"),
        ("DOORBUSTER_HTTP_HOST", "no.such.host.invalid", "cannot listen on"),
    ],
)
def test_settings_that_cannot_work_are_named(
    bookstore_settings: Settings,
    variable: str,
    value: str,
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, text in {**bookstore_settings.to_environment(), variable: value}.items():
        monkeypatch.setenv(name, text)
    if not value:
        monkeypatch.delenv(variable)

    assert main() == 2
    printed = capsys.readouterr()
    assert complaint in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
