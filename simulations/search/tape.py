"""A tape: everything that a simulated run depends on, and what happened, so that it can be played again anywhere.

All chance in a run is drawn from streams named by the seed and by what is drawn for, never in passing. So a run depends
on nothing but its scenario, its seed, what goes wrong, and what was asked of the system and when. That is what a tape
holds, together with a digest of every message of the history: a replay that comes out otherwise can name the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from reference_services.kernel.message import Message
from scenarios.faults.catalog import from_document as fault_from_document
from scenarios.faults.catalog import to_document as fault_to_document
from scenarios.loading import from_document
from scenarios.model import Scenario
from scenarios.run_folder import write_atomically

from ..kafka.tuning import Tuning
from ..network import Asked
from ..simulation import SimulationResult, Trouble

TAPE_FORMAT = 1
"""Version of the format. Raise it whenever an older reader would misread a newer tape."""

LARGEST_TAPE_BYTES = 256 * 1024 * 1024


class NotATape(Exception):
    """The file cannot be played; one line says why and what to do."""


class Happened(msgspec.Struct, frozen=True, gc=False):
    """One message of the history: its id and a digest of all of it."""

    id: str
    digest: str


class Tape(msgspec.Struct, frozen=True, kw_only=True):
    """One run, whole. ``plant`` names the planted bug that was in it, ``violated`` the invariants that broke."""

    format_version: int = TAPE_FORMAT
    scenario: dict[str, Any]
    seed: int
    plant: str = ""
    tuning: Tuning = Tuning()
    faults: tuple[dict[str, Any], ...] = ()
    requests: tuple[Asked, ...] = ()
    history: tuple[Happened, ...] = ()
    history_sha256: str = ""
    violated: tuple[str, ...] = ()

    def resolved_scenario(self) -> Scenario:
        """The scenario as it was played. Raises `scenarios.problems.ScenarioError`."""
        return from_document(self.scenario, "the tape's scenario")

    def trouble(self) -> Trouble:
        """What went wrong. Raises `NotATape`."""
        try:
            return Trouble(tuple(fault_from_document(fault) for fault in self.faults), self.tuning)
        except (ValueError, LookupError) as error:
            raise NotATape(f"the tape has a fault that this version does not know: {error}") from error


def fault_documents(trouble: Trouble) -> tuple[dict[str, Any], ...]:
    """The faults of ``trouble`` as they stand on a tape."""
    return tuple(fault_to_document(fault) for fault in trouble.faults)


class Scribe:
    """Writes down a run while it is simulated; a `simulations.sink.RunSink`."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.history: list[Happened] = []
        self._encode = msgspec.msgpack.Encoder().encode

    def event(self, message: Message[Any]) -> None:
        """One message of the history."""
        self.history.append(Happened(message.id, hashlib.blake2b(self._encode(message), digest_size=8).hexdigest()))

    def request(self, row: object) -> None:
        """What was answered follows from what was asked."""

    def sample(self, time_us: int, metric: str, label: str, value: float) -> None:
        """How long queues were follows, too."""


def violated_by(result: SimulationResult) -> tuple[str, ...]:
    """The names of the invariants that did not hold, in the order of the checkers."""
    return tuple(finding.name for finding in result.findings if finding.status == "broken")


def first_difference(expected: Sequence[Happened], found: Sequence[Happened]) -> str:
    """The first place at which two histories differ, in words; empty if there is none."""
    for number, (one, other) in enumerate(zip(expected, found, strict=False), 1):
        if one != other:
            what = f"{other.id} came instead of {one.id}" if one.id != other.id else f"{one.id} has another content"
            return f"message {number:,} of {len(expected):,}: {what}"
    if len(expected) > len(found):
        return f"message {len(found) + 1:,} of {len(expected):,}: {expected[len(found)].id} never came"
    if len(found) > len(expected):
        return f"after all {len(expected):,} messages: {found[len(expected)].id} came, too"
    return ""


def write_tape(path: Path, tape: Tape) -> None:
    """Write ``tape``, whole or not at all."""
    write_atomically(path, msgspec.json.encode(tape) + b"\n")


def read_tape(path: Path) -> Tape:
    """The tape at ``path``. Raises `NotATape`."""
    try:
        if path.stat().st_size > LARGEST_TAPE_BYTES:
            raise NotATape(f"{path}: larger than any tape")
        payload = path.read_bytes()
    except OSError as error:
        raise NotATape(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    try:
        found = msgspec.json.decode(payload, type=_Format).format_version
        if found == TAPE_FORMAT:
            return msgspec.json.decode(payload, type=Tape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotATape(f"{path}: not a tape, or damaged: {error}") from error
    raise NotATape(
        f"{path}: a tape of format {found}, but this version of Doorbuster plays format {TAPE_FORMAT}; "
        "find the violation again with doorbuster check"
    )


class _Format(msgspec.Struct):
    format_version: int
