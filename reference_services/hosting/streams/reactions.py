"""Policies, run where the event is appended: once a record is in the log, the commands that it leads to follow.

A command must never be visible before the record that caused it is durable. A record may be reacted to more than once;
the commands that follow have the same ids each time, so the repetition changes nothing.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from ...kernel.message import Message, Record
from ...kernel.system import Service, System
from ..metrics import ReactionCounts
from ..timers import clock_us
from .acknowledgements import Pending
from .agents import Agent
from .crash import crash
from .outbox import Appended, Outbox, TooLarge

RECORDS_WAITING = 2_000
"""Records appended and not reacted to yet, beyond which the inbox has to wait."""


class PolicyFailed(Exception):
    """A policy raised; the text says which one, on which event, and what."""


class Following(NamedTuple):
    """A record to be reacted to once it is in the log (None: it is), and the message that it is due to."""

    record: Record
    appended: Appended | None
    pending: Pending


class Reactions:
    """Runs the policies of the whole system on the records of one service, in the order in which they were appended.

    Commands keep that order too: what cancels must not overtake what reserves. A message of ``inbox`` stays open until
    the commands that its record leads to are in their inboxes.
    """

    def __init__(self, system: System, service: Service, inbox: Agent, outbox: Outbox) -> None:
        self._system = system
        self._source = system.source(service)
        self._inbox = inbox
        self._outbox = outbox
        self._counts = ReactionCounts(service.name, "policies")
        self._waiting: asyncio.Queue[Following] = asyncio.Queue(RECORDS_WAITING)

    async def follow(self, record: Record, appended: Appended | None, pending: Pending) -> None:
        """React to ``record`` as soon as it is in the log. Waits while too many wait already."""
        if any(self._system.policies_on(type(event.data)) for event in record):
            pending.open_steps += 1
            await self._waiting.put(Following(record, appended, pending))

    async def run(self) -> None:
        """React until cancelled."""
        while True:
            record, appended, pending = await self._waiting.get()
            if appended is not None and not appended.done():
                # Shielded, because an app that stops cancels this task, but not what it has appended.
                await asyncio.shield(appended)
            try:
                await self._react(record, pending)
            except Exception as error:  # the message would stay open for ever
                crash("a record was not reacted to", error, event_id=record[0].id)
            self._inbox.acknowledgements.finish(pending)

    async def _react(self, record: Record, pending: Pending) -> None:
        commands, failed = self._asked_for(record)
        for command in commands:
            try:
                self._inbox.wait_for(await self._outbox.append_command(command), pending)
                self._counts.commanded.inc()
            except TooLarge as error:
                failed = failed or error
        self._counts.reacted.inc()
        if failed is not None:
            await self._inbox.set_aside(pending, failed, record)
            self._counts.dead_lettered.inc()

    def _asked_for(self, record: Record) -> tuple[list[Message], Exception | None]:
        """The commands that policies ask for, and the first failure of one: no policy is to miss an event over it."""
        commands: list[Message] = []
        failed: Exception | None = None
        for event in record:
            for policy in self._system.policies_on(type(event.data)):
                try:
                    commands += self._system.react(event, (policy,), clock_us(), self._source)
                except Exception as error:  # the record stands, whatever a policy is like
                    reason = PolicyFailed(f"{policy.name} on {event.id}: {type(error).__name__}: {error}")
                    reason.__cause__ = error
                    failed = failed or reason
        return commands, failed
