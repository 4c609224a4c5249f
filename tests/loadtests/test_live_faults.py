"""Live faults: real processes are killed and paused through the real control socket, real knobs are turned."""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from started import started

from loadtests import live_stage
from loadtests.faults import FaultInjector, Injected
from loadtests.live_stage import LiveStage
from reference_services.hosting.control import ControlSocket
from reference_services.hosting.relays import Relays
from reference_services.hosting.supervisor import ProcessInfo, UnknownProcess
from scenarios.faults.catalog import FAULTS
from scenarios.faults.cut_link import CutLink
from scenarios.faults.fault import Fault
from scenarios.faults.kill import Kill
from scenarios.faults.late_webhooks import LateWebhooks
from scenarios.faults.pause import Pause
from scenarios.faults.provider import Provider
from scenarios.faults.setting import Setting
from scenarios.faults.stage import CannotHappenHere
from scenarios.loading import load_scenario
from scenarios.problems import ScenarioError

UNTIL_S = 10.0


class Nursery:
    """Looks after two sleeping processes, as the supervisor would."""

    def __init__(self) -> None:
        self.sleepers = {name: subprocess.Popen(["sleep", "600"]) for name in ("gateway-1", "orders-1")}
        self.killed: list[tuple[str, float]] = []
        self.came_back: list[tuple[str, float]] = []
        self.free = threading.Event()
        self.free.set()
        self.relays = Relays(())

    def processes(self) -> list[ProcessInfo]:
        return [
            ProcessInfo(name, "worker", sleeper.pid, "running", 0, "", 0, "") for name, sleeper in self.sleepers.items()
        ]

    def kill(self, name: str, number: int, down_s: float) -> None:
        self.free.wait(UNTIL_S)
        self._send(name, number)
        self.killed.append((name, down_s))

    def come_back(self, name: str) -> None:
        self._find(name)
        self.came_back.append((name, time.time()))
        self.free.set()

    def pause(self, name: str) -> None:
        psutil.Process(self._find(name).pid).suspend()

    def resume(self, name: str) -> None:
        psutil.Process(self._find(name).pid).resume()

    def status(self, name: str) -> str:
        return str(psutil.Process(self.sleepers[name].pid).status())

    def _send(self, name: str, number: int) -> None:
        self._find(name).send_signal(number)

    def _find(self, name: str) -> subprocess.Popen[bytes]:
        if name not in self.sleepers:
            raise UnknownProcess(f"there is no process {name!r}")
        return self.sleepers[name]


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    for sleeper in nursery.sleepers.values():
        sleeper.kill()
        sleeper.wait()


@pytest.fixture
def control(nursery: Nursery, tmp_path: Path) -> Iterator[Path]:
    control = ControlSocket(nursery, tmp_path)  # type: ignore[arg-type]
    yield control.path
    control.close()


@pytest.fixture
def provider() -> Iterator[str]:
    with started(
        [sys.executable, "-m", "reference_services.payment_provider"],
        env={"DOORBUSTER_PROVIDER_PORT": "0"},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        yield "http://" + json.loads(process.stdout.readline())["listening"]


def inject(faults: Sequence[Fault], control: Path, provider: str = "") -> list[Injected]:
    return FaultInjector(faults, time.time_ns() // 1_000, LiveStage(control, provider)).run(threading.Event())


def knobs(provider: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(provider.removeprefix("http://"))
    connection.request("GET", "/knobs")
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_a_process_is_killed_at_its_instant(nursery: Nursery, control: Path) -> None:
    origin_us = time.time_ns() // 1_000
    killed, back = inject([Kill("orders-1", at_us=200_000, down_us=500_000)], control)
    assert nursery.sleepers["orders-1"].wait(UNTIL_S) == -9
    assert nursery.killed == [("orders-1", 600.0)]
    assert (killed.what, killed.error) == ("inject kill orders-1", "")
    assert killed.time_us >= origin_us + 200_000
    assert (back.what, back.error) == ("heal kill orders-1", "")
    ((name, at_s),) = nursery.came_back
    assert name == "orders-1"
    assert at_s >= (origin_us + 700_000) / 1e6


def test_a_service_stands_for_the_first_of_its_workers(nursery: Nursery, control: Path) -> None:
    inject([Kill("orders", at_us=0)], control)
    assert nursery.killed == [("orders-1", 600.0)]
    assert [name for name, _ in nursery.came_back] == ["orders-1"]


def test_a_paused_process_goes_on_after_a_while(nursery: Nursery, control: Path) -> None:
    done: list[Injected] = []
    fault = Pause("gateway-1", at_us=0, for_us=700_000)
    thread = threading.Thread(target=lambda: done.extend(inject([fault], control)))
    thread.start()
    end = time.monotonic() + UNTIL_S
    while nursery.status("gateway-1") != psutil.STATUS_STOPPED and time.monotonic() < end:
        time.sleep(0.01)
    assert nursery.status("gateway-1") == psutil.STATUS_STOPPED
    thread.join()
    assert nursery.status("gateway-1") != psutil.STATUS_STOPPED
    assert [one.what for one in done] == ["inject pause gateway-1", "heal pause gateway-1"]
    assert done[1].time_us - done[0].time_us >= 600_000


def test_ending_early_heals_what_is_broken_and_breaks_nothing_more(nursery: Nursery, control: Path) -> None:
    faults = [Pause("gateway-1", at_us=0, for_us=600_000_000), Kill("orders-1", at_us=500_000_000)]
    injector = FaultInjector(faults, time.time_ns() // 1_000, LiveStage(control, ""))
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    assert [one.what for one in injector.run(stop)] == ["inject pause gateway-1", "heal pause gateway-1"]
    assert nursery.status("gateway-1") != psutil.STATUS_STOPPED
    assert nursery.killed == []


def test_knobs_are_turned_and_turned_back(provider: str, control: Path) -> None:
    before = knobs(provider)
    turned: list[dict[str, Any]] = []
    timer = threading.Timer(0.4, lambda: turned.append(knobs(provider)))
    timer.start()
    fault = Provider({"latency_median": "2s", "latency_p99": "3s", "decline_share": "50%"}, at_us=0, for_us=1_000_000)
    assert [one.error for one in inject([fault], control, provider)] == ["", ""]
    timer.join()
    changes = {"latency_median_us": 2_000_000, "latency_p99_us": 3_000_000, "decline_share": 0.5}
    assert turned == [before | changes]
    assert knobs(provider) == before


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Kill("storage-1", at_us=0), "unknown process 'storage-1'; choose one of gateway-1, orders-1"),
        (Provider({"latency_median": "9s"}, at_us=0, for_us=1), "the provider answered 422"),
        (CutLink(("orders", "broker"), at_us=0, for_us=1), "no relay leads from 'orders' to 'broker'"),
    ],
)
def test_a_fault_that_cannot_be_injected_says_why(provider: str, control: Path, fault: Fault, told: str) -> None:
    (done,) = inject([fault], control, provider)
    assert told in done.error


def test_a_supervisor_that_is_gone_is_told(tmp_path: Path) -> None:
    done = inject([Pause("orders-1", at_us=0, for_us=1)], tmp_path / "control.sock")
    assert [one.what for one in done] == ["inject pause orders-1", "heal pause orders-1"]
    assert all("No such file" in one.error for one in done)


def test_what_is_done_too_late_to_be_answered_is_healed(
    nursery: Nursery, control: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live_stage, "TIMEOUT_S", 1.0)
    nursery.free.clear()  # until it is told to let the process come back
    killed, back = inject([Kill("orders-1", at_us=0)], control)
    assert (killed.what, killed.error) == ("inject kill orders-1", "timed out")
    assert (back.what, back.error) == ("heal kill orders-1", "")
    assert [name for name, _ in nursery.came_back] == ["orders-1"]
    assert nursery.sleepers["orders-1"].wait(UNTIL_S) == -9
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(UNTIL_S)
    assert capsys.readouterr().err == "", "nobody minds that the answer finds nobody"


def test_a_fault_of_the_provider_leaves_the_knobs_of_another_alone(provider: str, control: Path) -> None:
    before = knobs(provider)
    stage = LiveStage(control, provider)
    late = LateWebhooks(0.5, 7_000_000, at_us=0, for_us=1)
    other = Provider({"decline_share": "50%"}, at_us=0, for_us=1)
    late.strike(stage)
    other.strike(stage)
    late.heal(stage)
    assert knobs(provider) == before | {"decline_share": 0.5}
    other.heal(stage)
    other.heal(stage)
    assert knobs(provider) == before


@pytest.mark.parametrize("kind", [kind for kind, fault in FAULTS.items() if "live" not in fault.worlds])
def test_what_needs_virtual_time_cannot_happen_on_this_stage(control: Path, kind: str) -> None:
    processes = {"worker": ("orders-1",), "gateway": ("gateway-1",)}
    setting = Setting(from_us=0, until_us=9_000_000, targets=processes, session_us=3_000_000)
    with pytest.raises(CannotHappenHere):
        FAULTS[kind].draw(random.Random(1), setting).strike(LiveStage(control, ""))


def scenario_with(faults: list[dict[str, Any]], project_root: Path, tmp_path: Path) -> Path:
    scenario = yaml.safe_load((project_root / "scenarios" / "flash_sale.yaml").read_text())
    scenario["name"], scenario["faults"] = "faulty", faults
    path = tmp_path / "faulty.yaml"
    path.write_text(yaml.safe_dump(scenario))
    return path


def test_a_scenario_says_what_goes_wrong(project_root: Path, tmp_path: Path) -> None:
    faults = [
        {"kind": "kill", "target": "orders", "at": "10s", "down": "2s"},
        {"kind": "pause", "target": "gateway", "at": "20s", "for": "500ms"},
        {"kind": "provider", "at": "30s", "for": "5s", "knobs": {"latency_p99": "2s"}},
    ]
    scenario = load_scenario(scenario_with(faults, project_root, tmp_path))
    assert scenario.faults_in("live") == (
        Kill("orders", at_us=10_000_000, down_us=2_000_000),
        Pause("gateway", at_us=20_000_000, for_us=500_000),
        Provider({"latency_p99": "2s"}, at_us=30_000_000, for_us=5_000_000),
    )


def test_a_fault_that_needs_virtual_time_is_told_with_its_line(project_root: Path, tmp_path: Path) -> None:
    fault = {"kind": "slow_broker", "extra": "1s", "at": "10s", "for": "3s"}
    path = scenario_with([fault], project_root, tmp_path)
    with pytest.raises(ScenarioError, match=r"faulty.yaml:\d+: .*'slow_broker' cannot happen for real.*kill, .*pause"):
        load_scenario(path).faults_in("live")


def test_knobs_that_contradict_the_others_are_told_before_anything_runs(project_root: Path, tmp_path: Path) -> None:
    fault = {"kind": "provider", "at": "30s", "for": "5s", "knobs": {"latency_median": "2s"}}
    path = scenario_with([fault], project_root, tmp_path)
    with pytest.raises(
        ScenarioError, match=r"faulty.yaml:\d+: faults\[0\]: latency_p99 must be at least latency_median"
    ):
        load_scenario(path)
