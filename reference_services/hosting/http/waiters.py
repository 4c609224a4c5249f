"""Requests that wait for an outcome to settle; each is woken only by records that may concern it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from ...kernel.message import Message, Record
from ...kernel.operation import Outcome

LOOK_AGAIN_S = 1.0
"""How often a waiting request looks again unasked: its outcome may hang on an aggregate that shares no name with it."""


class Waiters:
    """Waiting requests by the names that they listen to: correlation ids and parts of aggregate keys."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self._closed = False
        self._listening: dict[str, set[asyncio.Event]] = {}

    async def settled(self, read: Callable[[], Outcome], names: Iterable[str], wait_s: float) -> Outcome:
        """What ``read`` gives once it is settled, or after ``wait_s`` seconds, whichever comes first.

        Does not wait at all while too many others do, or when the gateway is closing.
        """
        outcome = read()
        if outcome.settled or wait_s <= 0 or self._count >= self._limit:
            return outcome
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_s
        with self._listen(frozenset(names)) as woken:
            while not (outcome.settled or self._closed) and (left_s := end - loop.time()) > 0:
                woken.clear()
                timer = loop.call_later(min(left_s, LOOK_AGAIN_S), woken.set)
                try:
                    await woken.wait()
                finally:
                    timer.cancel()
                outcome = read()
        return outcome

    def wake(self, record: Record) -> None:
        """Let those look again whom ``record`` may concern."""
        if not self._listening:
            return
        for name in names_of(record[0]):
            for woken in self._listening.get(name, ()):
                woken.set()

    def close(self) -> None:
        """Let everybody go with what there is, now and from now on."""
        self._closed = True
        for listening in self._listening.values():
            for woken in listening:
                woken.set()

    @contextmanager
    def _listen(self, names: frozenset[str]) -> Iterator[asyncio.Event]:
        woken = asyncio.Event()
        self._count += 1
        for name in names:
            self._listening.setdefault(name, set()).add(woken)
        try:
            yield woken
        finally:
            self._count -= 1
            for name in names:
                listening = self._listening[name]
                listening.discard(woken)
                if not listening:
                    del self._listening[name]


def names_of(message: Message) -> tuple[str, ...]:
    """The names under which a request may listen for ``message``: its correlation, and whose key parts it bears."""
    return (message.correlation_id, *message.subject.split("/")[1:])
