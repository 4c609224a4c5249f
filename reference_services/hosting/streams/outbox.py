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

    async def append_record(self, record: Record, partition: int) -> Appended:
        """Append the events of one decision of this service."""
        topic = self._system.events_topic(self._service)
        return await self._append(topic, partition, record[0].subject.encode(), self._codec.encode_record(record))

    async def append_command(self, command: Message) -> Appended:
        """Append a command to the inbox of whoever decides it."""
        owner, _ = self._system.owner(type(command.data))
        partition = partition_of(command.subject, self._partitions)
        topic = self._system.commands_topic(owner)
        return await self._append(topic, partition, command.subject.encode(), self._codec.encode(command))

    async def append_dead_letter(self, event: EventT, reason: str, payload: bytes | None) -> Appended:
        """Set ``payload`` aside, which this service cannot handle, with the reason and the place of its message."""
        message = event.message
        headers = {
            "reason": reason.encode(),
            "topic": message.topic.encode(),
            "partition": str(message.partition).encode(),
            "offset": str(message.offset).encode(),
        }
        topic = self._system.dead_letters_topic(self._service)
        return await self._append(topic, message.partition, message.key, payload, headers)

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
