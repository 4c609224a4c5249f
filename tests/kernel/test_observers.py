"""Observers and the views made of them: each message reaches those that asked for it, once."""

from __future__ import annotations

import pytest
from larder import Emptied, Filled, TakenOut

from reference_services.kernel.message import Event, Message
from reference_services.kernel.observer import Dispatch, Observer, on
from reference_services.kernel.projection import View, Views


class Listener(Observer):
    def __init__(self) -> None:
        self.heard: list[str] = []

    @on(Filled, Emptied)
    def changed(self, message: Message[Filled | Emptied]) -> None:
        self.heard.append(type(message.data).__name__)


class Curious(Listener):
    @on(TakenOut)
    def taken(self, message: Message[TakenOut]) -> None:
        self.heard.append("taken")


class Particular(Listener):
    def changed(self, message: Message[Filled | Emptied]) -> None:
        self.heard.append("changed somehow")


class Units(View):
    def __init__(self) -> None:
        self.units = 0

    @on(Filled)
    def filled(self, message: Message[Filled]) -> None:
        self.units += message.data.units


class Empties(View):
    def __init__(self) -> None:
        self.count = 0

    @on(Emptied)
    def emptied(self, message: Message[Emptied]) -> None:
        self.count += 1


def message(data: Event, version: int = 1, subject: str = "box/b") -> Message[Event]:
    return Message(f"{subject}/{version}", "s", "t", subject, 0, data, version)


HISTORY = [message(Filled("b", 2, 9)), message(TakenOut("b", 2)), message(Emptied("b"))]


@pytest.mark.parametrize(
    ("observer", "heard"),
    [
        (Listener(), ["Filled", "Emptied"]),
        (Curious(), ["Filled", "taken", "Emptied"]),
        (Particular(), ["changed somehow", "changed somehow"]),
    ],
    ids=["plain", "with more", "with its own"],
)
def test_an_observer_hears_what_it_asked_for(observer: Listener, heard: list[str]) -> None:
    dispatch = Dispatch([observer])
    for each in HISTORY:
        dispatch(each)

    assert observer.heard == heard


def test_a_subclass_adds_nothing_to_its_parent() -> None:
    assert set(Listener.observed_types()) == {Filled, Emptied}
    assert set(Curious.observed_types()) == {Filled, Emptied, TakenOut}


def test_views_are_folded_together_and_each_record_once() -> None:
    views = Views([Units, Empties])
    record = (message(Filled("b", 2, 9)), message(Emptied("b")))

    assert views.fold(record) is True
    assert views.fold(record) is False
    assert (views.get(Units).units, views.get(Empties).count) == (2, 1)


def test_versions_count_per_aggregate() -> None:
    views = Views([Units])

    assert views.fold((message(Filled("a", 1, 9), 1, "box/a"),))
    assert views.fold((message(Filled("b", 1, 9), 1, "box/b"),))
    assert views.fold((message(Filled("a", 1, 9), 2, "box/a"),))
    assert not views.fold((message(Filled("a", 1, 9), 1, "box/a"),))
    assert views.get(Units).units == 3


def test_a_view_that_is_not_kept_cannot_be_had() -> None:
    with pytest.raises(KeyError):
        Views([Units]).get(Empties)


def test_a_single_event_can_be_shown_without_its_record() -> None:
    views = Views([Units])
    views.apply(HISTORY[0])
    views.apply(HISTORY[0])

    assert views.get(Units).units == 4
