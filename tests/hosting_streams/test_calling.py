"""Effects for real: no call is lost when a worker dies before it is answered, or when the answer cannot be read."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from running_system import TURNSTILE, RunningSystem

from doorbuster.live.inboxes import messages_open
from reference_services.kernel.message import partition_of
from reference_services.payment_provider.books import Notice
from tests.hosting_streams.turnstile.system import AskToll, TollAsked, TollTold


@pytest.fixture(scope="module")
def mishaps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mishaps")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, mishaps: Path) -> Iterator[RunningSystem]:
    run_dir = tmp_path_factory.mktemp("calling")
    with RunningSystem(TURNSTILE, run_dir, {"mishaps": str(mishaps)}, gateways=0) as started:
        yield started


def test_a_call_that_its_worker_did_not_outlive_is_made_again_under_the_same_key(running: RunningSystem) -> None:
    running.supervisor.pause("provider")
    running.send(AskToll("deaf-1", "dee"), "c-deaf")
    running.wait_until(lambda: "deaf-1" in asked(running), "it was decided to tell dee")
    running.wait_until(lambda: running.counted("doorbuster_effects_in_flight", service="tolls") == 1, "a call is open")
    running.wait_until(lambda: still_open(running) == 1, "the lag tells of the open call")

    running.supervisor.kill("tolls-1")
    running.supervisor.resume("provider")

    running.wait_until(lambda: "deaf-1" in told(running), "dee was told")
    running.wait_until(lambda: still_open(running) == 0, "everything is done with")
    assert asked(running).count("deaf-1") == 1
    assert [notice.idempotency_key for notice in notices(running) if notice.recipient == "dee"] == ["deaf-1"]
    assert told(running).count("deaf-1") == 1


def test_nothing_is_committed_past_an_open_call_and_the_inbox_goes_on(running: RunningSystem) -> None:
    partition = partition_of("toll/slow-1", running.settings.partitions)
    others = [f"slow-{number}" for number in range(2, 100)]
    follower = next(toll for toll in others if partition_of(f"toll/{toll}", running.settings.partitions) == partition)
    before = committed(running, partition)
    running.supervisor.pause("provider")
    try:
        for toll in ("slow-1", follower):
            running.send(AskToll(toll, "ada"), f"c-{toll}")
        running.wait_until(lambda: {"slow-1", follower} <= set(asked(running)), "both were decided")
        assert committed(running, partition) == before
    finally:
        running.supervisor.resume("provider")

    running.wait_until(lambda: {"slow-1", follower} <= set(told(running)), "both were told")
    running.wait_until(lambda: committed(running, partition) >= before + 2, "both are done with")


def test_an_answer_that_cannot_be_read_stops_nobody_and_is_made_up_for_by_a_replay(
    running: RunningSystem, mishaps: Path
) -> None:
    (mishaps / "misread").touch()
    running.send(AskToll("latin-1", "ada"), "c-latin")

    def letters() -> list[str]:
        return [letter.reason for letter in running.dead_letters("toll/latin-1/1/0", "tolls")]

    running.wait_until(lambda: bool(letters()), "the record was set aside")
    assert letters() == ["EffectFailed: tell on toll/latin-1/1/0: ValueError: the receipt is in Latin"]
    assert running.counted("doorbuster_events_dead_lettered_total", service="tolls", by="effects") == 1
    (mishaps / "misread").unlink()
    assert running.replay("tolls") == 1

    running.wait_until(lambda: "latin-1" in told(running), "ada was told in the end")
    (notice,) = [notice for notice in notices(running) if notice.idempotency_key == "latin-1"]
    assert notice.requests == 2
    assert asked(running).count("latin-1") == 1


def asked(running: RunningSystem) -> list[str]:
    return [event.toll for event in running.events(TollAsked)]


def told(running: RunningSystem) -> list[str]:
    return [event.toll for event in running.events(TollTold)]


def still_open(running: RunningSystem) -> int:
    return messages_open(running.system, running.supervisor.processes())


def notices(running: RunningSystem) -> list[Notice]:
    with urllib.request.urlopen(f"{running.settings.provider_url}/messages", timeout=10) as response:
        return msgspec.json.decode(response.read(), type=list[Notice])


def committed(running: RunningSystem, partition: int) -> int:
    """Up to where the tolls have committed one partition of their inbox."""
    tolls = running.system.service("tolls")

    async def ask() -> int:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=running.settings.bootstrap_servers,
            group_id=running.system.source(tolls),
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            return await consumer.committed(TopicPartition(running.system.commands_topic(tolls), partition)) or 0
        finally:
            await consumer.stop()

    return running.call(ask())
