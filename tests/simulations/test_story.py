"""Stories: few events, the one that broke the rule among them, with what led to it; told the same every time."""

from __future__ import annotations

from functools import cache
from statistics import median
from typing import Any

import msgspec
import pytest

from scenarios.loading import load_scenario
from scenarios.story_records import EVENTS_MAX, Moment, Story
from simulations.kafka.log import PartitionLog
from simulations.planted.catalog import PLANTS
from simulations.search.playing import play_tape
from simulations.search.searching import tape_of_seed
from simulations.search.stories.wording import Wording, clock, duration, words
from simulations.search.story import NothingToTell, story_of
from simulations.search.tape import Tape

FOUND = (
    "capture-accepted-after-expiry",
    "commit-before-append",
    "decided-again",
    "idempotency-key-ignored",
    "limit-per-request",
    "notification-sent-twice",
    "stock-clamped",
    "timer-beside-the-inbox",
)
"""Planted bugs of every sort. Their tapes are not shrunk here, so a dozen events are chosen out of thousands."""

SEEDS = range(1, 40)


@cache
def tape(plant: str) -> Tape:
    scenario = load_scenario("flash_sale").for_check()
    tapes = (tape_of_seed(scenario, seed, plant) for seed in SEEDS)
    return next(found for found in tapes if PLANTS[plant].caught_by in found.violated)


@cache
def story(plant: str) -> Story:
    return story_of(tape(plant), PLANTS[plant].caught_by)


def broken(told: Story) -> Moment:
    return next(moment for moment in told.moments if moment.broke)


@pytest.mark.parametrize("plant", FOUND)
def test_a_story_is_short_and_names_its_rule(plant: str) -> None:
    told = story(plant)

    assert len(told.events) <= EVENTS_MAX
    assert told.rule.name == PLANTS[plant].caught_by
    assert told.rule.statement
    assert told.headline
    assert sum(moment.broke for moment in told.moments) == 1


@pytest.mark.parametrize("plant", FOUND)
def test_moments_are_in_order_and_hang_together(plant: str) -> None:
    told = story(plant)
    places = {moment.id: number for number, moment in enumerate(told.moments)}

    assert [moment.time_us for moment in told.moments] == sorted(moment.time_us for moment in told.moments)
    assert len(places) == len(told.moments)
    assert {moment.lane for moment in told.moments if moment.kind != "fault"} <= {lane.name for lane in told.lanes}
    assert all(places[arrow.before] < places[arrow.after] for arrow in told.arrows)
    assert {fault.moment_id for fault in told.faults} <= places.keys()


@pytest.mark.parametrize("plant", FOUND)
def test_a_story_survives_json(plant: str) -> None:
    assert msgspec.json.decode(msgspec.json.encode(story(plant)), type=Story) == story(plant)


@pytest.mark.parametrize("plant", ["stock-clamped", "commit-before-append", "timer-beside-the-inbox"])
def test_the_same_tape_is_told_the_same(plant: str) -> None:
    assert story_of(tape(plant), PLANTS[plant].caught_by) == story(plant)


@pytest.mark.parametrize("plant", ["decided-again", "timer-beside-the-inbox", "commit-before-append"])
def test_listening_changes_nothing(plant: str) -> None:
    again, _ = play_tape(tape(plant))

    assert again.history_sha256 == tape(plant).history_sha256
    assert story(plant).configuration["history"] == tape(plant).history_sha256[:16]


def test_a_broken_prefix_is_traced_back_to_the_client() -> None:
    told = story("stock-clamped")
    before = {arrow.after: arrow.before for arrow in told.arrows}

    cause, steps = broken(told).id, []
    while cause in before:
        cause = before[cause]
        steps.append(cause)

    first = next(moment for moment in told.moments if moment.id == cause)
    assert broken(told).title == "StockReserved"
    assert (first.kind, first.lane) == ("command", "clients")
    assert len(steps) >= 3


def test_the_state_shows_what_the_breaking_event_changed() -> None:
    told = story("capture-accepted-after-expiry")

    assert told.state_subject.startswith("stock/")
    assert int(told.state_before.values["available"]) >= 0 > int(told.state_after.values["available"])
    assert told.state_before.values.keys() == told.state_after.values.keys()


def test_another_matter_in_the_same_breath_is_shown_and_strangers_are_not() -> None:
    told = story("limit-per-request")
    customer, sku = told.breach.message.partition(" ")[0], told.breach.message.split()[4].rstrip(",")

    claims = [moment for moment in told.events if moment.title == "AllowanceClaimed"]
    assert {claim.subject for claim in claims} == {f"allowance/{customer}/{sku}"}
    assert len(claims) >= 2


def test_of_two_contents_of_a_version_both_are_shown() -> None:
    told = story("timer-beside-the-inbox")
    copy = broken(told)
    kept = next(moment for moment in told.events if f"{moment.id}#copy" == copy.id)
    differing = [
        name for name, value in told.state_before.values.items() if told.state_after.values[name] != value
    ]  # fmt: skip

    assert copy.fate == "copy"
    assert kept.time_us <= copy.time_us
    assert kept.sentence != copy.sentence
    assert differing


def test_a_command_that_is_decided_twice_is_shown_with_both_decisions() -> None:
    told = story("decided-again")
    again = broken(told)

    assert [moment.cause_id for moment in told.events].count(again.cause_id) >= 2


def test_a_hole_in_a_log_is_shown_at_what_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    append = PartitionLog.append

    def append_most(log: PartitionLog, item: Any) -> None:
        """The broker confirms the third version of every payment, and loses it."""
        lost = isinstance(item, tuple) and item[0].subject.startswith("payment/") and item[0].version == 3
        if not lost:
            append(log, item)

    monkeypatch.setattr(PartitionLog, "append", append_most)
    holed = tape_of_seed(load_scenario("flash_sale").for_check(), 1)
    told = story_of(holed, "one-history")

    assert "comes right after version 2" in told.breach.message
    assert broken(told).id.endswith("/4/0")
    for name in holed.violated:
        assert story_of(holed, name).rule.name == name


def test_what_never_came_is_shown_with_the_fault_that_took_it() -> None:
    told = story("commit-before-append")
    gone = [moment for moment in told.moments if moment.fate in ("lost", "never")]
    killed = {fault.target for fault in told.faults if fault.kind == "kill"}

    assert gone
    assert {moment.process for moment in gone} <= killed
    assert broken(told).title == "End of the run"
    assert all(moment.id in {arrow.after for arrow in told.arrows} for moment in gone)


def test_an_attempt_of_its_own_is_shown_beside_its_request() -> None:
    told = story("idempotency-key-ignored")

    assert [moment.lane for moment in told.moments[:2]] == ["clients", "gateway"]
    assert told.moments[1].cause_id == told.moments[0].id


def test_stories_have_room_to_spare() -> None:
    assert median(len(story(plant).events) for plant in FOUND) <= EVENTS_MAX


def test_no_secret_is_told() -> None:
    text = msgspec.json.encode([story(plant) for plant in FOUND]).decode()

    assert "card-student" not in text
    assert "pickup code" not in text


def test_a_run_that_breaks_nothing_has_no_story() -> None:
    honest = msgspec.structs.replace(tape("stock-clamped"), plant="")

    with pytest.raises(NothingToTell, match="does not break any rule; broken are: none"):
        story_of(honest)


def test_a_rule_that_holds_has_no_story() -> None:
    with pytest.raises(NothingToTell, match="does not break price-kept"):
        story_of(tape("decided-again"), "price-kept")


def test_ids_are_cut_to_where_they_still_differ() -> None:
    wording = Wording(0, ["o-0123456789abcdef", "o-0123456fffffffff"])

    assert wording.short("o-0123456789abcdef and o-0123456fffffffff") == "o-01234567… and o-0123456f…"


def test_fields_become_a_sentence() -> None:
    class Held(msgspec.Struct):
        sku: str
        units: int
        order_id: str
        amount_cents: int
        expires_us: int
        card_token: str
        note: str = ""

    opens_us = 1_788_256_800_000_000
    held = Held("sku-4", 2, "o-48bf0123456789ab", 1999, opens_us + 21_043_000, "secret")

    assert Wording(opens_us, []).sentence(held) == "2 units, sku-4, order o-48bf…, amount 19.99, expires at 0:21.043."


def test_a_checkers_message_becomes_readable() -> None:
    tidy = Wording(0, []).tidy("o-0123456789abcdef is 90000000 us overdue, 1999 cents")

    assert tidy == "o-0123… is 1 min 30 s overdue, 19.99"
    assert Wording(0, []).tidy("captured 1999 cents, sku-4 says 2000") == "captured 19.99, sku-4 says 20.00"


def test_instants_durations_and_names() -> None:
    assert [clock(us) for us in (0, -1_500_000, 61_250_000, 3_600_000_000)] == [
        "0:00.0",
        "−0:01.5",
        "1:01.25",
        "1:00:00.0",
    ]
    assert [duration(us) for us in (12, 3_400, 2_500_000, 90_000_000)] == ["12 µs", "3.4 ms", "2.5 s", "1 min 30 s"]
    assert [words(name) for name in ("order_id", "StockReserved")] == ["order id", "stock reserved"]
