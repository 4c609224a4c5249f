"""What a violation leaves behind: its tape, the smallest tape that still shows it, and its story."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Any

import msgspec

from reports import wording
from reports.story_page import write_story
from scenarios.model import Scenario
from simulations.search.searching import tape_of_seed
from simulations.search.shrink import Shrinker
from simulations.search.story import story_of
from simulations.search.tape import Tape, write_tape

from ..console import progress
from ..errors import NothingProved
from ..runs import run_folder

TAPE_FILE = "tape.json"
SHRUNK_FILE = "shrunk.tape.json"


class Violation(msgspec.Struct, frozen=True):
    """Which run to keep: the scenario as it was searched, the seed, what broke, and the bug that was planted."""

    scenario: Scenario
    seed: int
    invariant: str
    plant: str = ""


class Evidence(msgspec.Struct, frozen=True):
    """The files of one violation; ``shrunk`` is None if the tape was to stay whole."""

    folder: Path
    tape: Path
    shrunk: Path | None
    story: Path
    played: Tape
    """The tape that the story tells."""

    @property
    def replay(self) -> str:
        """The command line that plays it again."""
        return replay_command(self.shrunk or self.tape)

    def document(self) -> dict[str, Any]:
        """The files as JSON data, and how large the run still is that the story tells."""
        return {
            "folder": str(self.folder),
            "tape": str(self.tape),
            "shrunk": str(self.shrunk) if self.shrunk else None,
            "story": str(self.story),
            "replay": self.replay,
            "requests": len(self.played.requests),
            "faults": list(self.played.faults),
            "messages": len(self.played.history),
        }


def replay_command(tape: Path) -> str:
    """The command line that plays ``tape`` again."""
    return f"doorbuster replay {shlex.quote(str(tape))}"


def keep_evidence(root: Path, violation: Violation, shrink_s: float) -> Evidence:
    """Write tape, shrunk tape and story into a new run folder under ``root``.

    Shrinking takes ``shrink_s`` seconds at most, and does not happen if that is 0. Raises `NothingProved` if the seed
    does not break the same invariant again, and as `doorbuster.runs.run_folder`.
    """
    whole = _recorded(violation)
    with run_folder(root, violation.scenario, "check") as folder:
        tape, played, shrunk = folder / TAPE_FILE, whole, None
        write_tape(tape, whole)
        if shrink_s:
            played, shrunk = _shrunk(whole, violation.invariant, shrink_s), folder / SHRUNK_FILE
            write_tape(shrunk, played)
    # From here on the tapes are kept, whatever becomes of their story.
    with progress("Writing its story"):
        story = write_story(folder, story_of(played, violation.invariant, replay_command(shrunk or tape)))
    return Evidence(folder, tape, shrunk, story, played)


def _recorded(violation: Violation) -> Tape:
    tape = tape_of_seed(violation.scenario, violation.seed, violation.plant)
    if violation.invariant not in tape.violated:
        raise NothingProved(
            f"seed {violation.seed} broke {violation.invariant} once and not again: something in the code decides by "
            "chance, by the clock or by the order of a set"
        )
    return tape


def _shrunk(tape: Tape, invariant: str, budget_s: float) -> Tape:
    began_s = time.monotonic()
    with progress(f"Shrinking seed {tape.seed}") as tick:

        def tried(_: int, requests: int) -> None:
            tick(min(time.monotonic() - began_s, budget_s), budget_s, f"requests left: {wording.number(requests)}")

        return Shrinker(tape, invariant, budget_s, tried).shrink()
