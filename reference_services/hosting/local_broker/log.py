"""The log of one partition: record batches as clients sent them, found by offset."""

from __future__ import annotations

import asyncio
import struct
from bisect import bisect_right

BATCH_HEADER = struct.Struct(">qiibihi")
"""Start of a record batch: base offset, length of the rest, leader epoch, magic, CRC, attributes, last offset delta.

Source: Apache Kafka, "Record Batch". The CRC covers what comes after it, so the base offset may be set freely.
"""

BASE_OFFSET = struct.Struct(">q")
LENGTH_AT = 12
"""Bytes of a batch that its length field does not count."""

MAGIC = 2


class BadBatch(ValueError):
    """The bytes are not whole record batches of the present format."""


class PartitionLog:
    """An append-only log that tells whoever waits when it has grown."""

    def __init__(self) -> None:
        self.end = 0
        self._base_offsets: list[int] = []
        self._batches: list[bytes] = []
        self._waiting: set[asyncio.Event] = set()

    def append(self, record_set: bytes) -> int:
        """Append record batches and return the offset of their first record. Raises `BadBatch`, appending nothing."""
        batches = _split(record_set)
        first = self.end
        for batch, count in batches:
            self._base_offsets.append(self.end)
            self._batches.append(BASE_OFFSET.pack(self.end) + batch[BASE_OFFSET.size :])
            self.end += count
        for event in self._waiting:
            event.set()
        return first

    def read(self, offset: int, bytes_max: int) -> bytes:
        """The batches from the one that holds ``offset`` on: at least one if there is one, then up to ``bytes_max``."""
        if offset >= self.end:
            return b""
        index = bisect_right(self._base_offsets, offset) - 1
        found = [self._batches[index]]
        size = len(found[0])
        for batch in self._batches[index + 1 : index + 1 + bytes_max // LENGTH_AT]:
            size += len(batch)
            if size > bytes_max:
                break
            found.append(batch)
        return b"".join(found)

    def tell(self, event: asyncio.Event) -> None:
        """Set ``event`` at the next append, and at every later one until `forget`."""
        self._waiting.add(event)

    def forget(self, event: asyncio.Event) -> None:
        """No longer set ``event``."""
        self._waiting.discard(event)


def _split(record_set: bytes) -> list[tuple[bytes, int]]:
    """The batches in ``record_set`` with their numbers of records."""
    batches: list[tuple[bytes, int]] = []
    at = 0
    while at < len(record_set):
        if len(record_set) - at < BATCH_HEADER.size:
            raise BadBatch("a batch is cut off")
        _, length, _, magic, _, _, last_delta = BATCH_HEADER.unpack_from(record_set, at)
        end = at + LENGTH_AT + length
        if magic != MAGIC or end > len(record_set) or last_delta < 0:
            raise BadBatch(f"not a whole batch of format {MAGIC}")
        batches.append((record_set[at:end], last_delta + 1))
        at = end
    return batches
