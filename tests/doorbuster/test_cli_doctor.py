"""``doorbuster doctor`` says what to install or change."""

from __future__ import annotations

import socket
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from command_lines import CommandLine

from doorbuster import checkup
from reference_services.hosting import broker


def check(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in document["checks"] if each["name"] == name)


def test_nothing_stops_it_here(command_line: CommandLine) -> None:
    document = command_line.json("doctor")

    assert document["exit_code"] == 0
    assert not [each for each in document["checks"] if each["status"] == "problem"]
    assert check(document, "python")["found"] == ".".join(map(str, sys.version_info[:3]))
    assert check(document, "broker")["status"] == "ok"


def test_every_complaint_comes_with_advice(command_line: CommandLine) -> None:
    assert all(each["advice"] for each in command_line.json("doctor")["checks"] if each["status"] != "ok")


def test_people_get_a_line_for_each_check(command_line: CommandLine) -> None:
    result = command_line("doctor")

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(command_line.json("doctor")["checks"])


def test_a_package_that_is_not_as_locked(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("simpy==0.0.1 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(checkup, "LOCK", lock)

    packages = check(command_line.json("doctor"), "packages")

    assert packages == {
        "name": "packages",
        "status": "warning",
        "found": f"not as locked: simpy {version('simpy')}",
        "advice": "make setup",
    }


def test_a_package_that_is_missing(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "requires", lambda _: ["no-such-package>=1", 'no-tool>=1; extra == "dev"'])

    result = command_line("doctor")

    assert result.exit_code == 2
    assert "missing: no-such-package" in result.stdout
    assert "no-tool" not in result.stdout


def test_a_broker_that_does_not_start(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "broker_command", lambda kind, port, relayed_ports: ["false"])

    document = command_line.json("doctor")

    assert document["exit_code"] == 2
    assert check(document, "broker")["status"] == "problem"
    assert "DOORBUSTER_BROKER" in check(document, "broker")["advice"]


def test_a_port_that_is_taken(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        monkeypatch.setattr(checkup, "SERVE_PORT", somebody.getsockname()[1])

        port = check(command_line.json("doctor"), "port")

    assert port["status"] == "warning"
    assert "--port" in port["advice"]
