"""Transition tables: what may follow what."""

from __future__ import annotations

import pytest
from larder import BOX, Emptied, Filled, TakenOut, ThrownAway

from reference_services.kernel.transitions import IllegalTransition, TransitionTable


def test_an_event_leads_from_a_status_to_the_next() -> None:
    assert BOX.next("empty", Filled("b", 1, 0)) == "full"
    assert BOX.next("full", ThrownAway("b", 1)) == "spoilt"


def test_what_the_table_does_not_know_cannot_happen() -> None:
    with pytest.raises(IllegalTransition, match="TakenOut cannot happen while 'empty'"):
        BOX.next("empty", TakenOut("b", 1))


@pytest.mark.parametrize(("status", "allowed"), [("full", True), ("empty", False), ("spoilt", False), ("lost", False)])
def test_one_can_ask_first(status: str, allowed: bool) -> None:
    assert BOX.allows(status, TakenOut) is allowed


def test_rows_are_told_as_they_were_written() -> None:
    first, *_, last = BOX

    assert first == ("empty", Filled, "full")
    assert last == ("full", ThrownAway, "spoilt")


def test_statuses_come_in_order_of_appearance() -> None:
    assert BOX.statuses == ("empty", "full", "spoilt")


def test_a_status_that_no_event_leaves_is_final() -> None:
    assert BOX.final_statuses() == ("spoilt",)


def test_a_status_that_is_only_repeated_is_final_too() -> None:
    table = TransitionTable("open", {("open", Emptied): "closed", ("closed", Emptied): "closed"})

    assert table.final_statuses() == ("closed",)


def test_a_table_does_not_change_with_what_it_was_made_of() -> None:
    rows = {("empty", Filled): "full"}
    table = TransitionTable("empty", rows)

    rows.clear()

    assert table.allows("empty", Filled)
