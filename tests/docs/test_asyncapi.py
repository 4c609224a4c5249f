"""The AsyncAPI document hangs together, and describes every topic and every message of the wiring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import yaml
from awkward import awkward_system

from reference_services.diagrams.asyncapi import as_yaml, asyncapi_document
from reference_services.kernel.codec import Codec
from reference_services.kernel.message import Message, NothingChanged, Refused
from reference_services.kernel.system import System
from reference_services.registry import load_system, system_names

Document = dict[str, Any]

COMPONENT_NAME = re.compile(r"[\w.-]+", re.ASCII)
"""What a component may be called (AsyncAPI 3.0.0, Components Object)."""


@pytest.fixture(params=system_names())
def system(request: pytest.FixtureRequest) -> System:
    return load_system(request.param, {})


@pytest.fixture
def document(system: System) -> Document:
    return asyncapi_document(system)


def references(node: Any) -> Iterator[str]:
    """Every ``$ref`` inside ``node``."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document: Document, reference: str) -> Any:
    """What a reference points to. Raises KeyError if there is nothing."""
    assert reference.startswith("#/")
    node: Any = document
    for step in reference[2:].split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def test_every_reference_resolves(document: Document) -> None:
    found = set(references(document))
    assert len(found) > 20
    for reference in found:
        resolve(document, reference)


def test_nothing_is_described_that_nobody_refers_to(document: Document) -> None:
    found = set(references(document))
    components = document["components"]
    described = {f"#/components/{kind}/{name}" for kind, named in components.items() for name in named}
    assert described - found == set()


def test_components_bear_permitted_names(document: Document) -> None:
    names = [name for named in document["components"].values() for name in named]
    assert [name for name in names if not COMPONENT_NAME.fullmatch(name)] == []


def test_channels_are_the_topics(system: System, document: Document) -> None:
    topics = {
        topic
        for service in system.deciding
        for topic in (
            system.commands_topic(service),
            system.events_topic(service),
            system.dead_letters_topic(service),
        )
    }
    assert {channel["address"] for channel in document["channels"].values()} == topics


def test_every_channel_carries_messages_and_every_message_has_a_payload(document: Document) -> None:
    for name, channel in document["channels"].items():
        assert channel["messages"], name
        for message in channel["messages"].values():
            assert "payload" in resolve(document, message["$ref"])


def test_operations_send_and_receive_only_what_their_channel_carries(document: Document) -> None:
    for name, operation in document["operations"].items():
        assert operation["action"] in ("send", "receive")
        channel = operation["channel"]["$ref"]
        resolve(document, channel)
        for message in operation.get("messages", ()):
            assert message["$ref"].startswith(f"{channel}/messages/"), name
            resolve(document, message["$ref"])


def test_every_channel_has_a_sender_and_every_inbox_and_log_a_receiver(system: System, document: Document) -> None:
    used = {(each["action"], each["channel"]["$ref"]) for each in document["operations"].values()}
    for service in system.deciding:
        for topic in (system.commands_topic(service), system.events_topic(service)):
            assert ("receive", f"#/channels/{topic}") in used
            assert ("send", f"#/channels/{topic}") in used
        assert ("send", f"#/channels/{system.dead_letters_topic(service)}") in used


def test_every_command_is_in_the_inbox_of_whoever_decides_it(system: System, document: Document) -> None:
    for service in system.deciding:
        inbox = document["channels"][system.commands_topic(service)]["messages"]
        assert set(inbox) == {system.type_name(command) for decider in service.deciders for command in decider.commands}


def test_every_event_is_in_a_record_of_its_aggregate(system: System, document: Document) -> None:
    for service in system.deciding:
        records = document["channels"][system.events_topic(service)]["messages"].values()
        payloads = [resolve(document, record["$ref"])["payload"] for record in records]
        described = {reference.rpartition("/")[2] for payload in payloads for reference in references(payload)}
        events = {event for decider in service.deciders for event in (*decider.events, Refused, NothingChanged)}
        assert described == {system.type_name(event) for event in events}
        assert {payload["type"] for payload in payloads} == {"array"}


def test_a_schema_has_the_members_that_travel(system: System, document: Document) -> None:
    refused = system.type_name(Refused)
    message = Message("o/1/0", "somewhere", refused, "o/1", 0, Refused("no"))
    travelling = msgspec.json.decode(Codec(system).encode(message))

    envelope, own = document["components"]["schemas"][refused]["allOf"]
    described = resolve(document, envelope["$ref"])["properties"].keys() | own["properties"].keys()
    body = resolve(document, own["properties"]["data"]["$ref"])

    assert described == travelling.keys()
    assert own["properties"]["type"] == {"const": travelling["type"]}
    assert body["properties"].keys() == travelling["data"].keys()


@pytest.mark.parametrize("name", [*system_names(), "awkward"])
def test_yaml_says_the_same_without_aliases(name: str) -> None:
    described = asyncapi_document(awkward_system() if name == "awkward" else load_system(name, {}))
    text = as_yaml(described)
    assert yaml.safe_load(text) == described
    assert not re.search(r"^\s*(?:- )?[^#'\"]*[:-] [&*]\w+$", text, re.MULTILINE)
