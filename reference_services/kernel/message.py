"""The envelope in which every command and event travels, and how messages get their ids.

Field names follow CloudEvents 1.0 (``id, source, type, subject``) with the extensions that event sourcing needs.
CloudEvents' ``time`` is an RFC 3339 string; inside Doorbuster instants are integers, hence ``time_us``: microseconds
since the Unix epoch, UTC. The string form exists only at the HTTP edge.

Ids are derived, never drawn: whoever repeats a step after a crash produces the same ids, and readers drop the copy.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Any, Generic, TypeVar

import msgspec


class Command(msgspec.Struct, frozen=True):
    """What somebody wants to happen. Named in the imperative; may be refused."""


class Event(msgspec.Struct, frozen=True):
    """What has happened. Named in the past tense; never refused, never changed."""


class Refused(Event, frozen=True):
    """A command was turned down by a business rule. It is recorded like any event, so a retry gets the same answer.

    ``reason`` is a stable slug (``sold-out``); the system's wiring maps it to a problem type for HTTP callers.
    """

    reason: str
    detail: str = ""


class NothingChanged(Event, frozen=True):
    """A command was decided, and there was nothing to do.

    It is recorded as well: a command that left no trace would be decided anew when a crash has it delivered again, by
    then on newer state, perhaps ahead of what it once came before.
    """


NOTHING_CHANGED = NothingChanged()

KERNEL_EVENTS: tuple[type[Event], ...] = (Refused, NothingChanged)
"""Events that any decider's log may hold. No state evolves from them, and no service owns them."""

Body = TypeVar("Body", bound=Command | Event)


class Message(msgspec.Struct, Generic[Body], frozen=True, gc=False):
    """One command or event in its envelope.

    ``subject`` names the aggregate (``order/o-1f``); it is also the Kafka key, so all messages of one aggregate share
    a partition. ``version`` is the aggregate's version after the decision (0 for commands). ``causation_id`` is the id
    of the message that led to this one; ``correlation_id`` is shared by everything one client request set in motion.
    ``traceparent`` is W3C Trace Context, or empty where nobody traces.
    """

    id: str
    source: str
    type: str
    subject: str
    time_us: int
    data: Body
    version: int = 0
    causation_id: str = ""
    correlation_id: str = ""
    traceparent: str = ""


Record = tuple[Message[Any], ...]
"""What one decision appends: the events of one aggregate at one version, never empty, one Kafka record."""


def event_id(subject: str, version: int, index: int) -> str:
    """Id of the ``index``-th event of the decision that brought ``subject`` to ``version``."""
    return f"{subject}/{version}/{index}"


DEADLINE_COMMAND = "t-"
"""How the id of a command begins that time itself sends."""


def is_sent_by_time(command: Message[Any]) -> bool:
    """Whether a deadline is what led to ``command``."""
    return command.id.startswith(DEADLINE_COMMAND)


def derived_id(*parts: str) -> str:
    """A short stable id from its parts; equal parts give equal ids in every process.

    16 hexadecimal digits of SHA-256: with a million ids the chance of one collision is about 3e-8.
    """
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def partition_of(subject: str, partitions: int) -> int:
    """The partition that holds ``subject``: CRC-32 modulo, as librdkafka's ``consistent`` partitioner does it."""
    return zlib.crc32(subject.encode()) % partitions


def child_traceparent(traceparent: str, message_id: str) -> str:
    """The trace context of a message caused under ``traceparent``: same trace, a span id derived from the message id.

    Returns an empty string if there is no parent. Source: W3C Trace Context, section 3.2.
    """
    if not traceparent:
        return ""
    version, trace_id, _, flags = traceparent.split("-")
    span_id = hashlib.sha256(message_id.encode()).hexdigest()[:16]
    return f"{version}-{trace_id}-{span_id}-{flags}"
