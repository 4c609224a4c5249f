"""A bounded memory of the first value seen under each key, which can be asked, and waited on."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class FirstSeen(Generic[Value]):
    """Keeps the first value put under each of the latest ``limit`` keys. At most one waiter a key."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[Value | None]] = {}
        self._closed = False

    def put(self, key: str, value: Value) -> None:
        """Remember ``value``, unless something came before it, and wake who waits for it."""
        if key in self._values:
            return
        self._values[key] = value
        if len(self._values) > self._limit:
            self._values.popitem(last=False)
        waiting = self._waiting.get(key)
        if waiting is not None and not waiting.done():
            waiting.set_result(value)

    def get(self, key: str) -> Value | None:
        """The first value under ``key``, or None if there was none lately."""
        return self._values.get(key)

    async def wait(self, key: str, timeout_s: float) -> Value | None:
        """The first value under ``key``, as soon as there is one; None after ``timeout_s`` without, or once closed."""
        value = self._values.get(key)
        if value is not None or timeout_s <= 0 or self._closed:
            return value
        assert key not in self._waiting, "two waiters under one key"
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Value | None] = loop.create_future()
        self._waiting[key] = waiting
        timer = loop.call_later(timeout_s, _give_up, waiting)
        try:
            return await waiting
        finally:
            timer.cancel()
            del self._waiting[key]

    def close(self) -> None:
        """Let everybody go who waits, with None, and nobody wait from now on."""
        self._closed = True
        for waiting in self._waiting.values():
            _give_up(waiting)

    def __len__(self) -> int:
        return len(self._values)


def _give_up(waiting: asyncio.Future[Value | None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
