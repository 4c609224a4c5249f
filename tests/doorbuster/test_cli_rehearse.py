"""``doorbuster rehearse``, end to end: real services, real load, one folder, and nothing left behind."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from command_lines import Process

from scenarios.run_folder import RunFolderReader

pytestmark = pytest.mark.timeout(180)


def test_it_rehearses_a_scenario_in_three_worlds(
    start: Callable[..., Process], pocket_sale: Path, tmp_path: Path
) -> None:
    rehearsal = start("rehearse", pocket_sale, "--seed", 5, "--format", "json")

    code = rehearsal.ended(170)

    document = json.loads(rehearsal.stdout)
    assert (code, document["verdict"]) == (0, "PASS"), document["reasons"]
    assert list(document["worlds"]) == ["whole", "simulated", "live"]
    assert {world["exit_code"] for world in document["worlds"].values()} == {0}
    assert {world["seed"] for world in document["worlds"].values()} == {5}
    assert (tmp_path / document["report"]).exists()
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
    assert {"broker", "provider", "gateway-1", "load generator"} <= set(reader.samples()["label"])
    assert len(set(reader.requests()["customer"])) == 61
    assert reader.findings.crashed == ""


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
