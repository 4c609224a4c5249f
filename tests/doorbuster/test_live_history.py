"""One history out of several places: answers stand after the decisions that they tell of."""

from __future__ import annotations

from typing import Any

import pytest

from doorbuster.live.history import tell_history, with_answers
from reference_services.kernel.history import Answered, InboxCounted
from reference_services.kernel.invariant import Checker, Coverage
from reference_services.kernel.message import Event, Message, Record
from scenarios.run_records import RequestRow
from simulations.recorder import Recorder


class NothingToReach(Coverage):
    """No situation is of interest."""

    names = ()


class Happened(Event, frozen=True):
    """Whatever it was."""


def decided(command_id: str, time_us: int, subject: str = "thing/1", version: int = 1) -> Record:
    return (
        Message(f"{subject}/{version}/0", "x.y", "x.y.Happened", subject, time_us, Happened(), version, command_id),
    )


def asked(command_id: str, ended_us: int) -> RequestRow:
    return RequestRow("ann", "shopper", 0, "do_it", ended_us - 5, ended_us - 5, ended_us, "ok", 200, "", command_id)


def told(records: list[Record], requests: list[RequestRow]) -> list[str]:
    """Which command each line is about, answers in brackets."""
    return [
        f"({found.command_id})" if isinstance(found, RequestRow) else found[0].causation_id
        for found in with_answers(records, requests)
    ]


def test_an_answer_stands_where_it_was_given() -> None:
    records = [decided("c-1", 10), decided("c-2", 30, version=2)]

    assert told(records, [asked("c-1", 20), asked("c-2", 40)]) == ["c-1", "(c-1)", "c-2", "(c-2)"]


def test_an_answer_never_comes_before_its_decision() -> None:
    records = [decided("c-1", 10), decided("c-2", 30, version=2), decided("c-3", 31, version=3)]

    assert told(records, [asked("c-3", 15), asked("c-2", 16)]) == ["c-1", "c-2", "(c-2)", "c-3", "(c-3)"]


def test_an_answer_to_what_was_never_decided_stands_by_its_time() -> None:
    records = [decided("c-1", 10), decided("c-2", 30, version=2)]

    assert told(records, [asked("c-9", 20)]) == ["c-1", "(c-9)", "c-2"]


def test_every_answer_to_a_repeated_request_is_told() -> None:
    assert told([decided("c-1", 10)], [asked("c-1", 5), asked("c-1", 6), asked("c-1", 20)]) == [
        "c-1",
        "(c-1)",
        "(c-1)",
        "(c-1)",
    ]


def test_who_only_looked_is_not_told() -> None:
    assert told([decided("c-1", 10)], [asked("", 20)]) == ["c-1"]


@pytest.mark.parametrize("requests", [[], [asked("c-1", 20)]])
def test_a_history_without_decisions(requests: list[RequestRow]) -> None:
    assert told([], requests) == ["(c-1)"] * len(requests)


def test_what_was_observed_at_the_end_is_told_last() -> None:
    told_messages: list[Message[Any]] = []

    class Sink:
        def event(self, message: Message[Any]) -> None:
            told_messages.append(message)

    counted = InboxCounted("y", 1, 1, 0, 0, 0)
    recorder = Recorder(Checker((), NothingToReach()), Sink())

    tell_history(recorder, [decided("c-1", 10)], [asked("c-1", 99)], [("service/y", counted)], 50)

    assert [type(message.data) for message in told_messages] == [Happened, Answered, InboxCounted]
    assert (told_messages[1].subject, told_messages[1].time_us) == ("ann", 99)
    assert (told_messages[2].subject, told_messages[2].time_us) == ("service/y", 50)
    assert recorder.domain_events == 1
