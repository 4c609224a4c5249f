"""AsyncAPI 3.0 of a system: its topics as channels, who sends and receives what, every message with its schema.

Specification: https://www.asyncapi.com/docs/reference/specification/v3.0.0. Channels, messages and schemas are named
by topics and by the names under which messages travel; all of them may stand in a reference as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import yaml

from ..kernel.decider import Decider
from ..kernel.message import Command, Event, Message, Refused
from ..kernel.system import Service, System
from .components import asked_services, entered_services, has_deadlines, informed_services
from .wiring import deciders, own_words, published, said_of, sent_by_time

Document = dict[str, Any]

VERSION = "1.0.0"
GATEWAY = "gateway"
DEAD_LETTER = "DeadLetter"
ENVELOPE = "doorbuster.Message"
KAFKA_BINDING = "0.5.0"

CORRELATION_IDS: Document = {
    "command": {
        "description": "Shared by everything that one client request set in motion",
        "location": "$message.payload#/correlation_id",
    },
    "record": {
        "description": "The same for every event of a record",
        "location": "$message.payload#/0/correlation_id",
    },
}

MEANINGS = {
    "id": "Derived, never drawn: whoever repeats a step produces the same id",
    "source": "Who made the message",
    "type": "What the message is",
    "subject": "The aggregate, e.g. order/o-1f; also the Kafka key",
    "time_us": "Microseconds since the Unix epoch, UTC",
    "version": "The aggregate's version after the decision; 0 for commands",
    "causation_id": "Id of the message that led to this one",
    "correlation_id": "Shared by everything that one client request set in motion",
    "traceparent": "W3C Trace Context; empty where nobody traces",
}

DEAD_LETTER_HEADERS = {
    "reason": "Why it could not be handled",
    "topic": "Where the message was found that said it or led to it; putting it back there repeats it",
    "partition": "In which partition, a decimal number",
    "offset": "At which offset, a decimal number",
}
LEFT_IN_PLACE = {
    "left_in_place": "There if the message is only where it was found: too large, or without key and payload",
}


def asyncapi_document(system: System) -> Document:
    """The document of ``system`` as JSON data."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"{system.name}: commands and events",
            "version": VERSION,
            "description": (
                "One inbox of commands and one log of events a service. A command's value is one JSON object, a "
                "record's is an array: the events of one decision. The key is the subject in UTF-8, and the partition "
                "its CRC-32 modulo their number, so all messages of one aggregate are in order."
            ),
            "tags": [{"name": service.name, "description": service.summary} for service in system.deciding],
        },
        "defaultContentType": "application/json",
        "servers": {"broker": _server()},
        "channels": {name: channel for service in system.deciding for name, channel in _channels(system, service)},
        "operations": {name: each for service in system.deciding for name, each in _operations(system, service)}
        | dict(_gateway_operations(system)),
        "components": {
            "messages": dict(_messages(system)),
            "schemas": _schemas(system),
            "correlationIds": CORRELATION_IDS,
        },
    }


def as_yaml(document: Document) -> str:
    """The document as YAML that people can read: in its own order, nothing abbreviated."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes what occurs twice twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _server() -> Document:
    return {
        "host": "{host}",
        "protocol": "kafka",
        "description": "Any Kafka cluster, or the broker that comes with the project",
        "variables": {"host": {"default": "127.0.0.1:9092", "description": "host:port, as DOORBUSTER_BROKER names it"}},
    }


def _channels(system: System, service: Service) -> Iterable[tuple[str, Document]]:
    inbox, events, dead = _topics(system, service)
    commands = [_name(system, command) for decider in service.deciders for command in decider.commands]
    records = [_record_name(system, service, decider) for decider in service.deciders]
    yield inbox, _channel(inbox, f"The inbox of {service.name}: commands, deadlines and webhooks alike", commands)
    yield events, _channel(events, f"What {service.name} decided, for good; the log from which it remembers", records)
    yield dead, _channel(dead, f"What {service.name} could not handle", [DEAD_LETTER])


def _channel(address: str, description: str, messages: Iterable[str]) -> Document:
    return {
        "address": address,
        "description": description,
        "messages": {name: _reference("messages", name) for name in messages},
    }


def _operations(system: System, service: Service) -> Iterable[tuple[str, Document]]:
    inbox, events, dead = _topics(system, service)
    yield f"{service.name}.decide", _operation(service.name, "receive", inbox, "Decides what it is asked for")
    yield f"{service.name}.append", _operation(service.name, "send", events, "Appends what happened")
    yield f"{service.name}.set-aside", _operation(service.name, "send", dead, "Sets aside what it cannot handle")
    if has_deadlines(service):
        timely = [_name(system, command) for decider in service.deciders for command in sent_by_time(decider)]
        summary = "Sends what is due to itself"
        yield f"{service.name}.remind", _operation(service.name, "send", inbox, summary, timely)
    for owner in asked_services(system, service):
        topic, summary = system.commands_topic(owner), "Asks for what policies want because of its events"
        yield f"{service.name}.ask.{owner.name}", _operation(service.name, "send", topic, summary)
    for owner in informed_services(system, service):
        topic, summary = system.commands_topic(owner), "Records what the outside answered"
        yield f"{service.name}.inform.{owner.name}", _operation(service.name, "send", topic, summary)


def _gateway_operations(system: System) -> Iterable[tuple[str, Document]]:
    for service in entered_services(system):
        topic, summary = system.commands_topic(service), "Sends the commands of API calls and webhooks"
        yield f"{GATEWAY}.ask.{service.name}", _operation(GATEWAY, "send", topic, summary)
    for service in system.deciding:
        topic, summary = system.events_topic(service), "Folds views, and learns what became of commands"
        yield f"{GATEWAY}.follow.{service.name}", _operation(GATEWAY, "receive", topic, summary)


def _operation(who: str, action: str, channel: str, summary: str, messages: Iterable[str] = ()) -> Document:
    """``messages`` narrows the operation to some of the channel's; without, it is about all of them."""
    described: Document = {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "tags": [{"name": who}],
    }
    references = [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages]
    return {**described, "messages": references} if references else described


def _messages(system: System) -> Iterable[tuple[str, Document]]:
    for service, decider in deciders(system):
        for command in decider.commands:
            name = _name(system, command)
            yield name, _message(service, name, command.__name__, own_words(command), "command", _schema(name))
        record = _record_name(system, service, decider)
        yield (
            record,
            _message(
                service,
                record,
                f"Record of {decider.name}",
                f"The events of one decision on one {decider.name}",
                "record",
                _record_schema(system, decider),
            ),
        )
    yield DEAD_LETTER, _dead_letter()


def _message(service: Service, name: str, title: str, summary: str, kind: str, payload: Document) -> Document:
    return {
        "name": name,
        "title": title,
        "summary": summary,
        "tags": [{"name": service.name}, {"name": kind}],
        "correlationId": _reference("correlationIds", kind),
        "payload": payload,
        "bindings": _key_binding(),
    }


def _dead_letter() -> Document:
    meanings = DEAD_LETTER_HEADERS | LEFT_IN_PLACE
    headers = {name: {"type": "string", "description": meaning} for name, meaning in meanings.items()}
    return {
        "name": DEAD_LETTER,
        "title": "Dead letter",
        "summary": "A command that could not be decided, or a record that a policy or an effect failed on, as it came",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": headers, "required": list(DEAD_LETTER_HEADERS)},
        "payload": {"description": "Whatever came"},
        "bindings": _key_binding(),
    }


def _key_binding() -> Document:
    return {"kafka": {"key": {"type": "string", "description": "the subject"}, "bindingVersion": KAFKA_BINDING}}


def _record_schema(system: System, decider: Decider[Any]) -> Document:
    events = [_schema(_name(system, event)) for event in published(decider)]
    return {"type": "array", "minItems": 1, "items": {"oneOf": events}}


def _schemas(system: System) -> Document:
    """One schema for each message in its envelope, then one for each body and whatever is in it."""
    bodies = [*system.message_classes().values()]
    template = "#/components/schemas/{name}"
    (whole, *references), components = msgspec.json.schema_components(
        [Message[Refused], *bodies], ref_template=template
    )
    envelope = components.pop(whole["$ref"].rpartition("/")[2])
    schemas: Document = {ENVELOPE: _envelope(envelope)}
    for body, reference in zip(bodies, references, strict=True):
        schemas[_name(system, body)] = {
            "allOf": [
                _schema(ENVELOPE),
                {"properties": {"type": {"const": _name(system, body)}, "data": reference}, "required": ["data"]},
            ]
        }
    return schemas | {name: _on_one_line(schema) for name, schema in sorted(components.items())}


def _envelope(schema: Document) -> Document:
    """The envelope alone: what every message has around its body."""
    properties = {
        name: {**property_schema, "description": MEANINGS[name]}
        for name, property_schema in schema["properties"].items()
        if name != "data"
    }
    required = [name for name in schema["required"] if name != "data"]
    return {"type": "object", "description": said_of(Message), "properties": properties, "required": required}


def _on_one_line(schema: Document) -> Document:
    """Docstrings are broken into lines for their files, not for readers of schemas."""
    described = " ".join(schema.get("description", "").replace("``", "`").split())
    return {**schema, "description": described} if described else schema


def _topics(system: System, service: Service) -> tuple[str, str, str]:
    return system.commands_topic(service), system.events_topic(service), system.dead_letters_topic(service)


def _name(system: System, message_type: type[Command] | type[Event]) -> str:
    return system.type_name(message_type)


def _record_name(system: System, service: Service, decider: Decider[Any]) -> str:
    """Classes begin with a capital, aggregates do not, so this is no command's name."""
    return f"{system.source(service)}.{decider.name}"


def _schema(name: str) -> Document:
    return _reference("schemas", name)


def _reference(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}
