"""``doorbuster rehearse``, end to end: real services, real load, one folder, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from aiokafka import AIOKafkaProducer
from command_lines import Process

from reference_services.hosting.broker import EmbeddedBroker, create_topics
from reference_services.hosting.settings import Settings
from reference_services.kernel.codec import Codec
from reference_services.kernel.message import Message, partition_of
from reference_services.registry import load_system
from scenarios.run_folder import RunFolderReader

pytestmark = pytest.mark.timeout(180)


def test_it_rehearses_a_scenario_in_three_worlds(
    start: Callable[..., Process], pocket_sale: Path, pocket_sale_with: Callable[..., Path], tmp_path: Path
) -> None:
    slow = {"kind": "slow_link", "between": ["payments", "provider"], "extra": "5ms", "at": "1s", "for": "1s"}
    live = yaml.safe_load(pocket_sale.read_text())["live"]
    scenario = pocket_sale_with(live=live | {"faults": [slow]})
    rehearsal = start("rehearse", scenario, "--seed", 5, "--format", "json")

    code = rehearsal.ended(170)

    document = json.loads(rehearsal.stdout)
    assert (code, document["verdict"]) == (0, "PASS"), document["reasons"]
    assert list(document["worlds"]) == ["whole", "simulated", "live"]
    assert {world["exit_code"] for world in document["worlds"].values()} == {0}
    assert {world["seed"] for world in document["worlds"].values()} == {5}
    left_out = [world["left_out"] for world in document["worlds"].values()]
    assert left_out == [[], ["slow_link payments to provider"], []]
    assert "slow_link payments to provider cannot happen in virtual time" in rehearsal.stderr
    assert 'href="whole/report.html"' in (tmp_path / document["report"]).read_text()
    assert (tmp_path / document["worlds"]["whole"]["report"]).exists()
    assert rehearsal.leaves_no_process()
    assert list(rehearsal.temporary.iterdir()) == []
    _check_live_run(tmp_path / document["worlds"]["live"]["folder"])


def _check_live_run(folder: Path) -> None:
    """The live run is as complete as a simulated one."""
    reader = RunFolderReader(folder)
    events = reader.events(["type", "data"])
    names = set(events["type"].str.rpartition(".")[2])
    assert names >= {"OrderPlaced", "StockReserved", "PaymentCaptured", "Answered", "ProviderBooked", "InboxCounted"}
    counts = [json.loads(data) for data in events.query("type == 'doorbuster.InboxCounted'")["data"]]
    assert len(counts) == 5
    assert all(count["consumed"] > 0 and count["lag"] == 0 for count in counts)
    assert set(reader.samples()["metric"]) == {"cpu_percent", "rss_bytes", "lag", "queue_depth", "in_flight"}
    assert {"broker", "provider", "gateway-1", "orders-1", "load generator"} <= set(reader.samples()["label"])
    assert len(set(reader.requests()["customer"])) == 61
    assert reader.findings.crashed == ""


def test_it_refuses_a_broker_that_remembers_another_run(
    start: Callable[..., Process], pocket_sale: Path, tmp_path: Path
) -> None:
    with EmbeddedBroker() as broker:
        _append_history(Settings(system="bookstore", broker=broker.url))

        rehearsal = start("rehearse", pocket_sale, DOORBUSTER_BROKER=broker.url)

        assert rehearsal.ended() == 2, rehearsal.stderr
    assert "doorbuster: the broker already holds a history of bookstore; delete its topics" in rehearsal.stderr
    assert rehearsal.leaves_no_process()
    assert not (tmp_path / "runs").exists()


def _append_history(settings: Settings) -> None:
    """One event, as an earlier run would have left it."""
    system = load_system(settings.system, {})
    subject = "product/sku-1"
    data = system.message_class("bookstore.catalog.PriceChanged")("sku-1", 100)
    event = Message(f"{subject}/1/0", "bookstore.catalog", system.type_name(type(data)), subject, 1, data, 1, "c-1")

    async def append() -> None:
        await create_topics(settings, system)
        producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, acks="all")
        await producer.start()
        payload = Codec(system).encode_record((event,))
        partition = partition_of(subject, settings.partitions)
        await producer.send_and_wait("bookstore.catalog.events", payload, subject.encode(), partition)
        await producer.stop()

    asyncio.run(append())


@pytest.mark.parametrize("phase", ["Starting the services", "Running it for real"])
def test_an_interrupted_rehearsal_leaves_nothing(
    start: Callable[..., Process], pocket_sale: Path, tmp_path: Path, phase: str
) -> None:
    rehearsal = start("rehearse", pocket_sale)
    rehearsal.wait_until(lambda: phase in rehearsal.stderr)
    rehearsal.wait_until(lambda: len(rehearsal.processes()) > 1)

    rehearsal.popen.send_signal(signal.SIGINT)

    assert rehearsal.ended() == 130
    assert rehearsal.leaves_no_process()
    assert list(rehearsal.temporary.iterdir()) == []
    assert not (tmp_path / "runs").exists()
    assert "Traceback" not in rehearsal.stderr


def test_a_rehearsal_that_is_killed_leaves_no_process(start: Callable[..., Process], pocket_sale: Path) -> None:
    rehearsal = start("rehearse", pocket_sale)
    rehearsal.wait_until(lambda: "Running it for real" in rehearsal.stderr)

    rehearsal.popen.kill()

    assert rehearsal.leaves_no_process(20)
