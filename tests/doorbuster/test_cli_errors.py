"""What a user can mend is told in one line, with exit code 2, and never with a traceback."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from command_lines import CommandLine, Process
from typer.testing import Result

from doorbuster.errors import MENDABLE

WriteScenario = Callable[..., Path]


def assert_one_line(result: Result, *words: str) -> None:
    """The user is told in one line what to change."""
    assert result.exit_code == 2, result.stderr
    told = [line for line in result.stderr.splitlines() if line.startswith("doorbuster: ")]
    assert len(told) == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    for word in words:
        assert word in told[0]


@pytest.mark.parametrize(("module", "name"), MENDABLE)
def test_every_kind_of_mendable_error_exists(module: str, name: str) -> None:
    assert issubclass(getattr(importlib.import_module(module), name), Exception)


@pytest.mark.parametrize("verb", ["simulate", "rehearse"])
def test_an_unknown_scenario_lists_those_that_there_are(command_line: CommandLine, verb: str) -> None:
    assert_one_line(command_line(verb, "library_sale"), "no scenario 'library_sale'", "flash_sale")


def test_a_typo_in_a_scenario_names_the_line_and_the_fix(
    command_line: CommandLine, pocket_sale: Path, tmp_path: Path
) -> None:
    path = tmp_path / "pocket_sale.yaml"
    path.write_text(pocket_sale.read_text().replace("decay: 20s", "decay: 20x"))

    assert_one_line(command_line("simulate", path), "pocket_sale.yaml:", "'20x'", "write e.g. 90s")


def test_a_scenario_without_a_live_block_cannot_be_rehearsed(
    command_line: CommandLine, pocket_sale_with: WriteScenario, tmp_path: Path
) -> None:
    path = pocket_sale_with(live=None)

    assert_one_line(command_line("rehearse", path), "'live' is missing")
    assert list(tmp_path.iterdir()) == [path]


def test_a_fault_that_cannot_happen_for_real_is_told_before_anything_runs(
    command_line: CommandLine, pocket_sale_with: WriteScenario, tmp_path: Path
) -> None:
    path = pocket_sale_with(faults=[{"kind": "earthquake"}])

    assert_one_line(command_line("rehearse", path), "earthquake")
    assert list(tmp_path.iterdir()) == [path]


ONLY_FOR_REAL = [
    {"kind": "cut_link", "between": ["inventory", "broker"], "at": "2s", "for": "1s"},
    {"kind": "kill", "target": "broker", "at": "2s"},
    {"kind": "pause", "target": "provider", "at": "2s", "for": "1s"},
]


@pytest.mark.parametrize("fault", ONLY_FOR_REAL, ids=lambda fault: fault["kind"])
@pytest.mark.parametrize("verb", ["simulate", "check", "rehearse"])
def test_a_fault_that_cannot_happen_in_virtual_time_is_told_with_its_line(
    command_line: CommandLine, pocket_sale_with: WriteScenario, tmp_path: Path, verb: str, fault: dict[str, object]
) -> None:
    path = pocket_sale_with(faults=[fault], check={"duration": "10min"})

    result = command_line(verb, path)

    assert_one_line(result, "pocket_sale.yaml:", "faults[0].kind", fault["kind"], "list it under 'live'")
    assert list(tmp_path.iterdir()) == [path]


def test_a_fault_that_can_happen_nowhere_is_told_with_its_fix(
    command_line: CommandLine, pocket_sale_with: WriteScenario
) -> None:
    path = pocket_sale_with(faults=[{"kind": "clock_skew", "target": "broker", "by": "1s", "at": "2s", "for": "1s"}])

    assert_one_line(command_line("simulate", path), "'clock_skew broker' cannot happen at all; choose another target")


def test_a_second_look_that_has_no_time_is_told_with_its_line(
    command_line: CommandLine, pocket_sale: Path, tmp_path: Path
) -> None:
    path = tmp_path / "pocket_sale.yaml"
    path.write_text(pocket_sale.read_text().replace("look_again_within: 14min", "look_again_within: 1us"))

    assert_one_line(command_line("simulate", path), "pocket_sale.yaml:17: population.look_again_within", "at least 2us")


@pytest.mark.parametrize(
    "changes",
    [{"lead": "0s", "faults": [{"kind": "kill", "target": "gateway-1", "at": "0s"}]}, {"delays": {"broker": "10h"}}],
    ids=["killed", "slow"],
)
@pytest.mark.parametrize("verb", [("simulate",), ("simulate", "--seeds", "1-2"), ("check", "--seeds", "1-2")], ids=str)
def test_a_setup_that_fails_proves_nothing(
    command_line: CommandLine, pocket_sale_with: WriteScenario, verb: tuple[str, ...], changes: dict[str, object]
) -> None:
    path = pocket_sale_with(check={"duration": "10min"}, **changes)

    result = command_line(verb[0], path, *verb[1:])

    assert result.exit_code == 4, result.stderr
    told = [line for line in result.stderr.splitlines() if line.startswith("doorbuster: ")]
    assert len(told) == 1, result.stderr
    assert "the setup failed at " in told[0]
    assert "`lead`" in told[0]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("seed", ["x", "-1", "1.5"])
def test_a_bad_seed(command_line: CommandLine, pocket_sale: Path, seed: str) -> None:
    result = command_line("simulate", pocket_sale, "--seed", seed)

    assert result.exit_code == 2
    assert "--seed" in result.stderr


def test_an_output_folder_that_cannot_be_made(command_line: CommandLine, pocket_sale: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert_one_line(command_line("simulate", pocket_sale, "--out", "file"), "--out file")


def test_reporting_on_no_folder(command_line: CommandLine) -> None:
    assert_one_line(command_line("report", "nowhere"), "nowhere: there is no such folder")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("run.json", b"{", "damaged"),
        ("events.parquet", b"PAR1", "damaged"),
        ("requests.parquet", None, "missing"),
        ("findings.json", b'{"invariants": 1}', "damaged"),
    ],
)
def test_reporting_on_a_damaged_folder(
    command_line: CommandLine, pocket_sale: Path, name: str, content: bytes | None, words: str
) -> None:
    folder = Path(command_line.json("simulate", pocket_sale, "--no-report")["folder"])
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)

    assert_one_line(command_line("report", folder), name, words)
    assert not (folder / "report.html").exists()


def test_serving_an_unknown_system(command_line: CommandLine) -> None:
    assert_one_line(command_line("serve", "library"), "no system 'library'", "bookstore")


def test_serving_under_a_scenario_of_which_there_is_none(command_line: CommandLine) -> None:
    assert_one_line(command_line("serve", "bookstore", "--scenario", "library_sale"), "no scenario 'library_sale'")


def test_serving_on_a_port_that_is_taken(start: Callable[..., Process]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        serving = start("serve", "bookstore", "--port", port)

        assert serving.ended() == 2

    assert (
        serving.stderr
        == f"doorbuster: port {port} is taken; choose another with --port, or --port 0 for any free one\n"
    )
    assert list(serving.temporary.iterdir()) == []


def test_loading_without_the_secret(command_line: CommandLine, pocket_sale: Path) -> None:
    result = command_line("load", pocket_sale, "--url", "http://127.0.0.1:9")

    assert_one_line(result, "DOORBUSTER_TOKEN_SECRET")


def test_loading_what_is_no_address(
    command_line: CommandLine, pocket_sale: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORBUSTER_TOKEN_SECRET", "a secret of at least thirty-two bytes")

    assert_one_line(command_line("load", pocket_sale, "--url", "127.0.0.1:8080"), "http://127.0.0.1:8080")


def test_loading_where_nobody_serves(
    command_line: CommandLine, pocket_sale: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORBUSTER_TOKEN_SECRET", "a secret of at least thirty-two bytes")

    assert_one_line(command_line("load", pocket_sale, "--url", "http://127.0.0.1:9"), "connection-refused")
    assert not Path("runs").exists()


@pytest.mark.parametrize("broker", ["embedded", ""])
def test_dead_letters_of_no_broker(command_line: CommandLine, broker: str) -> None:
    assert_one_line(command_line("dead-letters", "bookstore", "--broker", broker), "--broker kafka://")


def test_dead_letters_where_no_broker_answers(command_line: CommandLine) -> None:
    assert_one_line(command_line("dead-letters", "bookstore", "--broker", "kafka://127.0.0.1:9"), "127.0.0.1:9")


def test_a_broker_that_is_no_address(command_line: CommandLine) -> None:
    assert_one_line(command_line("dead-letters", "bookstore", "--broker", "127.0.0.1:9092"), "kafka://host:port")


def test_a_verb_that_does_not_exist(command_line: CommandLine) -> None:
    result = command_line("simulat")

    assert result.exit_code == 2
    assert "'simulate'" in result.stderr
