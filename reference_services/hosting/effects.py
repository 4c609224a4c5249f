"""Effects for real: calls to the outside over HTTP, repeated with backoff, and the commands that record the answers."""

from __future__ import annotations

import asyncio
import random

import aiohttp
import structlog
from yarl import URL

from ..kernel.effect import Effect, RetryPlan, answer_id
from ..kernel.message import Command, Message, child_traceparent
from ..kernel.outside import OutsideAnswer, OutsideRequest
from ..kernel.outside_http import OutsideRejected, OutsideUnavailable, parse_answer, to_http
from ..kernel.system import Service, System
from .metrics import ATTEMPTED, FAILED, GIVEN_UP
from .settings import Settings
from .timers import clock_us

CONNECTIONS = 256

logger = structlog.stdlib.get_logger(__name__)


class EffectCaller:
    """Makes the calls of one service. Must be created and closed on the loop that it is used on."""

    def __init__(self, system: System, service: Service, settings: Settings, plan: RetryPlan | None = None) -> None:
        self._system = system
        self._service = service
        self._base = settings.require("provider_url").rstrip("/")
        self._plan = plan or RetryPlan()
        self._draw = random.Random()
        self._session: aiohttp.ClientSession | None = None
        self.attempts = 0

    async def call(self, effect: Effect, event: Message) -> Message | None:
        """Do what ``effect`` asks for because of ``event``. Returns the command that records what came of it, if any.

        Raises whatever the effect's own functions raise.
        """
        request = effect.request(event.data)
        if request is None:
            return None
        answer, reason = await self._ask(effect, request, event)
        if answer is not None:
            data = effect.answer(event.data, answer)
        else:
            GIVEN_UP.labels(self._service.name, effect.name).inc()
            logger.warning("effect given up", effect=effect.name, event_id=event.id, reason=reason)
            data = effect.gave_up(event.data, reason)
        return self._command(data, event, answer_id(event.id, effect, answer)) if data is not None else None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, effect: Effect, request: OutsideRequest, event: Message) -> tuple[OutsideAnswer | None, str]:
        """The answer, or None and why there is none after every attempt."""
        reason = ""
        for attempt in range(1, self._plan.attempts + 1):
            ATTEMPTED.labels(self._service.name, effect.name).inc()
            try:
                return await self._send(request, event), ""
            except OutsideRejected as error:
                FAILED.labels(self._service.name, effect.name).inc()
                return None, str(error)
            except (OutsideUnavailable, aiohttp.ClientError, TimeoutError) as error:
                FAILED.labels(self._service.name, effect.name).inc()
                reason = str(error) or type(error).__name__
            finally:
                self.attempts += 1
            if attempt < self._plan.attempts:
                await asyncio.sleep(self._plan.pause_us(attempt, self._draw) / 1e6)
        return None, reason

    async def _send(self, request: OutsideRequest, event: Message) -> OutsideAnswer:
        call = to_http(request)
        headers = dict(call.headers)
        if event.traceparent:
            headers["traceparent"] = child_traceparent(event.traceparent, event.id)
        url = URL(self._base + call.path, encoded=True)
        async with self._open().request(call.method, url, data=call.body or None, headers=headers) as response:
            return parse_answer(request, response.status, await response.read())

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=self._plan.timeout_us / 1e6),
            )
        return self._session

    def _command(self, data: Command, event: Message, command_id: str) -> Message:
        return self._system.command(
            data,
            command_id,
            clock_us(),
            source=self._system.source(self._service),
            causation_id=event.id,
            correlation_id=event.correlation_id,
            traceparent=child_traceparent(event.traceparent, event.id),
        )
