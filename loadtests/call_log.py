"""Keeps whole what clients asked and saw, of the calls that a checker of their history wants to know.

Like the other rows they go to a file of JSON lines, which costs a few microseconds a call.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from reference_services.kernel.client_history import ClientCall
from scenarios.steps import client_call

from .driver import Ended


class CallLog:
    """Writes the calls of ``operations`` to ``path``. Raises FileExistsError if there are some already."""

    def __init__(self, path: Path, operations: frozenset[str]) -> None:
        self._operations = operations
        self._file = path.open("xb")
        self._encode = msgspec.json.Encoder().encode

    def add(self, ended: Ended) -> None:
        """Keep one call, if anybody wants it."""
        row = ended.row
        if row.operation not in self._operations:
            return
        call = client_call(ended.asked, ended.got, row.command_id, row.started_us, row.ended_us)
        self._file.write(self._encode(call))
        self._file.write(b"\n")

    def close(self) -> None:
        """Write the last calls."""
        self._file.close()


def read_calls(folder: Path) -> Iterator[ClientCall]:
    """Every call that the load generators of a run left in ``folder``, generator by generator."""
    decode = msgspec.json.Decoder(ClientCall).decode
    for path in sorted(folder.glob("calls-*.jsonl")):
        with path.open("rb") as file:
            for line in file:
                yield decode(line)
