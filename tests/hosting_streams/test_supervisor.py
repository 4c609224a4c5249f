"""The supervisor: starts, watches, heals, says what is wrong, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from running_system import TURNSTILE
from started import started

from reference_services.hosting.child import Child
from reference_services.hosting.settings import Settings
from reference_services.hosting.supervisor import SupervisionFailed, Supervisor, UnknownProcess
from reference_services.hosting.topology import BadTopology, Topology
from reference_services.registry import load_system

GONE_WITHIN_S = 20.0
HEALED_WITHIN_S = 20.0


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    topology = Topology.of(load_system(TURNSTILE, {}), {"gates,tolls": 1}, gateways=2)
    settings = Settings(system=TURNSTILE, http_port=0)
    with Supervisor(settings, topology, tmp_path_factory.mktemp("supervised")) as running:
        yield running


def test_every_process_is_known_with_its_place_and_size(supervisor: Supervisor) -> None:
    processes = supervisor.processes()

    assert [process.name for process in processes] == ["broker", "provider", "gates+tolls-1", "gateway-1", "gateway-2"]
    for process in processes:
        assert process.state == "running"
        assert process.rss_bytes > 1_000_000
        assert Path(process.log).exists()
    worker = processes[2]
    assert worker.metrics_url.startswith("http://127.0.0.1:")


def test_services_can_share_a_process(supervisor: Supervisor) -> None:
    worker = next(process for process in supervisor.processes() if process.kind == "worker")

    ready = ask(worker.metrics_url.replace("/metrics", "/readyz"))

    assert ready == {"status": "ready"}


def test_a_process_that_dies_is_started_again(supervisor: Supervisor) -> None:
    before = info(supervisor, "provider")

    supervisor.kill("provider")
    wait_until(lambda: info(supervisor, "provider").pid != before.pid)
    supervisor.wait_until_ready(HEALED_WITHIN_S)

    after = info(supervisor, "provider")
    assert (after.state, after.restarts) == ("running", before.restarts + 1)


def test_a_process_can_be_kept_down(supervisor: Supervisor) -> None:
    supervisor.kill("provider", down_s=1.5)
    wait_until(lambda: info(supervisor, "provider").state == "down")
    died = time.monotonic()
    supervisor.wait_until_ready(HEALED_WITHIN_S)

    assert time.monotonic() - died > 1.0


def test_a_process_that_is_kept_down_comes_back_when_it_is_told(supervisor: Supervisor) -> None:
    supervisor.kill("provider", down_s=600.0)
    wait_until(lambda: info(supervisor, "provider").state == "down")

    assert say(supervisor.socket_path, {"do": "start", "name": "provider"}) == [{"ok": True}]
    supervisor.wait_until_ready(HEALED_WITHIN_S)

    pid = info(supervisor, "provider").pid
    supervisor.come_back("provider")
    assert info(supervisor, "provider").pid == pid


def test_a_connection_without_a_relay_cannot_be_cut(supervisor: Supervisor) -> None:
    (answer,) = say(supervisor.socket_path, {"do": "cut_link", "between": ["gates", "broker"]})

    assert answer == {"ok": False, "error": "no relay leads from 'gates' to 'broker'; there are: none"}


def test_a_process_can_be_restarted_cleanly(supervisor: Supervisor) -> None:
    before = info(supervisor, "gateway-2").pid

    supervisor.restart("gateway-2")
    supervisor.wait_until_ready(HEALED_WITHIN_S)

    assert info(supervisor, "gateway-2").pid != before


def test_a_paused_process_stands_still_until_it_is_resumed(supervisor: Supervisor) -> None:
    supervisor.pause("provider")
    wait_until(lambda: info(supervisor, "provider").state == "paused")

    supervisor.resume("provider")
    wait_until(lambda: info(supervisor, "provider").state == "running")


def test_who_asks_first_is_first(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    about_to_pause, resumed = threading.Event(), threading.Event()

    def hesitate_to_pause(child: Child, number: int) -> None:
        if number == signal.SIGSTOP:
            about_to_pause.set()
            resumed.wait(0.5)
        sent.append(number)
        if number == signal.SIGCONT:
            resumed.set()

    monkeypatch.setattr(Child, "send", hesitate_to_pause)
    pausing = threading.Thread(target=supervisor.pause, args=("provider",))
    pausing.start()
    about_to_pause.wait()
    supervisor.resume("provider")
    pausing.join()
    assert sent == [signal.SIGSTOP, signal.SIGCONT]


def test_an_unknown_process_is_named_with_those_that_there_are(supervisor: Supervisor) -> None:
    with pytest.raises(UnknownProcess, match=r"'orders-9'.*gates\+tolls-1"):
        supervisor.kill("orders-9")


def test_the_control_socket_does_the_same(supervisor: Supervisor) -> None:
    answers = say(
        supervisor.socket_path,
        {"do": "list"},
        {"do": "stop", "name": "provider"},
        {"do": "cont", "name": "provider"},
        {"do": "kill", "name": "provider", "signal": "SIGKILL", "down_s": 0.2},
    )

    assert [answer["ok"] for answer in answers] == [True] * 4
    assert answers[0]["processes"][0]["name"] == "broker"
    wait_until(lambda: info(supervisor, "provider").state == "down")
    supervisor.wait_until_ready(HEALED_WITHIN_S)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"kill them all\n", "malformed"),
        (b'{"do": "dance"}\n', "dance"),
        (b'{"do": "kill", "name": "nobody"}\n', "there is no process 'nobody'"),
        (b'{"do": "kill", "name": "provider", "signal": "SIGBOOM"}\n', "there is no signal 'SIGBOOM'"),
        (b'{"do": "list", "colour": "red"}\n', "colour"),
    ],
)
def test_the_control_socket_explains_what_it_cannot_do(supervisor: Supervisor, line: bytes, error: str) -> None:
    (answer,) = say(supervisor.socket_path, line)

    assert answer["ok"] is False
    assert error in answer["error"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_behind(tmp_path: Path, project_root: Path, number: signal.Signals) -> None:
    script = Path(__file__).parent / "supervised_until_told.py"
    command = [sys.executable, str(script), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(project_root)}
    with started(command, stdout=subprocess.PIPE, env=environment, start_new_session=True) as program:
        assert program.stdout is not None
        processes = [psutil.Process(process["pid"]) for process in json.loads(program.stdout.readline())]
        assert len(processes) == 5

        program.send_signal(number)

        _, alive = psutil.wait_procs(processes, GONE_WITHIN_S)
        assert not alive
        program.wait(GONE_WITHIN_S)
    if number != signal.SIGKILL:
        assert not (tmp_path / "control.sock").exists()


def test_a_process_that_cannot_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    before = psutil.Process().children()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(system=TURNSTILE, http_port=taken.getsockname()[1])
        supervisor = Supervisor(settings, Topology.of(load_system(TURNSTILE, {})), tmp_path)

        with pytest.raises(SupervisionFailed, match=r"(?s)gateway-1 ended with status 2.*cannot listen on"):
            supervisor.start()

    assert set(psutil.Process().children()) <= set(before)


def test_a_process_that_does_not_get_ready_is_named(tmp_path: Path) -> None:
    before = psutil.Process().children()
    supervisor = Supervisor(
        Settings(system=TURNSTILE, http_port=0), Topology.of(load_system(TURNSTILE, {})), tmp_path, ready_within_s=0.1
    )

    with pytest.raises(SupervisionFailed, match="is not ready after"):
        supervisor.start()

    assert set(psutil.Process().children()) <= set(before)


def test_the_end_of_the_broker_is_the_end(tmp_path: Path) -> None:
    topology = Topology.of(load_system(TURNSTILE, {}), {"gates,tolls": 1}, gateways=0)
    with Supervisor(Settings(system=TURNSTILE, http_port=0), topology, tmp_path) as supervisor:
        supervisor.kill("broker")

        wait_until(lambda: "the embedded broker ended" in supervisor.failure)


@pytest.mark.parametrize(
    ("workers", "error"),
    [({"tills": 1}, "no service 'tills'"), ({"gates": 0}, "at least 1"), ({"gates,tolls": -1}, "at least 1")],
)
def test_a_topology_that_does_not_fit_is_refused(workers: dict[str, int], error: str) -> None:
    with pytest.raises(BadTopology, match=error):
        Topology.of(load_system(TURNSTILE, {}), workers)


def info(supervisor: Supervisor, name: str) -> Any:
    return next(process for process in supervisor.processes() if process.name == name)


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as response:
        return json.load(response)


def say(path: Path, *requests: dict[str, Any] | bytes) -> list[Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        stream = connection.makefile("rwb")
        answers = []
        for request in requests:
            stream.write(request if isinstance(request, bytes) else json.dumps(request).encode() + b"\n")
            stream.flush()
            answers.append(json.loads(stream.readline()))
        return answers


def wait_until(condition: Any, limit_s: float = HEALED_WITHIN_S) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
