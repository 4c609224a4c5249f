"""The whole clinic in virtual time: sound under trouble, the same under the same seed, and true to its scenario."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from reference_services.kernel.message import Message
from reference_services.registry import load_checks, load_system, load_terms
from scenarios.loading import from_document, load_scenario
from scenarios.model import Scenario
from simulations.search.searching import search_seed
from simulations.simulation import Simulation, simulate

WEEK = load_scenario("clinic_week")
CHECK = WEEK.for_check()


class Kept:
    """Keeps every event of a run."""

    def __init__(self) -> None:
        self.events: list[Message[Any]] = []

    def event(self, message: Message[Any]) -> None:
        self.events.append(message)

    def request(self, *_: Any) -> None:
        pass

    def sample(self, *_: Any) -> None:
        pass


def few_patients() -> Scenario:
    """The fortnight with every fifth patient and nobody on the waiting list: well under a second."""
    document = WEEK.document()
    document["arrivals"]["scale"] = 0.2
    alone = {"journeys": [{"name": "patient"}], "faults": [], "invariants": ["inbox-drained"], "reach": []}
    return from_document({**document, **alone})


def test_nothing_breaks_whatever_goes_wrong() -> None:
    reached: Counter[str] = Counter()
    for seed in range(1, 16):
        outcome = search_seed(CHECK, seed)
        assert (outcome.violated, outcome.crashed) == ((), ()), f"seed {seed}: {outcome.findings}"
        reached.update(outcome.reached)
    _, coverage = load_checks(CHECK.system, CHECK.terms)
    assert {name for name in coverage.names if not reached[name]} == set()


def test_the_same_seed_gives_the_same_history() -> None:
    first, again, other = (simulate(CHECK, seed).history_sha256 for seed in (3, 3, 4))
    assert first == again != other


def test_the_live_rush_holds_in_virtual_time() -> None:
    result = simulate(WEEK.compressed(), 5)
    assert [finding.name for finding in result.findings if finding.status != "held"] == []


def test_as_many_do_not_come_as_the_scenario_says() -> None:
    scenario = few_patients()
    shares = []
    for seed in range(1, 21):
        kept = Kept()
        Simulation(scenario, seed, sink=kept).run()
        names = Counter(type(message.data).__name__ for message in kept.events)
        due = names["PatientNoShow"] + names["PatientArrived"]
        assert due > 200
        shares.append(names["PatientNoShow"] / due)
    assert sum(shares) / len(shares) == pytest.approx(0.23, abs=0.01)


def test_contact_data_is_in_no_other_services_events() -> None:
    kept = Kept()
    Simulation(CHECK, 1, sink=kept).run()
    phones = {message.data.phone for message in kept.events if type(message.data).__name__ == "ContactChanged"}
    telling = {message.source for message in kept.events if any(phone in str(message.data) for phone in phones)}
    assert len(phones) > 20
    assert telling == {"clinic.reminders"}


def test_no_message_but_those_of_reminders_has_a_place_for_contact_data() -> None:
    system = load_system("clinic", {})
    fields = {
        name.split(".")[1] for name, message in system.message_classes().items() if "phone" in message.__struct_fields__
    }
    assert fields == {"reminders"}


@pytest.mark.parametrize(
    "terms",
    [
        {"late_reminder_us": 10, "early_reminder_us": 10},
        {"no_show_fee_cents": 2501},
    ],
)
def test_terms_that_contradict_each_other_are_refused(terms: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        load_terms("clinic", terms)
