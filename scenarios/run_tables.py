"""The tables of a run folder: their columns, and how they are filled without holding a run in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import pyarrow
import pyarrow.parquet

from reference_services.kernel.message import Message

from .run_records import RequestRow

ROWS_BUFFERED = 10_000
"""Rows of one table held in memory before they are written as one row group."""

PART = ".part"
"""What the name of a file ends in until the file is whole."""

_int64, _string = pyarrow.int64(), pyarrow.string()
EVENTS = pyarrow.schema(
    [
        ("sequence", _int64),
        ("time_us", _int64),
        ("source", _string),
        ("type", _string),
        ("subject", _string),
        ("version", pyarrow.int32()),
        ("id", _string),
        ("causation_id", _string),
        ("correlation_id", _string),
        ("data", _string),
    ]
)
REQUESTS = pyarrow.schema(
    [
        ("customer", _string),
        ("journey", _string),
        ("visit_us", _int64),
        ("operation", _string),
        ("intended_us", _int64),
        ("started_us", _int64),
        ("ended_us", _int64),
        ("outcome", _string),
        ("status", pyarrow.int16()),
        ("reason", _string),
        ("command_id", _string),
    ]
)
SAMPLES = pyarrow.schema([("time_us", _int64), ("metric", _string), ("label", _string), ("value", pyarrow.float64())])
TABLES = {"events.parquet": EVENTS, "requests.parquet": REQUESTS, "samples.parquet": SAMPLES}

_Row = TypeVar("_Row")
Columns = Callable[[Sequence[_Row], int], list[Sequence[Any]]]
"""Turns rows, the first of which has the given number in its table, into columns."""


class Table(Generic[_Row]):
    """One Parquet file under construction, a row group for every ``ROWS_BUFFERED`` rows."""

    def __init__(self, path: Path, schema: pyarrow.Schema, columns: Columns[_Row]) -> None:
        self._path = path
        self._part = path.with_name(path.name + PART)
        self._schema = schema
        self._columns = columns
        self._rows: list[_Row] = []
        self._written = 0
        self._writer = pyarrow.parquet.ParquetWriter(self._part, schema, compression="zstd", write_statistics=False)

    def add(self, row: _Row) -> None:
        """Append one row."""
        rows = self._rows
        rows.append(row)
        if len(rows) >= ROWS_BUFFERED:
            self._flush()

    def finish(self) -> None:
        """Write what is buffered and the end of the file, and give the file its name."""
        if self._rows:
            self._flush()
        self._writer.close()
        self._part.replace(self._path)

    def abandon(self) -> None:
        """Let go of the file; what is in it is of no use."""
        with contextlib.suppress(OSError):  # a full disk is often why the run is abandoned
            self._writer.close()

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        arrays = [
            pyarrow.array(column, field.type)
            for column, field in zip(self._columns(rows, self._written), self._schema, strict=True)
        ]
        self._writer.write_batch(pyarrow.record_batch(arrays, schema=self._schema))
        self._written += len(rows)


_encode_data = msgspec.json.Encoder().encode


def event_columns(messages: Sequence[Message[Any]], first: int) -> list[Sequence[Any]]:
    """The columns of ``EVENTS``; what a message carries becomes JSON."""
    return [
        range(first, first + len(messages)),
        [message.time_us for message in messages],
        [message.source for message in messages],
        [message.type for message in messages],
        [message.subject for message in messages],
        [message.version for message in messages],
        [message.id for message in messages],
        [message.causation_id for message in messages],
        [message.correlation_id for message in messages],
        [_encode_data(message.data) for message in messages],
    ]


def request_columns(rows: Sequence[RequestRow], first: int) -> list[Sequence[Any]]:
    """The columns of ``REQUESTS``."""
    return [[getattr(row, name) for row in rows] for name in REQUESTS.names]


def transposed(rows: Sequence[tuple[Any, ...]], first: int) -> list[Sequence[Any]]:
    """The columns of rows that are tuples."""
    return list(zip(*rows, strict=True))
