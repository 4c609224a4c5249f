"""Messages that no dead letter can hold: they are left where they are, stop nobody, and can be replayed from there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from running_system import TURNSTILE, RunningSystem

from reference_services.hosting.dead_letters import DeadLetter
from reference_services.kernel.message import partition_of
from tests.hosting_streams.turnstile.system import Enter, Entered

LARGEST = 1_048_000
"""Bytes of about the largest message that Kafka takes by default."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    run_dir = tmp_path_factory.mktemp("left")
    with RunningSystem(TURNSTILE, run_dir, workers={"gates": 1}, gateways=0) as started:
        yield started


def test_what_no_letter_can_hold_is_left_in_place_stops_nobody_and_can_be_replayed(running: RunningSystem) -> None:
    inbox = running.system.commands_topic(running.system.service("gates"))
    partition = partition_of("gate/west", running.settings.partitions)
    said = [(None, None), (b"", b"{" * LARGEST), (b"k" * LARGEST, b"{")]

    for key, payload in said:
        running.append(inbox, partition, payload, key.decode() if key is not None else None)
    pass_through(running, "west")

    left = running.dead_letters("not a message of this system")
    assert [(letter.left_in_place, letter.payload) for letter in left] == [(True, None)] * 3
    assert [said_by(running, letter) for letter in left] == said

    assert running.replay() >= 3
    running.wait_until(lambda: len(running.dead_letters("not a message of this system")) == 6, "they came back")
    again = running.dead_letters("not a message of this system")
    assert [letter.replayed for letter in again] == [True] * 3 + [False] * 3
    assert [said_by(running, letter) for letter in again[3:]] == said


def test_a_reason_may_be_as_long_as_the_message(running: RunningSystem) -> None:
    message = running.message(Enter("g" * 400_000, "ada"), "c-long")
    inbox = running.system.commands_topic(running.system.service("gates"))
    wrong = (partition_of(message.subject, running.settings.partitions) + 1) % running.settings.partitions

    running.append(inbox, wrong, running.codec.encode(message))
    running.wait_until(lambda: len(running.dead_letters("gate/ggg")) == 1, "set aside")

    (letter,) = running.dead_letters("gate/ggg")
    assert letter.payload == running.codec.encode(message)


def test_a_decision_that_is_too_large_to_be_written_is_not_made(running: RunningSystem) -> None:
    running.send(Enter("east", "p" * 1_000_000), "c-large")
    pass_through(running, "east")

    (letter,) = running.dead_letters("TooLarge: gate/east/1/0 takes 1000")
    assert letter.left_in_place
    assert [entered.number for entered in running.events(Entered) if entered.gate == "east"] == [1]


def test_a_letter_whose_message_has_expired_is_passed_over(running: RunningSystem) -> None:
    gates = running.system.service("gates")
    place = (("topic", running.system.commands_topic(gates).encode()), ("partition", b"0"), ("offset", b"1000000"))
    about = (("reason", b"expired since"), ("left_in_place", b"true"))
    running.append(running.system.dead_letters_topic(gates), 0, None, "", (*about, *place))
    others = sum(not letter.replayed for letter in running.dead_letters("")) - 1

    assert running.replay() == others
    assert [letter.replayed for letter in running.dead_letters("expired since")] == [True]


def pass_through(running: RunningSystem, gate: str) -> None:
    """Have somebody pass after all that came before."""
    count = sum(entered.gate == gate for entered in running.events(Entered))
    running.send(Enter(gate, "ada"), f"c-{gate}-{count}")
    running.wait_until(lambda: sum(e.gate == gate for e in running.events(Entered)) > count, "the next was let in")


def said_by(running: RunningSystem, letter: DeadLetter) -> tuple[bytes | None, bytes | None]:
    """Key and payload of the message where it was found."""
    place = (letter.found_partition, letter.found_offset)
    found = next(each for each in running.log_of(letter.found_topic) if (each.partition, each.offset) == place)
    return found.key, found.value
