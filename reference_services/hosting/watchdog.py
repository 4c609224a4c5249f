"""Watches that every partition which is owned is also consumed, and ends the worker when one is not.

Faust and its Kafka client have been seen to lose a partition or to hang in a recovery without any error
(faust-streaming #176, #471, #629, #651); a restart cures that, so somebody has to ask for one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from aiokafka.errors import KafkaError
from faust.types import TP

from .metrics import LAG, REBALANCES
from .streams.agents import Agent
from .streams.app import StreamsApp
from .streams.crash import crash

LOOK_EVERY_S = 1.0
STALLED_AFTER_S = 30.0
ANSWER_LIMIT_S = 5.0


class Watched(Protocol):
    """An app that works on an inbox."""

    app: StreamsApp
    inbox: Agent

    def activity(self) -> int:
        """Grows while the app gets something done that its offsets do not show."""


class Watchdog:
    """Measures the lag of one app and tells whether it moves."""

    def __init__(self, watched: Watched, give_up: Callable[..., object] = crash) -> None:
        self._watched = watched
        self._app: Any = watched.app
        self._group: str = watched.app.conf.id
        self._give_up = give_up
        self._moved: dict[object, tuple[object, float]] = {}
        self._exported: set[TP] = set()
        REBALANCES.labels(self._group).set_function(lambda: self._app.rebalancing_count)

    @property
    def ready(self) -> bool:
        """Whether the app has joined its group, has caught up with its log, and consumes."""
        app = self._app
        return bool(app.started and app.tables.recovery.completed.is_set() and not app.rebalancing)

    async def run(self) -> None:
        """Look every second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await asyncio.wait_for(self.look(), ANSWER_LIMIT_S)
            except (TimeoutError, KafkaError):
                self._see("broker", "no answer", "the broker does not answer")
            else:
                self._moved.pop("broker", None)

    async def look(self) -> None:
        """Export the lag of every partition owned; give up on one that stands still for too long."""
        if not self.ready:
            self._see("group", (self._app.rebalancing_count, self._watched.activity()), "the app does not get ready")
            return
        self._moved.pop("group", None)
        inbound = {tp for tp in self._app.consumer.assignment() if tp.topic not in self._app.tables.changelog_topics}
        ends = await self._app.consumer.highwaters(*inbound) if inbound else {}
        progress = self._watched.inbox.acknowledgements
        for tp, end in ends.items():
            self._export(tp, max(0, end - self._known(tp, progress.done_before(tp))))
            read = self._known(tp, progress.read_before(tp))
            if read < end:
                self._see(tp, (read, self._watched.activity()), "a partition is not consumed")
            else:
                self._moved.pop(tp, None)
        for gone in self._exported - inbound:
            LAG.remove(gone.topic, str(gone.partition), self._group)
        self._exported &= inbound

    def _known(self, tp: TP, offset: int | None) -> int:
        """``offset``, or what has been committed: nothing is known before the first message after a rebalance."""
        return offset if offset is not None else self._app.consumer._committed_offset.get(tp) or 0

    def _export(self, tp: TP, lag: int) -> None:
        LAG.labels(tp.topic, str(tp.partition), self._group).set(lag)
        self._exported.add(tp)

    def _see(self, what: object, state: object, complaint: str) -> None:
        now = time.monotonic()
        before = self._moved.get(what)
        if before is None or before[0] != state:
            self._moved[what] = (state, now)
        elif now - before[1] > STALLED_AFTER_S:
            self._give_up(complaint, group=self._group, what=str(what), since_s=round(now - before[1]))
