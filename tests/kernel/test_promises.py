"""What every system promises: each rule broken, and its honest twin."""

from __future__ import annotations

import pytest
from larder import Emptied, Filled, TakenOut

from reference_services.kernel.history import Answered
from reference_services.kernel.invariant import Checker, Coverage, Finding, Invariant
from reference_services.kernel.message import Event, Message, Refused
from reference_services.kernel.observer import on
from reference_services.kernel.promises import AcceptedIsKept, EverythingSettles

BOUND_US = 50
FRESH_UNTIL_US = 200


class FillingIsKept(AcceptedIsKept):
    @on(Filled)
    def filled(self, message: Message[Filled]) -> None:
        self.keep(message)


class BoxesSettle(EverythingSettles):
    statement = "Every box is emptied, if not at once then when it stops being fresh."

    @on(TakenOut)
    def taken_out(self, message: Message[TakenOut]) -> None:
        self.begin(message.subject, message.time_us)

    @on(Filled)
    def filled(self, message: Message[Filled]) -> None:
        self.wait(message.subject, message.data.fresh_until_us)

    @on(Emptied)
    def emptied(self, message: Message[Emptied]) -> None:
        self.rest(message.subject)


class Nothing(Coverage):
    names = ()


def told(data: Event, at_us: int = 1, causation_id: str = "c-1") -> Message[Event]:
    return Message(f"event-{at_us}", "s", "t", "box/b", at_us, data, 1, causation_id)


def judged(invariant: Invariant, *history: Message[Event], end_us: int = 1_000) -> Finding:
    checker = Checker((invariant,), Nothing())
    for message in history:
        checker.observe(message)
    (finding,) = checker.finish(end_us)
    return finding


FILLED = told(Filled("b", 1, FRESH_UNTIL_US))
SUCCESS = told(Answered("fill", "ok", 200, "c-1"))
TAKEN_IN = told(Answered("fill", "ok", 202, "c-1"))
REFUSED = told(Refused("too-full"))


@pytest.mark.parametrize(
    "history",
    [
        (FILLED, SUCCESS),
        (SUCCESS, FILLED),
        (TAKEN_IN, FILLED),
        (TAKEN_IN, REFUSED),
        (told(Answered("fill", "refused", 409, "c-1")), REFUSED),
        (told(Answered("fill", "unknown", 0, "c-1")),),
    ],
    ids=["done", "told first", "taken in", "taken in, then refused", "refused", "not answered"],
)
def test_a_success_that_is_in_the_history_is_kept(history: tuple[Message[Event], ...]) -> None:
    assert judged(FillingIsKept(), *history).status == "held"


@pytest.mark.parametrize(
    "history",
    [(SUCCESS,), (TAKEN_IN,), (SUCCESS, REFUSED), (SUCCESS, told(FILLED.data, causation_id="c-2"))],
    ids=["never decided", "never decided, though taken in", "refused", "another's"],
)
def test_a_success_that_never_happened_is_found(history: tuple[Message[Event], ...]) -> None:
    (sample,) = judged(FillingIsKept(), *history).samples

    assert sample.message == "fill was answered with success but never decided (c-1)"


TAKEN_OUT, AGAIN = told(TakenOut("b", 1), 100), told(TakenOut("b", 1), 140)


@pytest.mark.parametrize(
    ("history", "end_us", "overdue_us"),
    [
        ((), 1_000, None),
        ((TAKEN_OUT,), 100 + BOUND_US, None),
        ((TAKEN_OUT,), 101 + BOUND_US, BOUND_US + 1),
        ((TAKEN_OUT, AGAIN), 101 + BOUND_US, BOUND_US + 1),
        ((TAKEN_OUT, told(Emptied("b"), 500)), 1_000, None),
        ((TAKEN_OUT, FILLED), FRESH_UNTIL_US + BOUND_US, None),
        ((FILLED,), FRESH_UNTIL_US + BOUND_US + 1, BOUND_US + 1),
        ((FILLED, TAKEN_OUT), 101 + BOUND_US, BOUND_US + 1),
        ((told(Filled("b", 1, 0)),), 1_000, None),
    ],
    ids=[
        "nothing is under way",
        "within the bound",
        "beyond the bound",
        "asking again is not progress",
        "at rest, however late",
        "waiting for a deadline",
        "the deadline is over",
        "under way before the deadline",
        "waiting for nothing",
    ],
)
def test_what_is_under_way_has_to_settle_within_the_bound(
    history: tuple[Message[Event], ...], end_us: int, overdue_us: int | None
) -> None:
    samples = judged(BoxesSettle(BOUND_US), *history, end_us=end_us).samples

    expected = [] if overdue_us is None else [f"box/b is {overdue_us} us overdue"]
    assert [sample.message for sample in samples] == expected
