"""Reads arrivals that really happened from a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path

import msgspec

from .arrival_kinds import Trace
from .problems import BadValues, Problem, ScenarioError, unknown
from .quantities import epoch_us, parse_instant, shown

_PLACE = ("arrivals", "csv")
_MOST_PER_ROW = 10_000_000
_LATEST_S = 10**11
"""The year 5138: later seconds are milliseconds or worse."""


class TraceRow(msgspec.Struct, frozen=True):
    """How many came at ``time_us`` (microseconds after the first row) or from then until the next row."""

    time_us: int
    count: float


class TraceSpan(msgspec.Struct, frozen=True):
    """A row and the ``width_us`` until the next; the last is as long as the one before it."""

    row: TraceRow
    width_us: int


def check_trace(trace: Trace, folder: Path) -> None:
    """Raises `BadValues` if the file is not there or has not got the columns."""
    path = folder / trace.csv
    if not path.is_file():
        raise BadValues([Problem(_PLACE, f"there is no file {trace.csv!r} beside the scenario; put it there")])
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadValues([Problem(_PLACE, f"{trace.csv!r} cannot be read as CSV in UTF-8; export it again")]) from error
    problems = [
        Problem(("arrivals", "columns", key), unknown(column, header, "column"))
        for key, column in (("time", trace.columns.time), ("count", trace.columns.count))
        if column is not None and column not in header
    ]
    if problems:
        raise BadValues(problems)


def read_trace(trace: Trace, folder: Path) -> Iterator[TraceRow]:
    """The rows of the file, the first at time 0. Raises `ScenarioError`, which names the file's line."""
    with (folder / trace.csv).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        try:
            yield from _trace_rows(trace, rows)
        except (ValueError, csv.Error) as error:
            raise ScenarioError(f"{trace.csv}:{rows.line_num}: {error}") from error


def spans_of(rows: Iterable[TraceRow]) -> Iterator[TraceSpan]:
    """Each row with the time until the next."""
    width_us = 0
    for row, following in pairwise(chain(rows, [None])):
        if row is not None:
            width_us = following.time_us - row.time_us if following is not None else width_us
            yield TraceSpan(row, width_us)


def last_arrival_us(trace: Trace, folder: Path) -> int:
    """When the last can come, in microseconds after the opening as it is played. Raises as `read_trace` does."""
    spreads = trace.columns.count is not None or trace.scale > 1
    ends_us = (
        span.row.time_us + (span.width_us if spreads else 0)
        for span in spans_of(read_trace(trace, folder))
        if span.row.count
    )
    return int(max(ends_us, default=0) / trace.speed)


def _trace_rows(trace: Trace, rows: Iterable[dict[str, str]]) -> Iterator[TraceRow]:
    first_us = last_us = None
    for row in rows:
        time_us = _time_us(row[trace.columns.time])
        if first_us is None or last_us is None:
            first_us = last_us = time_us
        if time_us < last_us:
            raise ValueError(f"{shown(row[trace.columns.time])} is before the row above; sort the file by time")
        last_us = time_us
        yield TraceRow(time_us - first_us, _count(row, trace.columns.count))
    if first_us is None:
        raise ValueError("has no rows; add at least one arrival")


def _time_us(text: str) -> int:
    try:
        seconds = float(text)
    except (TypeError, ValueError):
        return epoch_us(parse_instant(text))
    if not 0 <= seconds <= _LATEST_S:
        raise ValueError(f"{shown(text)} is not a time; write RFC 3339 or seconds")
    return round(seconds * 1e6)


def _count(row: dict[str, str], column: str | None) -> float:
    if column is None:
        return 1.0
    try:
        count = float(row[column])
    except (TypeError, ValueError):
        count = -1.0
    if not 0 <= count <= _MOST_PER_ROW:
        raise ValueError(f"{shown(row[column])} is not a number of arrivals; write a number, 0 or more")
    return count
