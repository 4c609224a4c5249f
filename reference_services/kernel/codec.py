"""Messages on the wire: JSON in the shape of CloudEvents, a command as one object, a record as a batch of events."""

from __future__ import annotations

import msgspec

from .message import Message, Record
from .system import System

BAD_PAYLOAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError)
"""What decoding raises: not JSON or not this shape, not UTF-8, nested beyond reason, a type that nobody knows."""


class Undecodable(Exception):
    """Bytes that are not a message of this system; the text says why."""


class _Envelope(msgspec.Struct, frozen=True):
    """A message whose body waits for its type to be known."""

    id: str
    source: str
    type: str
    subject: str
    time_us: int
    data: msgspec.Raw
    version: int = 0
    causation_id: str = ""
    correlation_id: str = ""
    traceparent: str = ""


class Codec:
    """Encodes and decodes the messages of one system."""

    def __init__(self, system: System) -> None:
        self._encoder = msgspec.json.Encoder()
        self._envelope = msgspec.json.Decoder(_Envelope)
        self._envelopes = msgspec.json.Decoder(list[_Envelope])
        self._bodies = {
            name: msgspec.json.Decoder(message_class) for name, message_class in system.message_classes().items()
        }

    def encode(self, message: Message) -> bytes:
        """One message as a JSON object."""
        return self._encoder.encode(message)

    def encode_record(self, record: Record) -> bytes:
        """One record as a JSON array of messages (a CloudEvents batch)."""
        return self._encoder.encode(record)

    def decode(self, payload: bytes) -> Message:
        """The message in ``payload``. Raises `Undecodable`."""
        try:
            return self._open(self._envelope.decode(payload))
        except BAD_PAYLOAD as error:
            raise Undecodable(f"not a message of this system: {error}") from error

    def decode_record(self, payload: bytes) -> Record:
        """The record in ``payload``. Raises `Undecodable`."""
        try:
            record = tuple(self._open(envelope) for envelope in self._envelopes.decode(payload))
        except BAD_PAYLOAD as error:
            raise Undecodable(f"not a record of this system: {error}") from error
        if not record:
            raise Undecodable("a record without events")
        return record

    def _open(self, envelope: _Envelope) -> Message:
        return Message(
            envelope.id,
            envelope.source,
            envelope.type,
            envelope.subject,
            envelope.time_us,
            self._bodies[envelope.type].decode(envelope.data),
            envelope.version,
            envelope.causation_id,
            envelope.correlation_id,
            envelope.traceparent,
        )
