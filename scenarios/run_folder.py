"""The folder that a run leaves: written here once, for both worlds, and read here once, by every report.

``run.json`` is written last: a folder that has it is whole. While a run is under way its tables carry ``.part`` in
their names, and a run that fails takes them away again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
import pandas
import pyarrow
import pyarrow.parquet

from reference_services.kernel.message import Message

from .run_records import FORMAT_VERSION, Findings, Machine, RequestRow, RunInfo, Schedule, Versions
from .run_tables import PART, TABLES, Columns, Table, event_columns, request_columns, transposed

__all__ = [
    "FORMAT_VERSION",
    "Findings",
    "Machine",
    "NotARunFolder",
    "RequestRow",
    "RunFolderReader",
    "RunFolderWriter",
    "RunInfo",
    "Schedule",
    "Versions",
    "new_run_path",
    "write_atomically",
    "write_findings",
]

RUN_FILE = "run.json"
FINDINGS_FILE = "findings.json"

_Record = TypeVar("_Record")
_Row = TypeVar("_Row")


class NotARunFolder(Exception):
    """The folder cannot be read as a run; one line says what is missing, damaged or of another format."""


class RunFolderWriter:
    """Writes one run. Use it as a context manager; leaving it normally makes the folder whole.

    Memory stays flat in the length of the run. All rows come from one thread. Leaving it by an exception, Ctrl-C
    included, leaves nothing. Raises FileExistsError if ``path`` already holds a run.
    """

    event: Callable[[Message[Any]], None]
    """Append one message of the history."""

    request: Callable[[RequestRow], None]
    """Append one API call."""

    def __init__(self, path: Path, run: RunInfo) -> None:
        self.path = path
        self._run = run
        self._findings: Findings | None = None
        self._tables: list[Table[Any]] = []

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        for name in (RUN_FILE, *TABLES):
            if (self.path / name).exists():
                raise FileExistsError(f"{self.path}: already holds a run ({name}); choose another folder")
        try:
            self.event = self._open("events.parquet", event_columns)
            self.request = self._open("requests.parquet", request_columns)
            self._sample = self._open("samples.parquet", transposed)
        except BaseException:
            self._discard()
            raise
        return self

    def sample(self, time_us: int, metric: str, label: str, value: float) -> None:
        """Append one measurement, e.g. ``(now, "queue_depth", "inventory/2", 17)``."""
        self._sample((time_us, metric, label, value))

    def findings(self, findings: Findings) -> None:
        """Keep what the checkers found; written when the folder is finished."""
        self._findings = findings

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error_type is not None:
            self._discard()
            return
        try:
            self._finish()
        except BaseException:
            self._discard()
            raise

    def _open(self, name: str, columns: Columns[_Row]) -> Callable[[_Row], None]:
        table = Table(self.path / name, TABLES[name], columns)
        self._tables.append(table)
        return table.add

    def _finish(self) -> None:
        for table in self._tables:
            table.finish()
        if self._findings is not None:
            write_findings(self.path, self._findings)
        write_atomically(self.path / RUN_FILE, _pretty(self._run))

    def _discard(self) -> None:
        for table in self._tables:
            table.abandon()
        for name in (*TABLES, FINDINGS_FILE, RUN_FILE):
            for leftover in (self.path / name, self.path / (name + PART)):
                leftover.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # somebody else's file is in the folder: then it stays
            self.path.rmdir()


class RunFolderReader:
    """Reads one run. Raises `NotARunFolder` as soon as something is missing, damaged or of another format."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = self._read_run()
        """Which run this is."""

    def events(self, columns: list[str] | None = None) -> pandas.DataFrame:
        """The history in order of ``sequence``: all columns of ``EVENTS``, or only those named."""
        return self._table("events.parquet", columns)

    def requests(self, columns: list[str] | None = None) -> pandas.DataFrame:
        """The API calls in the order in which they ended: all columns of ``REQUESTS``, or only those named."""
        return self._table("requests.parquet", columns)

    def samples(self, columns: list[str] | None = None) -> pandas.DataFrame:
        """The measurements in the order in which they were taken, as long rows (``SAMPLES``)."""
        return self._table("samples.parquet", columns)

    @cached_property
    def findings(self) -> Findings:
        """What the checkers found."""
        path = self.path / FINDINGS_FILE
        return self._decode(path, self._bytes(path), Findings)

    @property
    def has_findings(self) -> bool:
        """Whether checkers have looked at this run."""
        return (self.path / FINDINGS_FILE).exists()

    def _read_run(self) -> RunInfo:
        path = self.path / RUN_FILE
        if not path.exists():
            raise NotARunFolder(f"{self.path}: {self._why_no_run()}")
        payload = self._bytes(path)
        found = self._decode(path, payload, _Format).format_version
        if found != FORMAT_VERSION:
            raise NotARunFolder(
                f"{path}: written in format {found}, but this version of Doorbuster reads format {FORMAT_VERSION}; "
                f"make the run again"
            )
        return self._decode(path, payload, RunInfo)

    def _why_no_run(self) -> str:
        if not self.path.is_dir():
            return "there is no such folder"
        if list(self.path.glob("*" + PART)):
            return "this run is still under way or was killed; make it again"
        inside = sorted(found.parent.name for found in self.path.glob(f"*/{RUN_FILE}"))
        if inside:
            return f"not a run folder itself; look at the runs inside it: {', '.join(inside)}"
        return f"not a run folder: {RUN_FILE} is missing"

    def _table(self, name: str, columns: list[str] | None) -> pandas.DataFrame:
        path = self.path / name
        if not path.exists():
            raise NotARunFolder(f"{path}: missing from the run folder")
        try:
            with pyarrow.parquet.ParquetFile(path) as file:
                if file.schema_arrow != TABLES[name]:
                    raise NotARunFolder(f"{path}: its columns are not those of format {FORMAT_VERSION}")
                return file.read(columns).to_pandas()
        except (pyarrow.ArrowException, OSError) as error:
            raise NotARunFolder(f"{path}: damaged: {_first_line(error)}") from error

    def _bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise NotARunFolder(f"{path}: missing from the run folder") from None

    @staticmethod
    def _decode(path: Path, payload: bytes, kind: type[_Record]) -> _Record:
        try:
            return msgspec.json.decode(payload, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotARunFolder(f"{path}: damaged: {_first_line(error)}") from error


def new_run_path(root: Path, scenario: str, verb: str, now: datetime) -> Path:
    """Make and return a folder ``root/scenario/YYYYMMDD-HHMMSS-verb`` that nobody else has; ``-2`` ... if need be."""
    stem = f"{now:%Y%m%d-%H%M%S}-{verb}"
    number = 1
    while True:
        path = root / scenario / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return path


def write_findings(path: Path, findings: Findings) -> None:
    """Write (or replace) the findings of the run in folder ``path``."""
    write_atomically(path / FINDINGS_FILE, _pretty(findings))


def write_atomically(path: Path, payload: bytes) -> None:
    """Write a file so that whoever reads it finds either all of it or the one that was there before."""
    part = path.with_name(path.name + PART)
    try:
        part.write_bytes(payload)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class _Format(msgspec.Struct):
    format_version: int


def _pretty(record: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
