"""The embedded broker as a process, and the topics on it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from running_system import TURNSTILE
from started import started

from reference_services.hosting import broker as broker_module
from reference_services.hosting import tether
from reference_services.hosting.broker import (
    SERVERS_PORTS,
    EmbeddedBroker,
    TopicMismatch,
    accepts,
    create_topics,
    free_port,
    topic_names,
)
from reference_services.hosting.settings import Settings
from reference_services.registry import load_system

GONE_WITHIN_S = 10
CONNECTIONS = 100


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running


def settings_for(broker: EmbeddedBroker, **changes: int) -> Settings:
    return Settings(system=TURNSTILE, broker=broker.url, broker_embedded=True).changed(**changes)


def test_it_listens_on_loopback_only(broker: EmbeddedBroker) -> None:
    listening = [c.laddr for c in psutil.Process(broker.pid).net_connections("tcp") if c.status == psutil.CONN_LISTEN]

    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_no_connection_takes_a_port_between_its_choice_and_its_use() -> None:
    with contextlib.ExitStack() as connections:
        listening = connections.enter_context(socket.create_server(("127.0.0.1", 0)))
        given = []
        for _ in range(CONNECTIONS):
            connection = connections.enter_context(socket.create_connection(listening.getsockname()))
            connections.enter_context(listening.accept()[0])
            given.append(connection.getsockname()[1])

        if min(given) < SERVERS_PORTS.stop:
            setting = f"net.ipv4.ip_local_port_range = {SERVERS_PORTS.stop} 60999"
            pytest.skip(f"connections get such ports here; set {setting}")
        chosen = [free_port() for _ in range(CONNECTIONS)]
        assert max(chosen) < min(given)
        assert len(set(chosen)) == CONNECTIONS


def test_a_port_that_is_taken_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(broker_module, "PORTS_IN_TURN", itertools.repeat(port))

        with pytest.raises(OSError, match="no port from 20000 to 29999 is free"):
            free_port()


def test_it_is_gone_when_the_context_ends() -> None:
    with EmbeddedBroker() as running:
        pid, port = running.pid, int(running.url.rpartition(":")[2])
        assert accepts("127.0.0.1", port)

    assert not psutil.pid_exists(pid)
    assert not accepts("127.0.0.1", port)


def test_topics_are_created_once_with_all_their_partitions(broker: EmbeddedBroker) -> None:
    system = load_system(TURNSTILE, {})
    settings = settings_for(broker)

    for _ in range(2):
        asyncio.run(create_topics(settings, system))

    assert asyncio.run(partitions_by_topic(settings)).items() >= dict.fromkeys(topic_names(system), 4).items()


def test_topics_with_other_partitions_are_not_used(broker: EmbeddedBroker) -> None:
    system = load_system(TURNSTILE, {})
    asyncio.run(create_topics(settings_for(broker), system))

    with pytest.raises(TopicMismatch, match=r"has 4 partitions, not 3.*DOORBUSTER_PARTITIONS"):
        asyncio.run(create_topics(settings_for(broker, partitions=3), system))


@pytest.mark.parametrize("platform", ["linux", "elsewhere"])
def test_a_tethered_process_dies_with_its_starter(tmp_path: Path, project_root: Path, platform: str) -> None:
    child = tmp_path / "child.py"
    child.write_text(
        textwrap.dedent(f"""
        import runpy, sys
        sys.platform = {platform!r}
        sys.argv = sys.argv[:1] + sys.argv[2:]
        runpy.run_path({tether.__file__!r}, run_name="__main__")
        """)
    )
    starter = tmp_path / "starter.py"
    starter.write_text(
        textwrap.dedent(f"""
        import os, subprocess, time
        from reference_services.hosting.tether import tethered
        reading, _ = os.pipe()
        interpreter, *isolated, script, pid, fd, command = tethered(["sleep"], reading)
        child = [interpreter, {str(child)!r}, script, pid, fd, command, "600"]
        print(subprocess.Popen(child, pass_fds=(reading,), start_new_session=True).pid, flush=True)
        time.sleep(600)
        """)
    )
    environment = {**os.environ, "PYTHONPATH": str(project_root)}
    with started([sys.executable, starter], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        sleeper = psutil.Process(int(process.stdout.readline()))
        while sleeper.name() != "sleep":
            assert sleeper.is_running()
        process.kill()

        _, alive = psutil.wait_procs([sleeper], GONE_WITHIN_S)

    assert not alive


async def partitions_by_topic(settings: Settings) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    finally:
        await admin.close()
