"""Keeps every call of a load generator: all of them in a file, and figures of the last moment for whoever watches.

Rows go to a file of JSON lines, because that costs a microsecond a row; building Parquet columns now and then would
hold up the event loop for milliseconds, and with it the schedule.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from hdrh.histogram import HdrHistogram

from scenarios.run_records import RequestRow

LONGEST_US = 3_600_000_000
SIGNIFICANT_DIGITS = 2


class Recorder:
    """Writes calls to ``path`` in the order in which they end. Raises FileExistsError if there are some already."""

    def __init__(self, path: Path) -> None:
        self.outcomes: Counter[str] = Counter(ok=0, refused=0, error=0, unknown=0)
        """How many calls ended how, since the beginning."""
        self._file = path.open("xb")
        self._encode = msgspec.json.Encoder().encode
        self._response_us = HdrHistogram(1, LONGEST_US, SIGNIFICANT_DIGITS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write the last rows."""
        self._file.close()

    def add(self, row: RequestRow) -> None:
        """Keep one call."""
        self._file.write(self._encode(row))
        self._file.write(b"\n")
        self.outcomes[row.outcome] += 1
        self._response_us.record_value(min(max(row.ended_us - row.intended_us, 1), LONGEST_US))

    def take_percentiles_ms(self) -> tuple[float, float] | None:
        """Median and 99th percentile of the response times since this was last asked; None without any."""
        recent = self._response_us
        if not recent.get_total_count():
            return None
        percentiles = recent.get_value_at_percentile(50) / 1_000, recent.get_value_at_percentile(99) / 1_000
        recent.reset()
        return percentiles


def read_requests(folder: Path) -> Iterator[RequestRow]:
    """Every call that the load generators of a run left in ``folder``, in the order in which they ended."""
    return heapq.merge(*map(_rows, sorted(folder.glob("requests-*.jsonl"))), key=attrgetter("ended_us"))


def _rows(path: Path) -> Iterator[RequestRow]:
    decode = msgspec.json.Decoder(RequestRow).decode
    with path.open("rb") as file:
        for line in file:
            yield decode(line)
