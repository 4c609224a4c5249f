"""``doorbuster replay``: the same to the last message, or the first one that differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_lines import CommandLine

from scenarios.loading import load_scenario
from simulations.search.searching import tape_of_seed
from simulations.search.tape import Tape, write_tape

Damage = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="session")
def broken_tape() -> Tape:
    """A run in which a planted bug breaks an invariant."""
    return tape_of_seed(load_scenario("flash_sale").for_check(), 1, "decided-again")


@pytest.fixture(scope="session")
def clean_tape() -> Tape:
    """A run in which all holds."""
    return tape_of_seed(load_scenario("flash_sale").for_check(), 1)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a tape, altered as JSON data if so wanted."""

    def write(tape: Tape, damage: Damage | None = None) -> Path:
        path = tmp_path / "some.tape.json"
        write_tape(path, tape)
        if damage is not None:
            document = json.loads(path.read_text())
            damage(document)
            path.write_text(json.dumps(document))
        return path

    return write


def test_what_broke_breaks_again(command_line: CommandLine, broken_tape: Tape, written: Callable[..., Path]) -> None:
    document = command_line.json("replay", written(broken_tape))

    assert (document["verdict"], document["exit_code"]) == ("FAIL: invariant", 3)
    assert document["history_sha256"] == document["expected_sha256"] == broken_tape.history_sha256
    assert document["difference"] is None
    assert list(document["violated"]) == document["expected_violated"] == ["decided-once"]
    assert "was decided" in document["violated"]["decided-once"]


def test_what_held_holds_again_every_time(
    command_line: CommandLine, clean_tape: Tape, written: Callable[..., Path]
) -> None:
    result = command_line("replay", written(clean_tape), "--times", 3)

    assert result.exit_code == 0
    assert result.stdout.lstrip().startswith("PASS")
    assert "3 times" in result.stdout
    assert clean_tape.history_sha256[:12] in result.stdout


def test_people_read_what_broke(command_line: CommandLine, broken_tape: Tape, written: Callable[..., Path]) -> None:
    result = command_line("replay", written(broken_tape))

    assert result.exit_code == 3
    assert "decided-once: " in result.stdout
    assert "with decided-again planted" in result.stdout
    assert "Story" not in result.stdout


def test_a_story_is_written_beside_the_tape_if_wanted(
    command_line: CommandLine, broken_tape: Tape, written: Callable[..., Path]
) -> None:
    path = written(broken_tape)

    document = command_line.json("replay", path, "--story")

    assert Path(document["story"]) == path.parent / "story.html"
    assert (path.parent / "story.html").stat().st_size > 1_000


def test_another_history_names_the_first_message_that_differs(
    command_line: CommandLine, broken_tape: Tape, written: Callable[..., Path]
) -> None:
    def alter(document: dict[str, Any]) -> None:
        document["history"][41]["digest"] = "0000000000000000"

    document = command_line.json("replay", written(broken_tape, alter), "--times", 5)

    assert (document["verdict"], document["exit_code"], document["times"]) == ("INVALID", 4, 1)
    assert document["difference"].startswith("message 42 of ")
    assert broken_tape.history[41].id in document["difference"]


def test_without_its_bug_the_tape_comes_out_otherwise(
    command_line: CommandLine, broken_tape: Tape, written: Callable[..., Path]
) -> None:
    result = command_line("replay", written(broken_tape, lambda document: document.update(plant="")))

    assert result.exit_code == 4
    assert "The history is not that of the tape: message " in result.stdout
    assert "that is how a fix looks" in result.stdout


def test_the_same_history_judged_otherwise_proves_nothing(
    command_line: CommandLine, clean_tape: Tape, written: Callable[..., Path]
) -> None:
    path = written(clean_tape, lambda document: document.update(violated=["no-oversell"]))

    document = command_line.json("replay", path)

    assert document["exit_code"] == 4
    assert "no-oversell did not break" in document["reasons"][0]


def _forget_an_operation(document: dict[str, Any]) -> None:
    document["requests"][0]["do"]["operation"] = "place_fax"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda document: document.update(format_version=99), "a tape of format 99"),
        (lambda document: document.update(seed="one"), "not a tape, or damaged"),
        (lambda document: document.update(plant="no-such-bug"), "no planted bug 'no-such-bug'"),
        (lambda document: document.update(faults=[{"kind": "earthquake"}]), "fault"),
        (lambda document: document["scenario"].update(nonsense=1), "nonsense"),
        (_forget_an_operation, "place_fax"),
    ],
)
def test_a_tape_that_cannot_be_played_is_told_in_one_line(
    command_line: CommandLine, clean_tape: Tape, written: Callable[..., Path], damage: Damage, words: str
) -> None:
    result = command_line("replay", written(clean_tape, damage))

    assert result.exit_code == 2
    (told,) = [line for line in result.stderr.splitlines() if line.startswith("doorbuster: ")]
    assert "some.tape.json" in told
    assert words in told
    assert "Traceback" not in result.stderr


def test_a_tape_that_is_cut_off_or_not_there(
    command_line: CommandLine, clean_tape: Tape, written: Callable[..., Path]
) -> None:
    path = written(clean_tape)
    path.write_bytes(path.read_bytes()[:500])

    for result in (command_line("replay", path), command_line("replay", "nowhere.json")):
        assert result.exit_code == 2
        assert result.stderr.splitlines()[-1].startswith("doorbuster: ")
