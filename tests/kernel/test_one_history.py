"""What a reader of logs notices: a version with two contents, and a command with two decisions."""

from __future__ import annotations

import msgspec
from larder import Filled

from reference_services.kernel.history import Diverged, RepeatedDecision
from reference_services.kernel.message import Message, Record
from reference_services.kernel.one_history import LogReading


def filled(version: int, command_id: str, units: int = 1) -> Record:
    """The record of one decision about one box."""
    event = Filled("b-1", units, 0)
    return (Message(f"box/b-1/{version}/0", "larder", "larder.Filled", "box/b-1", 0, event, version, command_id),)


def test_versions_that_differ_and_commands_that_differ_are_fine() -> None:
    reading = LogReading()
    assert reading.new(filled(1, "c-1")) is None
    assert reading.new(filled(2, "c-2")) is None


def test_the_same_again_is_fine_at_any_version() -> None:
    reading = LogReading()
    for version in (1, 2):
        reading.new(filled(version, f"c-{version}"))
    assert reading.copy(filled(1, "c-1")) is None
    assert reading.copy(filled(2, "c-2")) is None


def test_a_version_with_two_contents_is_noticed() -> None:
    reading = LogReading()
    reading.new(filled(1, "c-1", units=1))
    assert reading.copy(filled(1, "c-1", units=2)) == Diverged("box/b-1", 1)
    later = msgspec.structs.replace(filled(1, "c-1")[0], time_us=5)
    assert reading.copy((later,)) == Diverged("box/b-1", 1), "an instant counts as content"


def test_a_command_with_two_decisions_is_noticed() -> None:
    reading = LogReading()
    reading.new(filled(1, "c-1"))
    assert reading.new(filled(2, "c-1")) == RepeatedDecision("c-1", "box/b-1/1/0", "box/b-1/2/0")
