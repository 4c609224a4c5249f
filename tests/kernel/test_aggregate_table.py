"""The event-sourced table: decide once, append, fold; and whatever is repeated changes nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from larder import (
    FRESH_FOR_US,
    LARDER_SERVICE,
    Box,
    Emptied,
    Fill,
    Filled,
    TakenOut,
    TakeOut,
    ThrowAway,
    ThrownAway,
    command,
    larder,
)

from reference_services.kernel import aggregates
from reference_services.kernel.aggregates import AggregateTable, VersionGap
from reference_services.kernel.message import NothingChanged, Record, Refused, is_sent_by_time

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def table() -> AggregateTable:
    return new_table()


def new_table() -> AggregateTable:
    return AggregateTable(larder(), LARDER_SERVICE)


def decide_and_fold(
    table: AggregateTable, data: Fill | TakeOut | ThrowAway, command_id: str, now_us: int = 0
) -> Record:
    record = table.decide(command(data, command_id, now_us))
    if record:
        assert table.fold(record)
    return record


def test_a_decision_is_one_record_of_all_its_events(table: AggregateTable) -> None:
    decide_and_fold(table, Fill("b", 2), "c-1")

    first, second = table.decide(command(TakeOut("b", 2), "c-2", 7, correlation_id="visit", traceparent=PARENT))

    assert (first.data, second.data) == (TakenOut("b", 2), Emptied("b"))
    assert (first.id, second.id) == ("box/b/2/0", "box/b/2/1")
    assert (first.type, first.source, first.subject) == ("pantry.larder.TakenOut", "pantry.larder", "box/b")
    assert {(each.version, each.time_us, each.causation_id, each.correlation_id) for each in (first, second)} == {
        (2, 7, "c-2", "visit")
    }
    assert first.traceparent.split("-")[1] == PARENT.split("-")[1]
    assert first.traceparent != PARENT


def test_deciding_alone_alters_nothing(table: AggregateTable) -> None:
    fill = command(Fill("b", 2), "c-1")

    assert table.decide(fill) == table.decide(fill)
    assert (table.state("box/b"), table.version("box/b"), len(table)) == (None, 0, 0)


def test_a_command_is_decided_once(table: AggregateTable) -> None:
    decide_and_fold(table, Fill("b", 2), "c-1")

    assert decide_and_fold(table, Fill("b", 2), "c-1") == ()
    assert decide_and_fold(table, Fill("b", 2), "c-2") != ()
    assert table.state("box/b").units == 4


def test_a_refusal_is_recorded_so_that_a_retry_gets_the_same_answer(table: AggregateTable) -> None:
    (refused,) = decide_and_fold(table, TakeOut("b", 1), "c-1")
    decide_and_fold(table, Fill("b", 5), "c-2")

    assert refused.data == Refused("not-enough", "there are 0")
    assert refused.type == "pantry.Refused"
    assert decide_and_fold(table, TakeOut("b", 1), "c-1") == ()
    assert (table.state("box/b").units, table.version("box/b")) == (5, 2)


def test_what_changes_nothing_is_recorded_so_that_it_is_never_decided_again_on_newer_state(
    table: AggregateTable,
) -> None:
    """A crash has it delivered again, behind what it once came before."""
    throw_away = command(ThrowAway("b"), "c-1", FRESH_FOR_US)
    (nothing,) = table.decide(throw_away)
    table.fold((nothing,))
    decide_and_fold(table, Fill("b", 2), "c-2")

    assert nothing.data == NothingChanged()
    assert nothing.type == "pantry.NothingChanged"
    assert table.decide(throw_away) == ()
    assert table.state("box/b").units == 2


def test_what_time_sends_in_vain_leaves_no_record_since_it_comes_again(table: AggregateTable) -> None:
    decide_and_fold(table, Fill("b", 2), "c-1")
    due = table.deadline_command("box/b", FRESH_FOR_US)
    assert due is not None

    assert table.decide(msgspec.structs.replace(due, time_us=FRESH_FOR_US - 1)) == ()
    assert table.decide(due) != ()


def test_aggregates_do_not_touch_each_other(table: AggregateTable) -> None:
    decide_and_fold(table, Fill("a", 1), "c-1")
    decide_and_fold(table, Fill("b", 2), "c-1")

    assert (table.state("box/a").units, table.state("box/b").units) == (1, 2)
    assert list(table.subjects()) == ["box/a", "box/b"]


# Versions


def test_a_second_copy_of_a_version_is_dropped(table: AggregateTable) -> None:
    record = decide_and_fold(table, Fill("b", 2), "c-1")

    assert table.fold(record) is False
    assert (table.state("box/b").units, table.version("box/b")) == (2, 1)


def test_what_a_zombie_appends_is_dropped_by_everybody() -> None:
    """It consumes the same inbox, so it decides the same; its copies come late and change nothing."""
    owner, zombie, reader = new_table(), new_table(), new_table()
    inbox: list[tuple[Fill | TakeOut, str]] = [(Fill("b", 3), "c-1"), (TakeOut("b", 1), "c-2")]

    log = [decide_and_fold(each, *asked) for asked in inbox for each in (owner, zombie)]

    assert log[0] == log[1]
    assert log[2] == log[3]
    assert [reader.fold(record) for record in log] == [True, False, True, False]
    assert reader.state("box/b").units == 2


def test_a_missing_version_is_not_passed_over_in_silence(table: AggregateTable) -> None:
    ahead = new_table()
    decide_and_fold(ahead, Fill("b", 1), "c-1")
    decide_and_fold(ahead, Fill("b", 1), "c-2")
    third = decide_and_fold(ahead, Fill("b", 1), "c-3")

    with pytest.raises(VersionGap, match="box/b: version 3 follows 0"):
        table.fold(third)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.one_of(
                st.builds(Fill, st.just(""), st.integers(1, 5)),
                st.builds(TakeOut, st.just(""), st.integers(1, 5)),
                st.builds(ThrowAway, st.just("")),
            ),
            st.integers(0, 9),
            st.integers(0, 3 * FRESH_FOR_US),
        ),
        max_size=30,
    )
)
def test_a_replay_folds_to_the_same_table(asked: list[tuple[str, Fill | TakeOut | ThrowAway, int, int]]) -> None:
    """Repeated command ids included: a replayed table refuses to decide them again too."""
    table, log, decided = new_table(), [], []
    for box_id, data, command_number, now_us in asked:
        asked_of_box = command(msgspec.structs.replace(data, box_id=box_id), f"c-{command_number}", now_us)
        if record := table.decide(asked_of_box):
            assert table.fold(record)
            log.append(record)
            decided.append(asked_of_box)

    replayed = new_table()
    for record in log:
        assert replayed.fold(record)
        assert not replayed.fold(record)

    assert contents(replayed) == contents(table)
    assert [replayed.decide(once_more) for once_more in decided] == [()] * len(decided)


def contents(table: AggregateTable) -> dict[str, tuple[Box, int]]:
    return {subject: (table.state(subject), table.version(subject)) for subject in table.subjects()}


# Time


def test_the_earliest_deadline_is_waited_for(table: AggregateTable) -> None:
    assert table.next_deadline_us("box/b") is None

    decide_and_fold(table, Fill("b", 2), "c-1", now_us=5)

    assert table.next_deadline_us("box/b") == 5 + FRESH_FOR_US


def test_time_sends_its_command_when_it_is_due_and_not_before(table: AggregateTable) -> None:
    decide_and_fold(table, Fill("b", 2), "c-1")

    assert table.deadline_command("box/b", FRESH_FOR_US - 1) is None
    due = table.deadline_command("box/b", FRESH_FOR_US + 3)

    assert due is not None
    assert (due.data, due.time_us, due.subject) == (ThrowAway("b"), FRESH_FOR_US + 3, "box/b")
    assert (due.type, due.causation_id) == ("pantry.larder.ThrowAway", "box/b/1")
    assert [event.data for event in table.decide(due)] == [ThrownAway("b", 2)]
    assert is_sent_by_time(due)


def test_two_hosts_send_the_same_command_for_one_deadline(table: AggregateTable) -> None:
    decide_and_fold(table, Fill("b", 2), "c-1")

    first, second = (table.deadline_command("box/b", FRESH_FOR_US + late_us) for late_us in (0, 50))

    assert first is not None
    assert second is not None
    assert first.id == second.id


def test_another_version_makes_another_deadline(table: AggregateTable) -> None:
    decide_and_fold(table, Fill("b", 2), "c-1")
    first = table.deadline_command("box/b", FRESH_FOR_US)
    decide_and_fold(table, TakeOut("b", 1), "c-2")
    second = table.deadline_command("box/b", FRESH_FOR_US)

    assert first is not None
    assert second is not None
    assert first.id != second.id


# Bounds


def test_only_so_many_command_ids_are_remembered(table: AggregateTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregates, "DECIDED_IDS_KEPT", 3)
    for number in range(6):
        decide_and_fold(table, Fill("b", 1), f"c-{number}")

    again = [bool(table.decide(command(Fill("b", 1), f"c-{number}"))) for number in range(6)]
    assert again == [True, True, True, False, False, False]


def test_a_partition_that_moved_is_forgotten(table: AggregateTable) -> None:
    decide_and_fold(table, Fill("b", 2), "c-1")

    table.forget("box/b")
    table.forget("box/never-seen")

    assert (len(table), table.state("box/b"), table.next_deadline_us("box/b")) == (0, None, None)
    assert table.decide(command(Fill("b", 2), "c-1"))[0].data == Filled("b", 2, FRESH_FOR_US)


def test_a_state_is_never_changed_in_place(table: AggregateTable) -> None:
    decide_and_fold(table, Fill("b", 2), "c-1")
    before = table.state("box/b")

    decide_and_fold(table, TakeOut("b", 1), "c-2")

    assert before == Box("b", 2, FRESH_FOR_US)
