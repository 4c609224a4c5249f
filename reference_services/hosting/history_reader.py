"""Reads a whole system's history from the broker, while a live run goes on or at its end."""

from __future__ import annotations

import asyncio
import threading
import time
from types import TracebackType
from typing import Self

import structlog

from ..kernel.codec import Codec
from ..kernel.message import Record
from ..kernel.system import System
from .settings import Settings
from .tail import Tail, decoding

logger = structlog.stdlib.get_logger(__name__)

LOOK_EVERY_S = 0.05
STOP_LIMIT_S = 10.0


class HistoryUnreadable(RuntimeError):
    """The history cannot be had whole; the text says why."""


class HistoryReader:
    """Collects every record of every service of ``system``, in the background, in order of arrival.

    Use it as a context. Records of one aggregate come in the order of their versions, each version once, whatever a
    zombie may have appended besides; between topics there is no order, `kernel.history.in_causal_order` makes one. All
    records are kept in memory until the reader is dropped.
    """

    def __init__(self, system: System, settings: Settings) -> None:
        codec = Codec(system)
        self._records: list[Record] = []
        self._copies: list[Record] = []
        self._versions: dict[str, int] = {}
        handlers = {system.events_topic(service): decoding(codec, self._take_in) for service in system.deciding}
        self._tail = Tail(settings.bootstrap_servers, handlers, settings.partitions, settings.fetch_wait_ms)
        self._thread = threading.Thread(target=self._follow, name="history-reader", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._begun = threading.Event()
        self._failure = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._task is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(STOP_LIMIT_S)

    def records(self) -> list[Record]:
        """Every record that has arrived so far. Raises `HistoryUnreadable` if the history has a hole."""
        self._check()
        return list(self._records)

    def copies(self) -> list[Record]:
        """What was appended once more at a version that had been there: the same again, unless something is wrong."""
        return list(self._copies)

    def __len__(self) -> int:
        return len(self._records)

    def wait_until_quiet(self, quiet_s: float, timeout_s: float) -> None:
        """Wait until everything has been read and nothing new has come for ``quiet_s`` seconds.

        Raises TimeoutError if that takes longer than ``timeout_s``, and `HistoryUnreadable`.
        """
        end = time.monotonic() + timeout_s
        while not self._is_quiet(quiet_s):
            if time.monotonic() > end:
                raise TimeoutError(f"the history was not quiet for {quiet_s:g} s within {timeout_s:g} s")
            time.sleep(LOOK_EVERY_S)

    def _take_in(self, record: Record) -> None:
        first = record[0]
        before = self._versions.get(first.subject, 0)
        if first.version <= before:
            self._copies.append(record)
            return
        if first.version > before + 1:
            self._failure = self._failure or f"{first.subject}: version {first.version} follows {before}"
        self._versions[first.subject] = first.version
        self._records.append(record)

    def _is_quiet(self, quiet_s: float) -> bool:
        self._check()
        quiet = time.monotonic() - self._tail.last_record_at >= quiet_s
        return quiet and self._tail.caught_up.is_set() and not any(self._tail.lag().values())

    def _check(self) -> None:
        if self._failure:
            raise HistoryUnreadable(self._failure)
        if self._tail.skipped:
            raise HistoryUnreadable(f"{self._tail.skipped} records could not be read; the log says which")

    def _follow(self) -> None:
        try:
            asyncio.run(self._run())
        except Exception as error:  # belongs to the thread that asks, not to this one
            self._failure = f"reading stopped: {error}"
            logger.exception("the history reader stopped")
        finally:
            self._begun.set()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._tail.run())
        self._begun.set()
        try:
            await self._task
        except asyncio.CancelledError:
            return
