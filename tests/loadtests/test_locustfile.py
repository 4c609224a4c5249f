"""The load under Locust's own command line, alone and shared by workers."""

from __future__ import annotations

import csv
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from booth import SECRET

from loadtests.recorder import read_requests
from loadtests.report import read_report


def locust(project_root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        "loadtests/locustfile.py",
        "--headless",
        "--only-summary",
        "--json",
    ]
    return subprocess.run(
        [*command, "--variant", "whole", *arguments],
        env={"DOORBUSTER_TOKEN_SECRET": SECRET},
        cwd=project_root,
        capture_output=True,
        text=True,
        check=False,
    )


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def test_workers_share_the_visits_and_locust_counts_them(
    serve: Callable[..., str], looking: Path, tmp_path: Path, project_root: Path
) -> None:
    port = free_port()
    done = locust(
        project_root,
        *("--scenario", str(looking), "--host", serve(), "--out", str(tmp_path / "out"), "--processes", "2"),
        *("--csv", str(tmp_path / "locust")),
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port),
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "out").iterdir()
    report = read_report(folder)
    assert report.invalid == ()
    assert report.schedule.sent == report.schedule.planned >= 40
    visits = Counter(row.customer for row in read_requests(folder) if row.operation == "browse_catalog")
    assert visits.total() == report.schedule.planned
    assert len(visits) == 40
    assert len(list(folder.glob("requests-[01].jsonl"))) == 2
    with (tmp_path / "locust_stats.csv").open(newline="") as file:
        counted = {entry["Name"]: entry["Request Count"] for entry in csv.DictReader(file)}
    assert counted["browse_catalog"] == str(report.schedule.planned)


def test_a_run_that_cannot_begin_ends_with_2(looking: Path, tmp_path: Path, project_root: Path) -> None:
    done = locust(
        project_root, "--scenario", str(looking), "--host", f"http://127.0.0.1:{free_port()}", "--out", str(tmp_path)
    )
    assert done.returncode == 2
    assert "the load cannot begin: the setup failed at list_product" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_scenario_that_does_not_exist_is_told_in_one_line(project_root: Path) -> None:
    done = locust(project_root, "--scenario", "flash_sail", "--host", "http://127.0.0.1:9")
    assert done.returncode != 0
    assert "did you mean 'flash_sale'?" in done.stderr
    assert "Traceback" not in done.stderr
