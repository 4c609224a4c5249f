"""``doorbuster check``: found, told, kept, or nothing proved; real searches of a few seeds."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from command_lines import CommandLine, Process

from simulations.planted.catalog import PLANTS
from simulations.search.tape import read_tape

WriteScenario = Callable[..., Path]

PLANT = "decided-again"
"""A bug that seed 1 shows."""

CALM = {
    "swarm": {"most": 0},
    "check": {
        "lead": "1s",
        "duration": "1min",
        "population": {
            "customers": 5,
            "sale_window": "6s",
            "think_median": "100ms",
            "look_again_within": "3s",
            "holds_run_out_after": "2s",
            "hawk_within": "500ms",
            "last_second": "200ms",
            "last_minute": "200ms",
            "pickup_within": "2s",
        },
        "arrivals": {"decay": "1s", "within": "3s"},
        "policies": {
            "reservation_ttl": "2s",
            "pickup_window": "3s",
            "pickup_reminder_before": "1s",
            "ask_provider_after": "1s",
            "settlement_bound": "10s",
        },
        "objectives": [],
        "reach": [],
    },
}
"""Changes that make the pocket sale one that can be checked, in which nothing goes wrong and nothing sells out."""


def test_clean_seeds_pass_and_leave_nothing(command_line: CommandLine, tmp_path: Path) -> None:
    document = command_line.json("check", "flash_sale", "--seeds", "1-20")

    assert (document["verdict"], document["exit_code"]) == ("PASS", 0)
    assert (document["scenario"], document["seeds"], document["searched"]) == ("flash_sale", "1-20", 20)
    assert (document["violations"], document["rate"], document["first"]) == (0, 0, None)
    assert document["interval"] == pytest.approx([0, 1 - 0.05 ** (1 / 20)])
    assert set(document["invariants"].values()) == {0}
    assert document["reached"]["sold-out"] >= 18
    assert document["missing_reach"] == []
    assert "hashes" not in document
    assert list(tmp_path.iterdir()) == []


def test_one_seed_is_a_search_too(command_line: CommandLine) -> None:
    document = command_line.json("check", "flash_sale", "--seed", 3, "--hashes")

    assert (document["seeds"], document["searched"], list(document["hashes"])) == ("3-3", 1, ["3"])


def test_people_read_what_a_clean_search_is_worth(command_line: CommandLine) -> None:
    result = command_line("check", "flash_sale", "--seeds", "1-20")

    assert result.exit_code == 0
    assert result.stdout.lstrip().startswith("PASS")
    assert "Violation rate: 0 of 20 seeds; with 95% confidence it is below 13.9%." in result.stdout
    assert "last-unit-contended" in result.stdout


def test_a_violation_is_kept_shrunk_told_and_can_be_replayed(command_line: CommandLine) -> None:
    document = command_line.json("check", "flash_sale", "--plant", PLANT, "--seeds", "1-50", "--shrink-seconds", 20)

    first = document["first"]
    assert (document["verdict"], document["exit_code"]) == ("FAIL: invariant", 3)
    assert (document["searched"], document["violations"], document["rate"]) == (1, 1, 1.0)
    assert (first["seed"], first["invariant"]) == (1, "decided-once")
    assert "decided" in first["message"]
    assert "gateways" in first["configuration"]
    assert document["clean_seeds"]["at_low_end"] > document["clean_seeds"]["at_rate"]
    folder = Path(first["folder"])
    assert folder.parent == Path("runs/flash_sale")
    assert folder.name.endswith("-check")
    assert {file.name for file in folder.iterdir()} >= {"tape.json", "shrunk.tape.json", "story.html", "check.json"}
    assert Path(first["story"]) == folder / "story.html"
    assert json.loads((folder / "check.json").read_text()) == document
    whole, shrunk = read_tape(Path(first["tape"])), read_tape(Path(first["shrunk"]))
    assert whole.history_sha256 == first["history_sha256"]
    assert len(shrunk.requests) == first["requests"] < len(whole.requests)
    assert first["replay"] == f"doorbuster replay {first['shrunk']}"
    assert command_line(*first["replay"].split()[1:]).exit_code == 3


def test_people_read_the_violation_first(command_line: CommandLine) -> None:
    result = command_line("check", "flash_sale", "--plant", PLANT, "--seeds", "1-50", "--no-shrink")

    assert result.exit_code == 3
    assert result.stdout.lstrip().startswith("FAIL: invariant")
    assert "Seed 1 breaks decided-once" in result.stdout
    assert "Drawn: gateways: 2" in result.stdout
    assert "95% interval 2.5% to 100%" in result.stdout
    assert "After a fix it takes " in result.stdout
    assert "Story: runs/flash_sale/" in result.stdout
    assert "Replay: doorbuster replay runs/flash_sale/" in result.stdout


def test_keeping_going_searches_every_seed(command_line: CommandLine) -> None:
    document = command_line.json(
        "check", "flash_sale", "--plant", PLANT, "--seeds", "1-3", "--no-shrink", "--keep-going"
    )

    assert (document["searched"], document["exit_code"]) == (3, 3)
    assert document["violations"] == document["invariants"]["decided-once"] > 1
    assert document["first"]["seed"] == 1
    assert document["first"]["shrunk"] is None
    assert document["first"]["replay"].endswith("/tape.json")


def test_a_plant_that_is_not_found_proves_nothing(command_line: CommandLine) -> None:
    result = command_line("check", "flash_sale", "--plant", "ack-on-exception", "--seeds", "1-2")

    assert result.exit_code == 4
    assert "The plant was not found: inbox-drained, which has to catch ack-on-exception" in result.stdout
    assert not Path("runs").exists()


def test_what_no_seed_reached_proves_nothing(command_line: CommandLine, pocket_sale_with: WriteScenario) -> None:
    scenario = pocket_sale_with(**CALM, reach=["sold-out"])

    document = command_line.json("check", scenario, "--seeds", "1-2")

    assert (document["verdict"], document["exit_code"]) == ("INVALID", 4)
    assert document["missing_reach"] == ["sold-out"]
    assert document["reasons"] == ["The scenario must reach sold-out; no seed did."]


def test_no_time_proves_nothing(command_line: CommandLine) -> None:
    document = command_line.json("check", "flash_sale", "--minutes", 0)

    assert (document["exit_code"], document["searched"], document["rate"]) == (4, 0, None)


def test_several_scenarios_have_a_total_each(command_line: CommandLine, pocket_sale_with: WriteScenario) -> None:
    calm = pocket_sale_with(**CALM, reach=[])

    document = command_line.json("check", "flash_sale", calm, "--seeds", "1-20")

    assert (document["verdict"], document["exit_code"]) == ("PASS", 0)
    assert [each["scenario"] for each in document["scenarios"]] == ["flash_sale", "pocket_sale"]
    assert [each["searched"] for each in document["scenarios"]] == [20, 20]


def test_planted_bugs_are_listed(command_line: CommandLine) -> None:
    listed = command_line.json("check", "--list-planted")

    assert [plant["name"] for plant in listed] == list(PLANTS)
    assert set(listed[0]) == {"name", "origin", "invariant", "summary", "system", "live"}
    assert all(plant["invariant"] == PLANTS[plant["name"]].caught_by for plant in listed)
    assert PLANT in command_line("check", "--list-planted").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("flash_sale", "--plant", "no-such-bug"), "no planted bug 'no-such-bug'"),
        (("library_sale",), "no scenario 'library_sale'"),
        (("flash_sale", "--seeds", "9-1"), "--seeds 9-1"),
        (("flash_sale", "--seed", "3", "--seeds", "1-5"), "--seed 3 and --seeds 1-5 say different things"),
        (("flash_sale", "--junit", "."), "--junit .: is a folder"),
    ],
)
def test_what_cannot_be_searched_is_told_in_one_line(
    command_line: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    result = command_line("check", *arguments)

    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_scenario_without_a_check_block(command_line: CommandLine, pocket_sale: Path) -> None:
    result = command_line("check", pocket_sale)

    assert result.exit_code == 2
    assert "'check' is missing" in result.stderr


def test_no_history_depends_on_the_process_or_on_how_many_there_are(tmp_path: Path) -> None:
    def hashes(hash_seed: str, jobs: str) -> dict[str, str]:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "doorbuster", "check", "flash_sale", "--seeds", "1-20"),
                *("--jobs", jobs, "--hashes", "--format", "json"),
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        )
        found: dict[str, str] = json.loads(ended.stdout)["hashes"]
        return found

    one = hashes("1", "1")

    assert list(one) == [str(seed) for seed in range(1, 21)]
    assert len(set(one.values())) == 20
    assert hashes("2", "2") == one


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_search_leaves_nothing(start: Callable[..., Process], tmp_path: Path, number: int) -> None:
    searching = start("check", "flash_sale", "--seeds", "1-99999")
    searching.wait_until(lambda: len(searching.processes()) > 1)

    searching.popen.send_signal(number)

    assert searching.ended(20) == (130 if number == signal.SIGINT else 128 + signal.SIGTERM)
    assert searching.leaves_no_process()
    assert list(searching.temporary.iterdir()) == []
    assert not (tmp_path / "runs").exists()
    assert "Traceback" not in searching.stderr


def test_ctrl_c_on_a_terminal_reaches_every_process_and_none_complains(start: Callable[..., Process]) -> None:
    searching = start("check", "flash_sale", "--seeds", "1-99999", "--jobs", 2)
    searching.wait_until(lambda: len(searching.processes()) > 2)

    for process in searching.processes():
        with contextlib.suppress(psutil.NoSuchProcess):  # whom the first one that was told has ended already
            process.send_signal(signal.SIGINT)

    assert searching.ended(20) == 130
    assert searching.leaves_no_process()
    assert "Traceback" not in searching.stderr
