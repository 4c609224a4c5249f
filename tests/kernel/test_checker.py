"""Invariants, coverage and the checker that runs them: what breaks is counted, what crashes is told apart."""

from __future__ import annotations

import pytest
from larder import Emptied, Filled, TakenOut

from reference_services.kernel.history import InboxCounted
from reference_services.kernel.invariant import SAMPLES_KEPT, Checker, Coverage, Finding, InboxDrained, Invariant
from reference_services.kernel.message import Event, Message
from reference_services.kernel.observer import on


class NeverEmpty(Invariant):
    name = "never-empty"
    statement = "No box is ever empty."

    @on(Emptied)
    def emptied(self, message: Message[Emptied]) -> None:
        self.violate(f"{message.data.box_id} is empty", message)


class FullInTheEnd(Invariant):
    name = "full-in-the-end"
    statement = "At the end there is something in the boxes."

    def __init__(self) -> None:
        super().__init__()
        self.units = 0

    @on(Filled)
    def filled(self, message: Message[Filled]) -> None:
        self.units += message.data.units

    def finish(self, end_us: int) -> None:
        if not self.units:
            self.violate("there is nothing", subject="box/b", time_us=end_us)


class Crashing(Invariant):
    name = "crashing"
    statement = "Nothing that this checker says can be believed."

    @on(Filled)
    def filled(self, message: Message[Filled]) -> None:
        raise KeyError("units")

    @on(Emptied)
    def emptied(self, message: Message[Emptied]) -> None:
        self.violate("it saw that", message)


class CrashingInTheEnd(Invariant):
    name = "crashing-in-the-end"
    statement = "It holds until one asks."

    def finish(self, end_us: int) -> None:
        raise ZeroDivisionError("by nothing")


class Reached(Coverage):
    names = ("filled", "emptied")

    @on(Filled)
    def filled(self, message: Message[Filled]) -> None:
        self.mark("filled")


class CrashingCoverage(Coverage):
    names = ("filled",)

    @on(Filled)
    def filled(self, message: Message[Filled]) -> None:
        raise RuntimeError("lost count")


def message(data: Event, number: int = 1) -> Message[Event]:
    return Message(f"event-{number}", "s", "t", "box/b", number, data, number)


FILLED, EMPTIED = message(Filled("b", 1, 9), 1), message(Emptied("b"), 2)


def findings(*invariants: Invariant, history: tuple[Message[Event], ...] = (FILLED, EMPTIED)) -> dict[str, Finding]:
    checker = Checker(invariants, Reached())
    for each in history:
        checker.observe(each)
    return {finding.name: finding for finding in checker.finish(99)}


def test_a_rule_that_holds_is_found_to_hold() -> None:
    finding = findings(NeverEmpty(), history=(FILLED,))["never-empty"]

    assert (finding.status, finding.violations, finding.samples, finding.last) == ("held", 0, (), None)
    assert finding.statement == "No box is ever empty."


def test_a_breach_names_the_message_at_which_it_was_seen() -> None:
    finding = findings(NeverEmpty())["never-empty"]

    (sample,) = finding.samples
    assert (finding.status, finding.violations, finding.last) == ("broken", 1, sample)
    assert (sample.invariant, sample.subject, sample.time_us) == ("never-empty", "box/b", 2)
    assert (sample.event_id, sample.message) == ("event-2", "b is empty")


def test_what_must_hold_in_the_end_is_asked_in_the_end() -> None:
    finding = findings(FullInTheEnd(), history=())["full-in-the-end"]

    assert [(sample.time_us, sample.subject, sample.event_id) for sample in finding.samples] == [(99, "box/b", "")]
    assert findings(FullInTheEnd())["full-in-the-end"].status == "held"


def test_all_breaches_are_counted_and_the_first_and_the_last_kept() -> None:
    many = tuple(message(Emptied("b"), number) for number in range(SAMPLES_KEPT + 5))

    finding = findings(NeverEmpty(), history=many)["never-empty"]

    assert (finding.violations, len(finding.samples)) == (SAMPLES_KEPT + 5, SAMPLES_KEPT)
    assert finding.samples[0].event_id == "event-0"
    assert finding.last is not None
    assert finding.last.event_id == f"event-{SAMPLES_KEPT + 4}"


def test_a_checker_that_raises_has_crashed_and_the_others_go_on() -> None:
    found = findings(CrashingInTheEnd(), Crashing(), NeverEmpty(), FullInTheEnd(), history=(FILLED,))

    assert {name: finding.status for name, finding in found.items()} == {
        "crashing-in-the-end": "crashed",
        "crashing": "crashed",
        "never-empty": "held",
        "full-in-the-end": "held",
    }
    assert found["crashing"].error == "KeyError: 'units'"
    assert found["crashing-in-the-end"].error == "ZeroDivisionError: by nothing"


def test_a_breach_outranks_a_crash_but_does_not_hide_it() -> None:
    finding = findings(Crashing())["crashing"]

    assert (finding.status, finding.violations, finding.error) == ("broken", 1, "KeyError: 'units'")


def test_a_crash_of_the_coverage_is_a_finding_too() -> None:
    checker = Checker((), CrashingCoverage())
    checker.observe(FILLED)

    (finding,) = checker.finish(99)

    assert (finding.name, finding.status, finding.error) == ("coverage", "crashed", "RuntimeError: lost count")


def test_coverage_counts_what_was_reached_and_names_what_was_not() -> None:
    checker = Checker((), Reached())
    for each in (FILLED, EMPTIED, FILLED):
        checker.observe(each)

    assert checker.coverage.reached == {"filled": 2, "emptied": 0}
    assert checker.messages_seen == 3


def test_what_nobody_asked_for_disturbs_nobody() -> None:
    assert findings(NeverEmpty(), history=(message(TakenOut("b", 1)),))["never-empty"].status == "held"


def test_inboxes_that_nobody_counted_prove_nothing() -> None:
    finding = findings(InboxDrained())["inbox-drained"]

    assert (finding.status, finding.error) == ("crashed", "LookupError: no host has said what became of its inbox")


@pytest.mark.parametrize(
    ("count", "violations"),
    [
        (InboxCounted("larder", 9, 6, 2, 1, 0), 0),
        (InboxCounted("larder", 9, 6, 2, 1, 4), 1),
        (InboxCounted("larder", 9, 6, 2, 0, 0), 1),
        (InboxCounted("larder", 8, 6, 2, 1, 3), 2),
    ],
)
def test_inboxes_are_empty_and_all_accounted_for(count: InboxCounted, violations: int) -> None:
    finding = findings(InboxDrained(), history=(message(count),))["inbox-drained"]

    assert finding.violations == violations
