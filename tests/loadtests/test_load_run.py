"""A load run in a process of its own: what it says, what it leaves, and that it leaves when it should."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from booth import SECRET
from started import started

from loadtests.load_run import LoadFailed, LoadRun
from loadtests.report import Progress, Started, read_report

Serve = Callable[..., str]


def load_run(scenario: str | Path, base_url: str, folder: Path) -> LoadRun:
    return LoadRun(scenario, base_url=base_url, token_secret=SECRET, seed=3, folder=folder, variant="whole")


def test_a_run_from_start_to_end(serve: Serve, looking: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with load_run(looking, serve(), folder) as run:
        started, *progress = list(run.progress())
    assert isinstance(started, Started)
    assert all(isinstance(line, Progress) and line.planned == started.planned for line in progress)
    assert run.report.schedule.planned == run.report.schedule.sent == started.planned >= 40
    assert run.report.invalid == ()
    assert run.report == read_report(folder)

    rows = list(run.requests())
    setup, visits = [row for row in rows if row.journey == "setup"], [row for row in rows if row.journey != "setup"]
    assert rows == sorted(rows, key=lambda row: row.ended_us)
    assert {row.operation for row in setup} == {"list_product", "receive_stock"}
    assert all(row.command_id for row in setup)
    assert max(row.ended_us for row in setup) < min(row.intended_us for row in visits)
    assert len(visits) == sum(run.report.outcomes.values()) == run.report.outcomes["ok"] == started.planned
    assert min(row.intended_us for row in visits) >= started.origin_us


def test_leaving_early_stops_the_load_and_keeps_what_there_is(serve: Serve, looking: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with load_run(looking, serve(), folder) as run:
        next(run.progress())
        (process,) = psutil.Process().children()[-1:]
    assert not process.is_running()
    report = read_report(folder)
    assert report.stopped
    assert "the load was stopped before its end" in report.invalid


def test_the_load_stops_when_whoever_started_it_is_killed(serve: Serve, looking: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    script = (
        "import sys; from pathlib import Path; from loadtests.load_run import LoadRun\n"
        "with LoadRun(sys.argv[1], base_url=sys.argv[2], token_secret=sys.argv[3], seed=3, folder=Path(sys.argv[4]),"
        " variant='whole') as run:\n"
        "    print(next(run.progress()), flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(looking), serve(), SECRET, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with started(command, cwd=Path(__file__).parents[2], **pipes) as starter:
        assert starter.stdout is not None
        assert b"Started" in starter.stdout.readline()
        load = psutil.Process(starter.pid).children()
        starter.kill()
    _, alive = psutil.wait_procs(load, timeout=30)
    assert (len(load), alive) == (1, [])
    assert read_report(folder).stopped


def test_a_scenario_that_does_not_exist_is_told_in_one_line(tmp_path: Path) -> None:
    with (
        load_run("flash_sail", "http://127.0.0.1:9", tmp_path / "run") as run,
        pytest.raises(LoadFailed, match="did you mean 'flash_sale'"),
    ):
        list(run.progress())


def test_a_setup_that_fails_is_told_in_one_line(looking: Path, tmp_path: Path) -> None:
    with (
        load_run(looking, "http://127.0.0.1:9", tmp_path / "run") as run,
        pytest.raises(LoadFailed, match="the setup failed at list_product"),
    ):
        list(run.progress())


@pytest.mark.parametrize(
    ("secret", "arguments", "told"),
    [
        ("", ["--scenario", "flash_sale"], "set DOORBUSTER_TOKEN_SECRET to the secret"),
        (SECRET, ["--scenario", "flash_sale", "--variant", "half"], "invalid choice: 'half'"),
    ],
)
def test_bad_arguments_end_with_2_and_the_fix(
    secret: str, arguments: list[str], told: str, tmp_path: Path, project_root: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtests", "run", *arguments, "--base-url", "http://127.0.0.1:9", "--out", tmp_path],
        env={"DOORBUSTER_TOKEN_SECRET": secret},
        cwd=project_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
