"""Effects, run where the event is appended: once a record is in the log, the outside is called because of it.

A call may take seconds, so many are under way at once and the inbox goes on meanwhile; only its commit is held up, for
no longer than one call takes with all its attempts (`RetryPlan`). A call may be made more than once; it has the same
idempotency key each time, and the command that records its answer the same id, so the repetition changes nothing.
"""

from __future__ import annotations

import asyncio

from ...kernel.effect import Effect
from ...kernel.message import Message, Record
from ...kernel.system import Service, System
from ..effects import EffectCaller
from ..metrics import IN_FLIGHT, ReactionCounts
from ..settings import Settings
from .acknowledgements import Pending
from .agents import Agent
from .outbox import Appended, Outbox

CALLS_IN_FLIGHT = 256
"""Calls of one worker's service, beyond which its inbox has to wait."""


class EffectFailed(Exception):
    """An effect raised; the text says which one, on which event, and what."""


class Calls:
    """Runs the effects of one service on its records.

    A message of ``inbox`` stays open until every call that its record leads to has been answered or given up, and until
    the command that records what came of it is in its inbox.
    """

    def __init__(self, system: System, service: Service, settings: Settings, inbox: Agent, outbox: Outbox) -> None:
        self._system = system
        self._inbox = inbox
        self._outbox = outbox
        self._caller = EffectCaller(system, service, settings)
        self._counts = ReactionCounts(service.name, "effects")
        self._slots = asyncio.Semaphore(CALLS_IN_FLIGHT)
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = False
        IN_FLIGHT.labels(service.name).set_function(self._under_way.__len__)

    @property
    def attempts(self) -> int:
        """How often the outside has been called, repetitions too."""
        return self._caller.attempts

    async def follow(self, record: Record, appended: Appended | None, pending: Pending) -> None:
        """Call the outside once ``record`` is in the log (None: it is). Waits while too many calls are under way."""
        calls = [(effect, event) for event in record for effect in self._system.effects_on(type(event.data))]
        if calls:
            self._counts.reacted.inc()
        pending.open_steps += len(calls)
        for effect, event in calls:
            await self._slots.acquire()
            if self._stopping:
                return
            task = asyncio.create_task(self._call(effect, event, record, appended, pending))
            self._under_way.add(task)
            task.add_done_callback(self._end)

    async def stop(self) -> None:
        """Break off what is under way: whoever has its partition next calls again."""
        self._stopping = True
        under_way = list(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._caller.close()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._slots.release()

    async def _call(
        self, effect: Effect, event: Message, record: Record, appended: Appended | None, pending: Pending
    ) -> None:
        if appended is not None:
            # Shielded, because breaking off a call must not take back what its record is appended with.
            await asyncio.shield(appended)
        try:
            command = await self._caller.call(effect, event)
            if command is not None:
                self._inbox.wait_for(await self._outbox.append_command(command), pending)
                self._counts.commanded.inc()
        except Exception as error:  # the record stands, whatever an effect is like
            failed = EffectFailed(f"{effect.name} on {event.id}: {type(error).__name__}: {error}")
            failed.__cause__ = error
            await self._inbox.set_aside(pending, failed, record)
            self._counts.dead_lettered.inc()
        self._inbox.acknowledgements.finish(pending)
