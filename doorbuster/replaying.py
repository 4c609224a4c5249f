"""Plays a tape again and says whether it came out as before."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import msgspec
from rich.text import Text

from reference_services.kernel.invariant import Finding
from reports import wording
from reports.story_page import write_story
from reports.verdict import INVALID, INVARIANT_BROKEN, LABELS, PASS
from scenarios.faults.stage import CannotHappenHere
from scenarios.problems import ScenarioError
from simulations.planted.catalog import UnknownPlant
from simulations.search.playing import play_tape
from simulations.search.story import story_of
from simulations.search.tape import NotATape, Tape, first_difference, read_tape
from simulations.simulation import SimulationResult

from .checking.evidence import replay_command
from .console import Tick, output
from .errors import Mendable
from .verdicts import STYLES

HASH_SHOWN = 12


class Replay(msgspec.Struct, frozen=True):
    """What came of a tape. ``played`` is the tape of the last time, ``difference`` where it first came out otherwise,
    in words; empty if every time was equal to the tape.
    """

    path: Path
    tape: Tape
    played: Tape
    findings: tuple[Finding, ...]
    times: int
    difference: str

    @property
    def broken(self) -> list[Finding]:
        """The invariants that broke this time."""
        return [finding for finding in self.findings if finding.status == "broken"]

    @property
    def crashed(self) -> list[Finding]:
        """The checkers that could not judge."""
        return [finding for finding in self.findings if finding.status == "crashed"]

    @property
    def code(self) -> int:
        """The exit code."""
        if self.reasons():
            return INVALID
        return INVARIANT_BROKEN if self.broken else PASS

    def reasons(self) -> list[str]:
        """Why this replay proves nothing about its tape; empty if it does."""
        if self.difference:
            return [f"The history is not that of the tape: {self.difference}."]
        held = [name for name in self.tape.violated if name not in self.played.violated]
        reasons = [f"The same history is judged otherwise than on the tape: {wording.listed(held)} did not break."]
        crashed = [f"The checker {finding.name} crashed: {finding.error}" for finding in self.crashed]
        return reasons * bool(held) + crashed * (not self.broken)

    def document(self) -> dict[str, Any]:
        """The replay as JSON data."""
        return {
            "tape": str(self.path),
            "scenario": self.tape.scenario["name"],
            "seed": self.tape.seed,
            "plant": self.tape.plant or None,
            "times": self.times,
            "verdict": LABELS[self.code],
            "exit_code": self.code,
            "reasons": self.reasons(),
            "history_sha256": self.played.history_sha256,
            "expected_sha256": self.tape.history_sha256,
            "difference": self.difference or None,
            "messages": len(self.played.history),
            "violated": {finding.name: _first_message(finding) for finding in self.broken},
            "expected_violated": list(self.tape.violated),
        }


def replay_tape(path: Path, times: int, tick: Tick) -> Replay:
    """Play the tape at ``path`` up to ``times`` times, until it comes out otherwise than on the tape.

    Raises `NotATape` or `Mendable`, one line each, if it cannot be played.
    """
    tape = read_tape(path)
    for number in range(1, times + 1):
        played, result = _played(path, tape)
        difference = _difference(tape, played)
        tick(number, times)
        if difference or number == times:
            return Replay(path, tape, played, result.findings, number, difference)
    raise ValueError("a tape is played at least once")


def write_story_beside(replayed: Replay) -> Path | None:
    """Write the story of what broke into the folder of its tape; returns where it is, or None if nothing broke."""
    if not replayed.broken:
        return None
    story = story_of(replayed.played, replayed.broken[0].name, replay_command(replayed.path))
    return write_story(replayed.path.parent, story)


def print_replay(replayed: Replay, story: Path | None) -> None:
    """A replay, for people."""
    tape, code = replayed.tape, replayed.code
    planted = f" with {tape.plant} planted" if tape.plant else ""
    times = "" if replayed.times == 1 else f", {replayed.times:,} times"
    what = f"{tape.scenario['name']}, seed {tape.seed}{planted}{times}"
    output.print(Text(f" {LABELS[code]} ", STYLES[code]), Text(what))
    for reason in replayed.reasons():
        output.print(f"  {reason}")
    if replayed.difference:
        output.print(f"  {_since_then(replayed)}")
    else:
        output.print(f"  The history is that of the tape: {_history(replayed.played)}")
    for finding in replayed.broken:
        output.print(Text(f"  {finding.name}: {wording.counted(finding.violations, 'violation')}", "bold red"))
        output.print(f"    {_first_message(finding)}")
    if story is not None:
        output.print(f"Story: {story}")


def _since_then(replayed: Replay) -> str:
    if replayed.tape.violated and not replayed.broken:
        return (
            "Nothing broke this time. If the code has been changed since, that is how a fix looks; to believe it, "
            "search for the violation again with doorbuster check."
        )
    return "The code has changed since, or something in it decides by chance."


def _history(played: Tape) -> str:
    return f"{wording.counted(len(played.history), 'message')}, {played.history_sha256[:HASH_SHOWN]}"


def _played(path: Path, tape: Tape) -> tuple[Tape, SimulationResult]:
    try:
        return play_tape(tape)
    except ScenarioError as error:
        first_line = str(error).partition("\n")[0]
        raise Mendable(f"{path}: from another version, or damaged: {first_line}") from error
    except (NotATape, UnknownPlant, CannotHappenHere) as error:
        raise Mendable(f"{path}: from another version, or damaged: {error}") from error
    except (LookupError, TypeError, ValueError) as error:  # e.g. a request for an operation that is no more
        what = traceback.format_exception_only(error)[-1].strip()
        raise Mendable(f"{path}: from another version, or damaged; the system cannot play it: {what}") from error


def _difference(tape: Tape, played: Tape) -> str:
    """Where the histories part, in words; empty if they are equal to the last byte."""
    if played.history_sha256 == tape.history_sha256 and played.history == tape.history:
        return ""
    found = first_difference(tape.history, played.history)
    return found or f"every message is, but their hash is {played.history_sha256}, not {tape.history_sha256}"


def _first_message(finding: Finding) -> str:
    return wording.printable(finding.samples[0].message) if finding.samples else finding.statement
