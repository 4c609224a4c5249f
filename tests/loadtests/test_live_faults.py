"""Live faults: real processes are killed and paused through the real control socket, real knobs are turned."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from loadtests.faults import FaultInjector, Injected, Kill, LiveFault, Pause, Provider, live_faults
from reference_services.hosting.control import ControlSocket
from reference_services.hosting.supervisor import ProcessInfo, UnknownProcess
from scenarios.loading import load_scenario
from scenarios.problems import ScenarioError

UNTIL_S = 10.0


class Nursery:
    """Looks after two sleeping processes, as the supervisor would."""

    def __init__(self) -> None:
        self.sleepers = {name: subprocess.Popen(["sleep", "600"]) for name in ("gateway-1", "orders-1")}
        self.killed: list[tuple[str, float]] = []

    def processes(self) -> list[ProcessInfo]:
        return [
            ProcessInfo(name, "worker", sleeper.pid, "running", 0, "", 0, "") for name, sleeper in self.sleepers.items()
        ]

    def kill(self, name: str, number: int, down_s: float) -> None:
        self._send(name, number)
        self.killed.append((name, down_s))

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
    process = subprocess.Popen(
        [sys.executable, "-m", "reference_services.payment_provider"],
        env={"DOORBUSTER_PROVIDER_PORT": "0"},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    yield "http://" + json.loads(process.stdout.readline())["listening"]
    process.terminate()
    process.communicate()


def inject(faults: list[LiveFault], control: Path, provider: str = "") -> list[Injected]:
    return FaultInjector(faults, time.time_ns() // 1_000, control, provider).run(threading.Event())


def knobs(provider: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(provider.removeprefix("http://"))
    connection.request("GET", "/knobs")
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_a_process_is_killed_at_its_instant(nursery: Nursery, control: Path) -> None:
    origin_us = time.time_ns() // 1_000
    (done,) = inject([Kill("orders-1", at_us=200_000, down_us=1_500_000)], control)
    assert nursery.sleepers["orders-1"].wait(UNTIL_S) == -9
    assert nursery.killed == [("orders-1", 1.5)]
    assert (done.what, done.error) == ("kill orders-1", "")
    assert done.time_us >= origin_us + 200_000


def test_a_service_stands_for_the_first_of_its_workers(nursery: Nursery, control: Path) -> None:
    inject([Kill("orders", at_us=0)], control)
    assert nursery.killed == [("orders-1", 0.0)]


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
    assert [one.what for one in done] == ["pause gateway-1", "resume gateway-1"]
    assert done[1].time_us - done[0].time_us >= 600_000


def test_ending_early_heals_what_is_broken_and_breaks_nothing_more(nursery: Nursery, control: Path) -> None:
    faults = [Pause("gateway-1", at_us=0, for_us=600_000_000), Kill("orders-1", at_us=500_000_000)]
    injector = FaultInjector(faults, time.time_ns() // 1_000, control, "")
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    assert [one.what for one in injector.run(stop)] == ["pause gateway-1", "resume gateway-1"]
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
        (Kill("storage-1", at_us=0), "there is no process 'storage-1'; choose one of gateway-1, orders-1"),
        (Provider({"mood": "bad"}, at_us=0, for_us=1), "the provider has no knob 'mood'; choose from latency_median"),
        (Provider({"decline_share": 7}, at_us=0, for_us=1), "the provider answered 422"),
        (Provider({"latency_median": "soon"}, at_us=0, for_us=1), "'soon' is not a duration"),
    ],
)
def test_a_fault_that_cannot_be_injected_says_why(provider: str, control: Path, fault: LiveFault, told: str) -> None:
    (done,) = inject([fault], control, provider)
    assert told in done.error


def test_a_supervisor_that_is_gone_is_told(tmp_path: Path) -> None:
    (done,) = inject([Pause("orders-1", at_us=0, for_us=1)], tmp_path / "control.sock")
    assert "No such file" in done.error


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
        {"kind": "provider", "at": "30s", "for": "5s", "knobs": {"latency_median": "2s"}},
    ]
    scenario = load_scenario(scenario_with(faults, project_root, tmp_path))
    assert live_faults(scenario) == [
        Kill("orders", 10_000_000, 2_000_000),
        Pause("gateway", 20_000_000, 500_000),
        Provider({"latency_median": "2s"}, 30_000_000, 5_000_000),
    ]


def test_a_fault_that_needs_virtual_time_is_told_with_its_line(project_root: Path, tmp_path: Path) -> None:
    path = scenario_with([{"kind": "earthquake", "at": "10s"}], project_root, tmp_path)
    with pytest.raises(ScenarioError, match=r"faulty.yaml:\d+: .*'earthquake' cannot happen for real.*kill, pause"):
        live_faults(load_scenario(path))
