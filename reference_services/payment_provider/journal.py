"""The journal: every fact of the provider's books in a file, one JSON object a line, to start again from after a crash.

Beside them stands what else must not change by a crash: which webhooks are done with, and how the knobs were turned.

A line is handed to the operating system before its request is answered, so it outlives a killed process. It is not
forced to the disk: a provider in a rehearsal needs to survive ``kill -9``, not a power cut.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec

from .misbehaviour import Misbehaviour
from .provider import CaptureSettled, Fact, RequestTaken


class WebhookDone(msgspec.Struct, frozen=True, tag=True):
    """Every copy of a webhook was accepted or given up, or it is lost: nothing of it is left to send."""

    webhook_id: str


class KnobsTurned(msgspec.Struct, frozen=True, tag=True):
    """The provider misbehaves in this way from now on."""

    knobs: Misbehaviour


Line = RequestTaken | CaptureSettled | WebhookDone | KnobsTurned


class JournalUnusable(Exception):
    """The journal cannot be read or written; the text says why and what to do."""


class Past(msgspec.Struct, frozen=True):
    """What a journal remembers: the facts in order, the webhooks that are done, and how the knobs were turned last."""

    facts: tuple[Fact, ...] = ()
    webhooks_done: frozenset[str] = frozenset()
    knobs: Misbehaviour | None = None


class Journal:
    """An append-only file that one process at a time holds. An empty path remembers nothing.

    A last line that was torn by a crash was never answered for, and is cut off.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._encode = msgspec.json.Encoder().encode
        self._file: int | None = None

    def open(self) -> Past:
        """Read what there is and make ready to append. Raises `JournalUnusable`."""
        if not self._path:
            return Past()
        try:
            return self._open()
        except OSError as error:
            self.close()
            raise JournalUnusable(f"{self._path}: {error.strerror}; name a file that can be written") from error

    def append(self, line: Line) -> None:
        """Write one line. Raises `JournalUnusable`, and ever after: what follows a torn line could not be read."""
        if not self._path:
            return
        if self._file is None:
            raise JournalUnusable(f"{self._path}: not open, or closed after an error; start the provider again")
        encoded = self._encode(line) + b"\n"
        try:
            written = os.write(self._file, encoded)
        except OSError as error:
            self.close()
            raise JournalUnusable(f"{self._path}: {error.strerror}; make room and start again") from error
        if written < len(encoded):
            self.close()
            raise JournalUnusable(f"{self._path}: the disk is full; make room and start again")

    @property
    def usable(self) -> bool:
        """Whether `append` can be expected to work."""
        return not self._path or self._file is not None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> Past:
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise JournalUnusable(f"{self._path}: another provider uses it; stop that one or name another") from error
        written = Path(self._path).read_bytes()
        whole = written[: written.rfind(b"\n") + 1]
        os.ftruncate(self._file, len(whole))
        return self._read(whole)

    def _read(self, written: bytes) -> Past:
        decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
        facts: list[Fact] = []
        done: set[str] = set()
        knobs: Misbehaviour | None = None
        for number, encoded in enumerate(written.splitlines(), start=1):
            try:
                line = decoder.decode(encoded)
            except msgspec.DecodeError as error:
                self.close()
                raise JournalUnusable(
                    f"{self._path}: line {number} is damaged ({error}); move the file away to start with empty books"
                ) from error
            match line:
                case WebhookDone():
                    done.add(line.webhook_id)
                case KnobsTurned():
                    knobs = line.knobs
                case _:
                    facts.append(line)
        return Past(tuple(facts), frozenset(done), knobs)
