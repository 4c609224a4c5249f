"""Commands in, events out, through real Faust workers on a real broker."""

from __future__ import annotations

import pytest
from running_system import RunningSystem

from reference_services.kernel.message import Refused, partition_of
from tests.hosting_streams.turnstile.system import AskToll, Enter, Entered, TollAsked, TollTold


def test_a_command_is_decided_reacted_to_and_acted_upon(turnstile: RunningSystem) -> None:
    turnstile.send(Enter("north", "ada"), "c-north-1")

    turnstile.wait_until(lambda: any(told.toll == "north-1" for told in turnstile.events(TollTold)), "ada was told")

    record = next(record for record in turnstile.history.records() if record[0].subject == "gate/north")
    assert record[0].id == "gate/north/1/0"
    assert record[0].causation_id == "c-north-1"
    asked = next(record[0] for record in turnstile.history.records() if record[0].subject == "toll/north-1")
    assert asked.data == TollAsked("north-1", "ada")
    assert asked.causation_id == "gate/north/1/0:ask-toll:0"
    assert asked.correlation_id == "c-north-1"


def test_a_trace_runs_through_every_hop(turnstile: RunningSystem) -> None:
    turnstile.send(Enter("traced", "ada"), "c-traced-1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    turnstile.wait_until(lambda: any(told.toll == "traced-1" for told in turnstile.events(TollTold)), "ada was told")

    messages = [m for record in turnstile.history.records() for m in record if m.correlation_id == "c-traced-1"]

    assert [type(message.data) for message in messages] == [Entered, TollAsked, TollTold]
    assert {message.traceparent.split("-")[1] for message in messages} == {"4bf92f3577b34da6a3ce929d0e0e4736"}
    assert len({message.traceparent for message in messages}) == 3


def test_events_lie_on_the_partition_of_their_subject_under_a_raw_key(turnstile: RunningSystem) -> None:
    turnstile.send(Enter("key", "ada"), "c-key-1")
    turnstile.wait_until(lambda: any(e.gate == "key" for e in turnstile.events(Entered)), "ada entered")

    gates = turnstile.system.service("gates")
    keys = {(record.key, record.partition) for record in turnstile.log_of(turnstile.system.events_topic(gates))}

    assert (b"gate/key", partition_of("gate/key", turnstile.settings.partitions)) in keys


def test_a_repeated_command_is_decided_once(turnstile: RunningSystem) -> None:
    for _ in range(3):
        turnstile.send(Enter("east", "ada"), "c-east-1")
    turnstile.send(Enter("east", "bob"), "c-east-2")

    turnstile.wait_until(lambda: any(e.person == "bob" for e in turnstile.events(Entered)), "bob entered")

    entered = [(e.person, e.number) for e in turnstile.events(Entered) if e.gate == "east"]
    assert entered == [("ada", 1), ("bob", 2)]


def test_a_refusal_is_recorded(turnstile: RunningSystem) -> None:
    for number in range(51):
        turnstile.send(Enter("full", f"p{number}"), f"c-full-{number}")

    (refused,) = turnstile.wait_for_events(Refused, 1)

    assert refused == Refused("full")
    assert sum(e.gate == "full" for e in turnstile.events(Entered)) == 50


@pytest.mark.parametrize(
    ("payload", "key", "reason"),
    [
        (b"{", "", "not a message of this system"),
        (b"{", None, "not a message of this system"),
        (b'{"id":"x","source":"s","type":"gates.Fly","subject":"gate/west","time_us":1,"data":{}}', "", "Fly"),
        (b"", "", "not a message of this system"),
        (None, "", "not a message of this system"),
    ],
    ids=["cut off", "without a key", "of no known type", "empty", "nothing"],
)
def test_a_poison_message_is_set_aside_and_stops_nobody(
    turnstile: RunningSystem, payload: bytes | None, key: str | None, reason: str
) -> None:
    gates = turnstile.system.service("gates")
    inbox = turnstile.system.commands_topic(gates)
    partition = partition_of("gate/west", turnstile.settings.partitions)
    before = turnstile.dead_letters()
    person = f"whoever comes after {len(before)}"

    turnstile.append(inbox, partition, payload, key)
    turnstile.send(Enter("west", person), f"c-{person}")

    turnstile.wait_until(lambda: person in {e.person for e in turnstile.events(Entered)}, "the next was let in")
    (letter,) = [letter for letter in turnstile.dead_letters() if letter not in before]
    assert reason in letter.reason
    assert (letter.payload, letter.found_topic, letter.found_partition) == (payload, inbox, partition)
    assert letter.key == (key.encode() if key is not None else None)
    assert not letter.left_in_place


def test_a_command_that_the_decider_trips_over_is_set_aside(turnstile: RunningSystem) -> None:
    turnstile.send(Enter("south", ""), "c-south-1")

    turnstile.wait_until(
        lambda: "ValueError: nobody has no name" in {letter.reason for letter in turnstile.dead_letters()}, "set aside"
    )


def test_a_command_on_the_wrong_partition_is_set_aside(turnstile: RunningSystem) -> None:
    message = turnstile.message(Enter("lost", "ada"), "c-lost-1")
    partition = partition_of("gate/lost", turnstile.settings.partitions)
    wrong = (partition + 1) % turnstile.settings.partitions
    inbox = turnstile.system.commands_topic(turnstile.system.service("gates"))

    turnstile.append(inbox, wrong, turnstile.codec.encode(message), "gate/lost")

    expected = f"gate/lost does not belong to partition {wrong}"
    turnstile.wait_until(lambda: expected in {letter.reason for letter in turnstile.dead_letters()}, "set aside")


def test_dead_letters_can_be_replayed(turnstile: RunningSystem) -> None:
    tolls = turnstile.system.service("tolls")
    message = turnstile.message(AskToll("mended-1", "ada"), "c-mended-1")
    inbox = turnstile.system.commands_topic(tolls)
    partition = partition_of("toll/mended-1", turnstile.settings.partitions)
    place = (("reason", b"a defect since mended"), ("topic", inbox.encode()), ("partition", b"%d" % partition))
    topic = turnstile.system.dead_letters_topic(tolls)
    payload = turnstile.codec.encode(message)
    turnstile.append(topic, partition, payload, "toll/mended-1", (*place, ("offset", b"7")))

    assert [letter.replayed for letter in turnstile.dead_letters(service="tolls")] == [False]
    assert turnstile.replay("tolls") == 1

    turnstile.wait_until(lambda: any(told.toll == "mended-1" for told in turnstile.events(TollTold)), "ada was told")
    assert [letter.replayed for letter in turnstile.dead_letters(service="tolls")] == [True]
    assert turnstile.replay("tolls") == 0


def test_everything_consumed_is_accounted_for(turnstile: RunningSystem) -> None:
    turnstile.send(Enter("count", "ada"), "c-count-1")
    turnstile.send(Enter("count", "ada"), "c-count-1")
    turnstile.send(Enter("count", ""), "c-count-2")
    turnstile.history.wait_until_quiet(0.5, 20)

    def balance() -> dict[str, float]:
        return {
            name: turnstile.counted(f"doorbuster_commands_{name}_total", service="gates")
            for name in ("consumed", "decided", "duplicate", "dead_lettered")
        }

    turnstile.wait_until(lambda: turnstile.counted("doorbuster_consumer_lag") == 0, "everything is consumed")
    counts = balance()
    assert counts["consumed"] == counts["decided"] + counts["duplicate"] + counts["dead_lettered"]
    assert min(counts.values()) > 0
    written = len(turnstile.raw_records(turnstile.system.events_topic(turnstile.system.service("gates"))))
    assert counts["decided"] == written
