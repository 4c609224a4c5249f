"""Histories read from many topics at once are told so that nothing comes before what led to it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_services.kernel.history import cause_of, in_causal_order
from reference_services.kernel.message import Event, Message, Record, event_id

PARTITIONS = 3


def record(subject: str, version: int, command_id: str = "c-1", events: int = 1) -> Record:
    """One record as it stands in a history."""
    return tuple(
        Message(event_id(subject, version, index), "s", "t", subject, 0, Event(), version, command_id)
        for index in range(events)
    )


def caused_by(record_: Record, index: int = 0) -> str:
    """The id of the command that a policy sends because of an event."""
    return f"{record_[index].id}:some-policy:0"


def ids(records: Sequence[Record]) -> list[str]:
    return [record_[0].id for record_ in records]


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """A history as it happened: each record caused by a client, by time, or by any earlier event."""
    happened: list[Record] = []
    versions: dict[str, int] = {}
    for _ in range(draw(st.integers(0, 25))):
        subject = draw(st.sampled_from(["order/1", "order/2", "stock/a:b", "stock/c", "payment/1/1"]))
        versions[subject] = versions.get(subject, 0) + 1
        command_id = draw(st.sampled_from(["c-1", "t-1"]))
        if happened and draw(st.integers(0, 3)):
            cause = draw(st.sampled_from(happened))
            command_id = caused_by(cause, draw(st.integers(0, len(cause) - 1)))
        happened.append(record(subject, versions[subject], command_id, draw(st.integers(1, 3))))
    return happened


@st.composite
def readings(draw: st.DrawFn) -> list[Record]:
    """A history as it arrives: in order within each partition, in any order between them."""
    logs: dict[int, list[Record]] = {}
    for record_ in draw(histories()):
        logs.setdefault(hash_free_partition(record_), []).append(record_)
    arrived: list[Record] = []
    while logs:
        partition = draw(st.sampled_from(sorted(logs)))
        arrived.append(logs[partition].pop(0))
        if not logs[partition]:
            del logs[partition]
    return arrived


def hash_free_partition(record_: Record) -> int:
    return sum(record_[0].subject.encode()) % PARTITIONS


@given(readings())
def test_nothing_comes_before_what_led_to_it_and_nothing_is_lost(arrived: list[Record]) -> None:
    told = list(in_causal_order(arrived))

    assert sorted(ids(told)) == sorted(ids(arrived))
    seen: set[str] = set()
    versions: dict[str, int] = {}
    for record_ in told:
        first = record_[0]
        assert not cause_of(record_) or cause_of(record_) in seen
        assert first.version == versions.get(first.subject, 0) + 1
        versions[first.subject] = first.version
        seen.update(message.id for message in record_)


@given(histories())
def test_what_is_in_order_stays_as_it_is(happened: list[Record]) -> None:
    assert list(in_causal_order(happened)) == happened


def test_a_record_that_waits_makes_its_own_aggregate_wait_and_nobody_else() -> None:
    cancelled = record("order/1", 1)
    released = record("stock/a", 1, caused_by(cancelled))
    reserved = record("stock/a", 2)
    elsewhere = record("stock/b", 1)

    told = in_causal_order([released, reserved, elsewhere, cancelled])

    assert ids(list(told)) == ids([elsewhere, cancelled, released, reserved])


def test_what_a_cause_released_is_told_right_after_it() -> None:
    placed = record("order/1", 1)
    claimed = record("allowance/1", 1, caused_by(placed))
    reserved = record("stock/a", 1, caused_by(claimed))
    later = record("order/2", 1)

    assert ids(list(in_causal_order([reserved, claimed, placed, later]))) == ids([placed, claimed, reserved, later])


def test_what_never_gets_its_turn_is_told_at_the_end_in_order_of_arrival() -> None:
    orphan = record("stock/a", 1, "order/lost/1/0:reserve-stock:0")
    its_next = record("stock/a", 2)
    other = record("stock/b", 1, "order/lost/2/0:reserve-stock:0")
    its_sibling = record("stock/a", 3, "order/lost/1/0:reserve-stock:1")
    fine = record("order/1", 1)

    told = in_causal_order([orphan, other, its_next, its_sibling, fine])

    assert ids(list(told)) == ids([fine, orphan, other, its_next, its_sibling])


@pytest.mark.parametrize(
    ("command_id", "cause"),
    [
        ("order/o-1/3/0:reserve-stock:1", "order/o-1/3/0"),
        ("payment/o-1/1/2/0:authorize:captured", "payment/o-1/1/2/0"),
        ("stock/red:large/3/0:record-reservation:0", "stock/red:large/3/0"),
        ("c-0123456789abcdef", ""),
        ("t-0123456789abcdef", ""),
        ("", ""),
    ],
)
def test_policies_and_effects_name_their_cause(command_id: str, cause: str) -> None:
    assert cause_of(record("order/1", 1, command_id)) == cause
