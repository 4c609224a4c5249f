"""A gateway's link with the log: appends commands, follows events, and knows what became of whom."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Iterator

import msgspec
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from ...kernel.codec import Codec
from ...kernel.message import Message, Record, Refused, partition_of
from ...kernel.operation import is_client_command
from ...kernel.problem import NOT_READY, OVERLOADED, STILL_IN_FLIGHT, UNREACHABLE, Problem
from ...kernel.projection import Views
from ...kernel.system import System
from ..broker import TopicMismatch, create_topics, requests_topic
from ..settings import Settings
from ..tail import Tail, decoding
from .claims import Claim, Claims
from .limits import Limits
from .memory import FirstSeen
from .waiters import Waiters

logger = structlog.stdlib.get_logger(__name__)

RETRY_PAUSE_S = 0.5
PROBE_TIMEOUT_S = 1.0
LAST_APPENDS_S = 3.0
"""How long claims and sends may still take once the gateway is about to stop. Mostly that is milliseconds, but the
server's grace is 5 s, and whoever waits longer is cut off with a bare 500."""


class Decision(msgspec.Struct, frozen=True, gc=False):
    """A command has been decided; ``refused`` tells why not, if so."""

    refused: Refused | None


class Backend:
    """Everything that the endpoints of one gateway share.

    ``views`` are as new as the latest record read. ``failed`` is set if reading has stopped for good, or cannot begin
    because the topics have another number of partitions: a gateway that is blind cannot mend itself, but the next one
    reads the log from the beginning.
    """

    def __init__(self, system: System, settings: Settings, limits: Limits) -> None:
        self.system = system
        self.limits = limits
        self.codec = Codec(system)
        self.source = f"{system.name}.gateway"
        self.views = Views(system.view_types())
        self.waiters = Waiters(limits.max_waiting)
        self.public_url = settings.public_url
        self._settings = settings
        self._claims = Claims(limits.requests_remembered)
        self._decisions: FirstSeen[Decision] = FirstSeen(limits.requests_remembered)
        self._in_flight: set[str] = set()
        self._appends: set[asyncio.Timeout] = set()
        self._appends_end = math.inf
        self._requests_topic = requests_topic(system)
        handlers = {system.events_topic(service): decoding(self.codec, self.take_in) for service in system.deciding}
        handlers[self._requests_topic] = self._claims.note
        self.tail = Tail(settings.bootstrap_servers, handlers, settings.partitions, settings.fetch_wait_ms)
        self._producer: AIOKafkaProducer | None = None
        self._work: asyncio.Task[None] | None = None
        self.failed = False

    async def start(self) -> None:
        """Begin to connect and to catch up. Returns at once; `require_ready` tells how far it is."""
        self._work = asyncio.create_task(self._run(), name="gateway-backend")
        self._work.add_done_callback(self._ended)

    def let_go(self) -> None:
        """Have everybody who waits answered with what there is, now and from now on: the gateway is about to stop."""
        self.waiters.close()
        self._decisions.close()
        loop = asyncio.get_running_loop()
        self._appends_end = loop.time() + LAST_APPENDS_S
        loop.call_at(self._appends_end, self._claims.close)
        for limit in self._appends:
            end = limit.when()
            if end is not None and end > self._appends_end:
                limit.reschedule(self._appends_end)

    async def stop(self) -> None:
        """Send what is under way, then let go of the broker."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    def require_ready(self) -> None:
        """Raises `Problem` (503) until all that was in the log at the start has been read."""
        if self._producer is None or self.failed or not self.tail.caught_up.is_set():
            raise Problem(NOT_READY)

    async def why_not_ready(self) -> str:
        """What this gateway waits for; empty if it is ready and the broker answers."""
        if self.failed:
            return "reading has stopped; the log says why"
        if self._producer is None:
            return "the broker has not been reached yet"
        if not self.tail.caught_up.is_set():
            return f"{sum(self.tail.lag().values())} records are still to be read"
        if not await self.tail.broker_answers(PROBE_TIMEOUT_S):
            return "the broker does not answer"
        return ""

    def take_in(self, record: Record) -> None:
        """Fold one record of events, and tell those who wait for it."""
        if not self.views.fold(record):
            return
        command_id = record[0].causation_id
        if is_client_command(command_id):
            refused = next((message.data for message in record if isinstance(message.data, Refused)), None)
            self._decisions.put(command_id, Decision(refused))
        self.waiters.wake(record)

    @contextlib.contextmanager
    def deciding(self, command_id: str) -> Iterator[None]:
        """Hold a place among the undecided.

        Raises `Problem`: 409 if this very request holds one already, 503 if all are taken.
        """
        if command_id in self._in_flight:
            raise Problem(STILL_IN_FLIGHT, "wait for its answer, or ask again with the same key in a moment")
        if len(self._in_flight) >= self.limits.max_undecided:
            raise Problem(OVERLOADED)
        self._in_flight.add(command_id)
        try:
            yield
        finally:
            self._in_flight.discard(command_id)

    def claim_of(self, command_id: str) -> Claim | None:
        """Who holds the key that ``command_id`` derives from, as far as is known."""
        return self._claims.get(command_id)

    async def claim(self, command: Message) -> Claim:
        """Ask for the key of ``command`` and learn who holds it now. Raises `Problem` (503)."""
        await self._append(self._requests_topic, command.id, self.codec.encode(command))
        claim = await self._claims.wait(command.id, self.limits.append_timeout_s)
        if claim is None:
            raise _unknown_fate()
        return claim

    async def send(self, command: Message) -> None:
        """Append ``command`` to the inbox of who decides it; durable on return. Raises `Problem` (503)."""
        service, _ = self.system.owner(type(command.data))
        await self._append(self.system.commands_topic(service), command.subject, self.codec.encode(command))

    async def decision(self, command: Message, wait_s: float) -> Decision | None:
        """What was decided about ``command``, which is sent if nothing was yet; None if ``wait_s`` was too short."""
        decision = self._decisions.get(command.id)
        if decision is not None:
            return decision
        end = time.monotonic() + wait_s
        await self.send(command)
        return await self._decisions.wait(command.id, end - time.monotonic())

    def views_age_us(self, now_us: int) -> int:
        """How long before ``now_us`` the views were last known to hold everything."""
        return max(0, now_us - self.tail.complete_at_us)

    def in_flight(self) -> int:
        """Requests that wait for a decision right now."""
        return len(self._in_flight)

    async def _append(self, topic: str, key: str, payload: bytes) -> None:
        assert self._producer is not None, "append before ready"
        partition = partition_of(key, self._settings.partitions)
        end = asyncio.get_running_loop().time() + self.limits.append_timeout_s
        limit = asyncio.timeout_at(min(end, self._appends_end))
        try:
            async with limit:
                self._appends.add(limit)
                await self._producer.send_and_wait(topic, payload, key.encode(), partition)
        except (KafkaError, TimeoutError) as error:
            logger.warning("a record was not acknowledged", topic=topic, key=key, error=str(error) or "timeout")
            raise _unknown_fate() from error
        finally:
            self._appends.discard(limit)

    async def _run(self) -> None:
        while self._producer is None:
            try:
                await create_topics(self._settings, self.system)
                self._producer = await self._started_producer()
            except (KafkaError, OSError) as error:
                logger.warning("the broker is not to be reached yet", error=str(error))
                await asyncio.sleep(RETRY_PAUSE_S)
        await self.tail.run()

    def _ended(self, work: asyncio.Task[None]) -> None:
        if work.cancelled():
            return
        self.failed = True
        error = work.exception()
        if isinstance(error, TopicMismatch):  # a setting is wrong and the text says which; a traceback would bury it
            logger.critical("the gateway does not fit the topics", error=str(error))
        else:
            logger.critical("the gateway cannot read events any more", exc_info=error)

    async def _started_producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap_servers,
            acks="all",
            request_timeout_ms=int(self.limits.append_timeout_s * 1_000),
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer


def _unknown_fate() -> Problem:
    return Problem(UNREACHABLE, "the request may or may not have been taken in; repeat it with the same key")
