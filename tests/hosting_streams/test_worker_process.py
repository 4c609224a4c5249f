"""The worker as a program: what it says when it cannot start, and how it stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from running_system import TURNSTILE
from started import started

from reference_services.hosting.broker import EmbeddedBroker, free_port
from reference_services.hosting.settings import Settings

ENDS_WITHIN_S = 20


def worker(project_root: Path, settings: dict[str, str], service: str) -> AbstractContextManager[subprocess.Popen[str]]:
    return started(
        [sys.executable, "-m", "reference_services.hosting.worker", "--service", service],
        env={**os.environ, "PYTHONPATH": str(project_root), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("changes", "service", "code", "message"),
    [
        ({"DOORBUSTER_SYSTEM": ""}, "gates", 2, "set DOORBUSTER_SYSTEM"),
        ({"DOORBUSTER_SYSTEM": "nowhere"}, "gates", 2, "there is no system 'nowhere'"),
        ({"DOORBUSTER_SYSTEM": "tests.nowhere"}, "gates", 2, "there is no system 'tests.nowhere'"),
        ({"DOORBUSTER_TERMS": '{"capacity": "much"}'}, "gates", 2, "Expected `int`"),
        ({}, "tills", 2, "has no service 'tills'; choose of gates, tolls"),
        ({"DOORBUSTER_PROVIDER_URL": ""}, "tolls", 2, "set DOORBUSTER_PROVIDER_URL"),
        ({}, "gates", 1, "Unable to bootstrap"),
    ],
)
def test_a_worker_that_cannot_start_says_why_in_one_line(
    project_root: Path, changes: dict[str, str], service: str, code: int, message: str
) -> None:
    nowhere = Settings(system=TURNSTILE, broker=f"kafka://127.0.0.1:{free_port()}", provider_url="http://127.0.0.1:1")
    with worker(project_root, {**nowhere.to_environment(), **changes}, service) as process:
        _, errors = process.communicate(timeout=ENDS_WITHIN_S)

    said = [line for line in errors.splitlines() if line.startswith("worker: ")]
    assert process.returncode == code
    assert len(said) == 1
    assert message in said[0]
    assert "Traceback" not in errors


def test_a_worker_announces_its_pages_logs_json_and_stops_when_told(project_root: Path) -> None:
    with EmbeddedBroker() as broker:
        settings = Settings(system=TURNSTILE, broker=broker.url, broker_embedded=True, log_level="debug")
        with worker(project_root, settings.to_environment(), "gates") as process:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["listening"].startswith("127.0.0.1:")

            process.send_signal(signal.SIGTERM)
            rest, logs = process.communicate(timeout=ENDS_WITHIN_S)

    assert process.returncode == 0
    assert rest == ""
    assert {json.loads(line)["process"] for line in logs.splitlines()} == {"worker gates"}
