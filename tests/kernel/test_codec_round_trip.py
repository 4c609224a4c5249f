"""The wire format: every message of every system comes back as it was, and rubbish is told from messages."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from larder import Fill, Filled, command, larder

from reference_services.kernel.codec import Codec, Undecodable
from reference_services.kernel.message import Message, Refused
from reference_services.registry import load_system, system_names

SYSTEMS = {name: load_system(name, {}) for name in system_names()}
MESSAGE_CLASSES = [
    (name, type_name) for name, system in SYSTEMS.items() for type_name in sorted(system.message_classes())
]
INT_64 = st.integers(-(2**63), 2**63 - 1)
CODEC = Codec(larder())
ENVELOPE = {"id": "c-1", "source": "test", "type": "pantry.larder.Fill", "subject": "box/b", "time_us": 1}


def values_of(field_type: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type; integers as wide as the wire carries them."""
    if field_type is int:
        return INT_64
    if isinstance(field_type, type) and issubclass(field_type, msgspec.Struct):
        return structs_of(field_type)
    if getattr(field_type, "__origin__", None) is tuple:
        return st.lists(values_of(field_type.__args__[0]), max_size=3).map(tuple)
    return st.from_type(field_type)


def structs_of(struct_type: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    fields = {field.name: values_of(field.type) for field in msgspec.structs.fields(struct_type)}
    return st.builds(struct_type, **fields)


def envelopes_of(type_name: str, message_class: type[msgspec.Struct]) -> st.SearchStrategy[Message[Any]]:
    text = st.text()
    return st.builds(
        Message, text, text, st.just(type_name), text, INT_64, structs_of(message_class), INT_64, text, text, text
    )


@pytest.mark.parametrize(("system_name", "type_name"), MESSAGE_CLASSES)
@settings(max_examples=15)
@given(data=st.data())
def test_every_message_comes_back_as_it_was(system_name: str, type_name: str, data: st.DataObject) -> None:
    system = SYSTEMS[system_name]
    codec = Codec(system)
    messages = data.draw(st.lists(envelopes_of(type_name, system.message_class(type_name)), min_size=1, max_size=3))

    assert codec.decode(codec.encode(messages[0])) == messages[0]
    assert codec.decode_record(codec.encode_record(tuple(messages))) == tuple(messages)


def test_on_the_wire_it_is_a_cloud_event() -> None:
    wire = json.loads(CODEC.encode(command(Fill("b", 2), "c-1", 7)))

    assert wire == {
        **ENVELOPE,
        "time_us": 7,
        "data": {"box_id": "b", "units": 2},
        "version": 0,
        "causation_id": "",
        "correlation_id": "c-1",
        "traceparent": "",
    }


def test_a_record_may_hold_events_of_several_types() -> None:
    record = (
        Message("1", "s", "pantry.larder.Filled", "box/b", 1, Filled("b", 1, 2), 1),
        Message("2", "s", "pantry.Refused", "box/b", 1, Refused("not-enough"), 1),
    )

    assert CODEC.decode_record(CODEC.encode_record(record)) == record


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b"not json",
        b"\xff\xfe",
        b'{"id": "\xff"}',
        b'{"id": "\\ud800"}',
        b"[" * 100_000,
        json.dumps({**ENVELOPE, "data": {"box_id": "b"}}).encode(),
        json.dumps({**ENVELOPE, "data": {"box_id": "b", "units": "two"}}).encode(),
        json.dumps({**ENVELOPE, "data": {"box_id": "b", "units": 1.5}}).encode(),
        json.dumps({**ENVELOPE, "data": {}, "type": "pantry.larder.Unheard"}).encode(),
        json.dumps({**ENVELOPE, "time_us": "noon", "data": {"box_id": "b", "units": 1}}).encode(),
        json.dumps({key: value for key, value in ENVELOPE.items() if key != "subject"}).encode(),
        json.dumps(ENVELOPE).encode(),
        json.dumps({**ENVELOPE, "data": None}).encode(),
    ],
    ids=range(18),
)
def test_what_is_no_message_is_undecodable(payload: bytes) -> None:
    with pytest.raises(Undecodable):
        CODEC.decode(payload)
    with pytest.raises(Undecodable):
        CODEC.decode_record(payload)
    with pytest.raises(Undecodable):
        CODEC.decode_record(b"[" + payload + b"]")


@pytest.mark.parametrize("data", [b'{"box_id": "b\xff", "units": 1}', b'{"box_id": "b", "x": ' + b"[" * 100_000])
def test_a_bad_body_in_a_good_envelope_is_undecodable(data: bytes) -> None:
    with pytest.raises(Undecodable):
        CODEC.decode(json.dumps(ENVELOPE).encode()[:-1] + b', "data": ' + data + b"}")


@given(st.binary())
def test_no_bytes_do_worse_than_being_undecodable(payload: bytes) -> None:
    with pytest.raises(Undecodable):
        CODEC.decode(payload)


def test_a_newer_sender_may_say_more() -> None:
    newer = {**ENVELOPE, "data": {"box_id": "b", "units": 2, "colour": "red"}, "specversion": "1.0"}

    assert CODEC.decode(json.dumps(newer).encode()).data == Fill("b", 2)
