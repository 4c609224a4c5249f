"""One partition of a service, and the world around it played by hand: what is acknowledged when, and who dies when."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

import pytest
from faust.types import TP

from reference_services.hosting.settings import Settings
from reference_services.hosting.streams import agents, table
from reference_services.hosting.streams.decider_app import DeciderApp
from reference_services.kernel.codec import Codec
from reference_services.kernel.message import Command, Message
from reference_services.kernel.outside import OutsideAnswer
from reference_services.registry import load_system

INBOX = TP("turnstile.gates.commands", 0)
EVENTS = TP("turnstile.gates.events", 0)
TOLLS = TP("turnstile.tolls.commands", 0)
TURNSTILE = "tests.hosting_streams.turnstile"


class Unacknowledged(NamedTuple):
    """Bytes on their way into a log."""

    tp: TP
    value: bytes
    appended: asyncio.Future[None]


class Asked(NamedTuple):
    """A call that the outside has not answered yet."""

    idempotency_key: str
    answered: asyncio.Future[OutsideAnswer]


class Outside:
    """Answers calls when a test says so."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def keys(self) -> list[str]:
        """The keys under which it has been called and has not answered."""
        return [each.idempotency_key for each in self.asked]

    async def answer(self, key: str, answer: OutsideAnswer) -> None:
        """Answer every call under ``key``."""
        for each in [each for each in self.asked if each.idempotency_key == key]:
            self.asked.remove(each)
            each.answered.set_result(answer)
        await settle()

    async def send(self, request: Any, _event: Message) -> OutsideAnswer:
        """What an `EffectCaller` sends its requests with."""
        asked = Asked(request.idempotency_key, asyncio.get_running_loop().create_future())
        self.asked.append(asked)
        try:
            return await asked.answered
        finally:
            if asked in self.asked:
                self.asked.remove(asked)


class Broker:
    """Logs that grow when a test says so, and what has been committed of the inbox of ``service``."""

    def __init__(self, service: str = "gates") -> None:
        self.system = load_system(TURNSTILE, {})
        self.service = self.system.service(service)
        self.inbox = TP(self.system.commands_topic(self.service), 0)
        self.events = TP(self.system.events_topic(self.service), 0)
        self.letters = TP(self.system.dead_letters_topic(self.service), 0)
        self.codec = Codec(self.system)
        self.logs: dict[TP, list[bytes]] = defaultdict(list)
        self.committed = 0
        self.generation = 0
        self.on_the_way: list[Unacknowledged] = []
        self.outside = Outside()

    def send_command(self, data: Command, command_id: str) -> None:
        """A command that is in the inbox at once."""
        self.logs[self.inbox].append(self.codec.encode(self.system.command(data, command_id, 7, source="tests")))

    def sent_to(self, tp: TP) -> int:
        """How much is on its way to ``tp``."""
        return sum(each.tp == tp for each in self.on_the_way)

    async def acknowledge(self, *tps: TP) -> None:
        """Take in what is on its way to ``tps``."""
        for each in [each for each in self.on_the_way if each.tp in tps]:
            self.on_the_way.remove(each)
            self.logs[each.tp].append(each.value)
            each.appended.set_result(None)
        await settle()

    def said_in(self, tp: TP) -> list[str]:
        """The ids of the messages in the log of ``tp``."""
        decode = self.codec.decode_record if tp == self.events else lambda value: (self.codec.decode(value),)
        return [message.id for value in self.logs[tp] for message in decode(value)]

    async def read_log(
        self, _servers: str, _wait_ms: int, starts: Mapping[TP, int], ends: Mapping[TP, int]
    ) -> AsyncIterator[tuple[TP, int, bytes]]:
        """What a table restores itself from."""
        for tp, start in starts.items():
            for offset in range(start, ends[tp]):
                yield tp, offset, self.logs[tp][offset]


class Stream:
    """What an agent iterates over."""

    def __init__(self) -> None:
        self.arriving: asyncio.Queue[Any] = asyncio.Queue()

    def noack(self) -> Stream:
        return self

    async def events(self) -> AsyncIterator[Any]:
        while True:
            yield await self.arriving.get()


class Worker:
    """A decider's app that consumes the inbox of ``broker``. Make it inside a running loop."""

    def __init__(self, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(table, "read_log", broker.read_log)
        self._broker = broker
        settings = Settings(system=TURNSTILE, broker="kafka://nowhere:1", partitions=1, provider_url="http://nowhere:1")
        self.decider = DeciderApp(broker.system, broker.service, settings)
        if self.decider._calls is not None:
            monkeypatch.setattr(self.decider._calls._caller, "_send", broker.outside.send)
        # The real one would end the tests.
        monkeypatch.setattr(agents, "crash", _crash)
        self.broker_answers = asyncio.Event()
        self.broker_answers.set()
        self._stream = Stream()
        self._app: Any = self.decider.app
        self._app.producer = SimpleNamespace(send=self._send)
        self._owned = {broker.inbox, broker.events}
        self._app.consumer = SimpleNamespace(assignment=lambda: self._owned, highwaters=self._highwaters)
        self._app.first_offset = self._first_offset
        self._running = [
            asyncio.create_task(self.decider.inbox.run(self._stream)),
            asyncio.create_task(self.decider._reactions.run()),
        ]

    async def join(self, *, keeping: bool = False) -> None:
        """Go through a rebalance, from which on everything uncommitted is delivered again."""
        broker, owned = self._broker, self._owned
        broker.generation += 1
        self._app.consumer_generation_id = broker.generation
        self._app.rebalancing = False
        revoked = set[TP]() if keeping else owned
        await self.decider._table.on_rebalance(owned, revoked, revoked, broker.generation)
        await self.decider._table.restore()
        self._deliver_from(broker.committed)
        await settle()

    async def lose(self) -> None:
        """Have the partition taken away, in a rebalance that is not over yet."""
        broker = self._broker
        broker.generation += 1
        self._app.consumer_generation_id = broker.generation
        self._app.rebalancing = True
        await self.decider._table.on_rebalance(set(), self._owned, set(), broker.generation)

    async def read_on(self, offset: int) -> None:
        """Deliver what is in the inbox from ``offset`` on."""
        self._deliver_from(offset)
        await settle()

    async def die(self) -> None:
        """Kill -9: what is on its way is lost."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self.decider._calls is not None:
            await self.decider._calls.stop()
        self._broker.on_the_way.clear()
        await settle()

    def _deliver_from(self, offset: int) -> None:
        generation, inbox = self._broker.generation, self._broker.inbox
        for number, value in enumerate(self._broker.logs[inbox][offset:], offset):
            message = SimpleNamespace(
                tp=inbox, topic=inbox.topic, partition=0, offset=number, key=b"", value=value, generation_id=generation
            )
            self._stream.arriving.put_nowait(SimpleNamespace(message=message, ack=lambda at=number: self._ack(at)))

    def _ack(self, offset: int) -> None:
        self._broker.committed = offset + 1

    async def _send(
        self, topic: str, _key: bytes, value: bytes, partition: int, *_rest: object
    ) -> asyncio.Future[None]:
        await self.broker_answers.wait()
        appended = asyncio.get_running_loop().create_future()
        self._broker.on_the_way.append(Unacknowledged(TP(topic, partition), value, appended))
        return appended

    async def _highwaters(self, *tps: TP) -> dict[TP, int]:
        return {tp: len(self._broker.logs[tp]) for tp in tps}

    async def _first_offset(self, _tp: TP) -> int:
        await self.broker_answers.wait()
        return self._broker.committed


def _crash(reason: str, error: BaseException | None = None, **_details: object) -> NoReturn:
    raise AssertionError(reason) from error


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)
