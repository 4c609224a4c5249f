"""What all agents here have in common: one message after another, acknowledged in order once it is done with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from faust.types import EventT

from ...kernel.codec import Undecodable
from ...kernel.message import Record
from .acknowledgements import Acknowledgements, Pending
from .app import StreamsApp
from .crash import crash
from .outbox import Appended, Outbox

logger = structlog.stdlib.get_logger(__name__)

Handle = Callable[[EventT, Pending], Awaitable[None]]


class Agent:
    """The body of a Faust agent around ``handle``, which must not raise: what it lets out ends the process."""

    def __init__(self, app: StreamsApp, outbox: Outbox, handle: Handle) -> None:
        self.acknowledgements = Acknowledgements(app)
        self._outbox = outbox
        self._handle = handle

    async def run(self, stream: Any) -> None:
        """Work through ``stream``."""
        acknowledgements, handle = self.acknowledgements, self._handle
        async for event in stream.noack().events():
            try:
                pending = await acknowledgements.begin(event)
                if pending is None:
                    continue
                await handle(event, pending)
            except Exception as error:  # Faust would acknowledge the message and go on without it
                crash("a message was not handled", error, topic=event.message.topic, offset=event.message.offset)
            acknowledgements.finish(pending)
            await acknowledgements.room(event.message.tp)

    def wait_for(self, appended: Appended, pending: Pending) -> None:
        """Keep the message open until ``appended`` is in the log."""
        pending.open_steps += 1
        appended.add_done_callback(partial(self._appended, pending))

    async def set_aside(self, pending: Pending, error: Exception, record: Record | None = None) -> None:
        """Move what cannot be handled to the dead letters, so that it stops nobody.

        That is the ``record`` to which the message under way led, or else the message itself.
        """
        reason = str(error) if isinstance(error, Undecodable) else f"{type(error).__name__}: {error}"
        message = pending.event.message
        logger.error("message set aside", reason=reason, topic=message.topic, at=message.offset, exc_info=error)
        self.wait_for(await self._outbox.append_dead_letter(pending.event, reason, record), pending)

    def _appended(self, pending: Pending, _appended: Appended) -> None:
        self.acknowledgements.finish(pending)
