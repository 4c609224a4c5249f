"""Appends messages to their topics: always to the partition that the subject belongs to."""

from __future__ import annotations

import asyncio
from typing import cast

from faust.types import EventT
from faust.types.tuples import RecordMetadata

from ...kernel.codec import Codec
from ...kernel.message import Message, Record, partition_of
from ...kernel.system import Service, System
from .app import StreamsApp

Appended = asyncio.Future[RecordMetadata]

MESSAGE_BYTES_MAX = 900_000
"""Key and payload of one message. Faust's producer hands over up to 1,000,000 bytes, and Kafka's brokers take some more
unless told otherwise. The rest is for the headers of a dead letter: what can be appended can be set aside."""

REASON_CHARACTERS_MAX = 1_000


class TooLarge(Exception):
    """A message or a record of more than `MESSAGE_BYTES_MAX`; the text says which, and how large it is."""


class Outbox:
    """What one service's app appends, through Faust's producer.

    Records go to the producer directly and not through Faust's send buffer: a commit flushes that buffer for at most a
    tenth of a second, and an offset must never be committed ahead of what it led to.
    """

    def __init__(self, app: StreamsApp, system: System, service: Service, partitions: int) -> None:
        self._app = app
        self._system = system
        self._service = service
        self._partitions = partitions
        self._codec = Codec(system)

    def encode_record(self, record: Record) -> bytes:
        """The events of one decision as they are appended. Raises `TooLarge`."""
        return _small_enough(record[0], self._codec.encode_record(record))

    async def append_record(self, subject: str, payload: bytes, partition: int) -> Appended:
        """Append the events of one decision of this service about ``subject``, encoded."""
        return await self._append(self._system.events_topic(self._service), partition, subject.encode(), payload)

    async def append_command(self, command: Message) -> Appended:
        """Append a command to the inbox of whoever decides it. Raises `TooLarge`."""
        owner, _ = self._system.owner(type(command.data))
        partition = partition_of(command.subject, self._partitions)
        topic = self._system.commands_topic(owner)
        payload = _small_enough(command, self._codec.encode(command))
        return await self._append(topic, partition, command.subject.encode(), payload)

    async def append_dead_letter(self, event: EventT, reason: str, record: Record | None) -> Appended:
        """Set aside a message that this service cannot handle, or the ``record`` that it led to.

        The letter tells the reason and the place of the message. A message that no letter can hold is left there.
        """
        message = event.message
        headers = {
            "reason": reason[:REASON_CHARACTERS_MAX].encode(errors="backslashreplace"),
            "topic": message.topic.encode(),
            "partition": str(message.partition).encode(),
            "offset": str(message.offset).encode(),
        }
        key, payload = message.key, message.value
        if record is not None:
            key, payload = record[0].subject.encode(), self._codec.encode_record(record)
        elif not _fits_a_letter(key, payload):
            key, payload = b"", None
            headers["left_in_place"] = b"true"
        topic = self._system.dead_letters_topic(self._service)
        return await self._append(topic, message.partition, key, payload, headers)

    async def _append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: dict[str, bytes] | None = None,
    ) -> Appended:
        appended = await self._app.producer.send(topic, key, value, partition, None, headers)
        return cast(Appended, appended)


def _small_enough(message: Message, payload: bytes) -> bytes:
    size = len(message.subject.encode()) + len(payload)
    if size > MESSAGE_BYTES_MAX:
        raise TooLarge(f"{message.id} takes {size} bytes, more than {MESSAGE_BYTES_MAX}")
    return payload


def _fits_a_letter(key: bytes | None, payload: bytes | None) -> bool:
    """Whether a letter can say the same: the producer refuses what is too large, and what is nothing at all."""
    return (key, payload) != (None, None) and len(key or b"") + len(payload or b"") <= MESSAGE_BYTES_MAX
