"""A system as data: names, topics, owners, and what policies ask for."""

from __future__ import annotations

import msgspec
import pytest
from larder import (
    GARDEN_SERVICE,
    LARDER_SERVICE,
    BoxDecider,
    Compost,
    Emptied,
    Fill,
    Filled,
    ThrownAway,
    command,
    compost_what_is_thrown_away,
    larder,
)

from reference_services.kernel.effect import Effect
from reference_services.kernel.message import Event, Message, Refused
from reference_services.kernel.policy import Policy
from reference_services.kernel.system import Service, System

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TELL = Effect("tell", Filled, lambda event: None, lambda event, answer: None)
TELL_AGAIN = Effect("tell-again", Filled, lambda event: None, lambda event, answer: None)


def thrown_away(event: Event) -> Message[Event]:
    return Message("box/b/4/0", "pantry.larder", "t", "box/b", 7, event, 4, "t-1", "visit", PARENT)


def test_topics_and_sources_are_named_for_the_service() -> None:
    system = larder()

    assert system.source(LARDER_SERVICE) == "pantry.larder"
    assert system.commands_topic(LARDER_SERVICE) == "pantry.larder.commands"
    assert system.events_topic(LARDER_SERVICE) == "pantry.larder.events"
    assert system.dead_letters_topic(LARDER_SERVICE) == "pantry.larder.dead-letters"


@pytest.mark.parametrize(
    ("message_class", "name"),
    [(Fill, "pantry.larder.Fill"), (Compost, "pantry.garden.Compost"), (Refused, "pantry.Refused")],
)
def test_a_message_travels_under_the_name_of_its_service(message_class: type, name: str) -> None:
    system = larder()

    assert system.type_name(message_class) == name
    assert system.message_class(name) is message_class
    assert system.message_classes()[name] is message_class


def test_each_message_has_one_owner() -> None:
    service, decider = larder().owner(Filled)

    assert (service, type(decider)) == (LARDER_SERVICE, BoxDecider)


def test_what_is_wired_twice_is_found_at_once() -> None:
    with pytest.raises(ValueError, match=r"pantry\.larder\.Fill is wired twice"):
        System("pantry", (LARDER_SERVICE, LARDER_SERVICE), {})


@pytest.mark.parametrize("kind", ["service", "operation", "message_class"])
def test_what_is_not_there_is_a_key_error(kind: str) -> None:
    with pytest.raises(KeyError, match="cellar"):
        getattr(larder(), kind)("cellar")


def test_a_command_is_addressed_to_the_aggregate_that_decides_it() -> None:
    sent = command(Fill("b", 2), "c-1", 5)

    assert (sent.id, sent.type, sent.subject, sent.time_us) == ("c-1", "pantry.larder.Fill", "box/b", 5)
    assert (sent.version, sent.causation_id, sent.correlation_id) == (0, "", "c-1")


def test_a_policy_asks_for_commands_with_ids_of_their_cause() -> None:
    system = larder()
    event = thrown_away(ThrownAway("b", 5))

    first, second = system.react(event, GARDEN_SERVICE.policies, 9, "pantry.garden")

    assert (first.data, second.data) == (Compost("garden", 1), Compost("garden", 4))
    assert (first.id, second.id) == (
        "box/b/4/0:compost-what-is-thrown-away:0",
        "box/b/4/0:compost-what-is-thrown-away:1",
    )
    assert (first.subject, first.source, first.time_us) == ("heap/garden", "pantry.garden", 9)
    assert (first.causation_id, first.correlation_id) == ("box/b/4/0", "visit")
    assert first.traceparent.startswith("00-0af7651916cd43dd8448eb211c80319c-")


def test_reacting_again_asks_for_the_same() -> None:
    system, event = larder(), thrown_away(ThrownAway("b", 5))

    first, again = (system.react(event, GARDEN_SERVICE.policies, now_us, "pantry.garden") for now_us in (9, 10))

    assert [sent.id for sent in first] == [sent.id for sent in again]


def test_a_policy_reacts_to_its_own_event_only() -> None:
    assert larder().react(thrown_away(Emptied("b")), GARDEN_SERVICE.policies, 9, "pantry.garden") == []


def test_policies_are_found_by_what_they_react_to() -> None:
    system = larder()

    assert system.policies_on(ThrownAway) == (compost_what_is_thrown_away,)
    assert system.policies_on(Emptied) == ()
    assert isinstance(compost_what_is_thrown_away, Policy)


def test_effects_are_found_by_what_they_are_on() -> None:
    telling = msgspec.structs.replace(LARDER_SERVICE, effects=(TELL, TELL_AGAIN))
    system = System("pantry", (telling, GARDEN_SERVICE), {})

    assert system.effects_on(Filled) == (TELL, TELL_AGAIN)
    assert system.effects_on(Emptied) == ()


def test_an_effect_is_declared_with_the_service_whose_event_it_is_on() -> None:
    teller = Service("teller", "Tells", (), effects=(TELL,))

    with pytest.raises(ValueError, match=r"effect tell of pantry\.teller is on Filled, .* declare the effect with"):
        System("pantry", (LARDER_SERVICE, GARDEN_SERVICE, teller), {})


def test_a_service_without_anything_is_still_a_service() -> None:
    system = System("pantry", (Service("empty", "Nothing", ()),), {})

    assert list(system.operations()) == []
    assert system.view_types() == ()
