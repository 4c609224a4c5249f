"""Waiting that ends early when the process is told to stop, so that a slow answer never holds up a stop."""

from __future__ import annotations

import asyncio


class Patience:
    """Waits, until it is lost once and for all."""

    def __init__(self) -> None:
        self.lost = False
        self._waiting: set[asyncio.Future[None]] = set()

    async def wait(self, seconds: float) -> None:
        """Wait that long, or until patience is lost."""
        if self.lost or seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _end, over)
        self._waiting.add(over)
        try:
            await over
        finally:
            timer.cancel()
            self._waiting.discard(over)

    def lose(self) -> None:
        """End all waiting, now and later."""
        self.lost = True
        for over in self._waiting:
            _end(over)


def _end(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)
