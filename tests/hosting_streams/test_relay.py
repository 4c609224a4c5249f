"""Relays: what goes in comes out, later or much later, in order; and nobody listens when they have been closed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from running_system import TURNSTILE, RunningSystem

from loadtests.live_stage import LiveStage
from reference_services.hosting.broker import accepts, free_port
from reference_services.hosting.relay import LOOPBACK, Relay
from reference_services.hosting.relays import Relays, UnknownLink
from reference_services.hosting.settings import Settings
from reference_services.hosting.supervisor import SupervisionFailed
from reference_services.hosting.topology import BadTopology, Topology
from reference_services.registry import load_system
from scenarios.faults.cut_link import CutLink
from scenarios.faults.slow_link import SlowLink
from tests.hosting_streams.turnstile.system import Enter, Entered, TollTold

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
ANSWER_WITHIN_S = 10.0
HELD_BACK_S = 0.3
GONE = (ConnectionError, asyncio.IncompleteReadError)
PEOPLE = 60


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine, as pytest likes them."""

    @wraps(test)
    def run(**arguments: Any) -> None:
        asyncio.run(test(**arguments))

    return run


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(100_000):
        writer.write(chunk)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def relayed_echo() -> AsyncIterator[Relay]:
    server = await asyncio.start_server(echo, LOOPBACK, 0)
    relay = Relay(server.sockets[0].getsockname()[1])
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()
        server.close()


async def say(streams: Streams, words: bytes) -> bytes:
    reader, writer = streams
    writer.write(words)
    async with asyncio.timeout(ANSWER_WITHIN_S):
        return await reader.readexactly(len(words))


async def connect(relay: Relay) -> Streams:
    return await asyncio.open_connection(LOOPBACK, relay.port)


@on_a_loop
async def test_what_goes_in_comes_out() -> None:
    async with relayed_echo() as relay:
        one, other = await connect(relay), await connect(relay)
        assert await say(one, b"hello") == b"hello"
        assert await say(other, b"good morning") == b"good morning"
        assert await say(one, b"again") == b"again"


@on_a_loop
async def test_a_slow_relay_delays_each_direction_and_keeps_the_order() -> None:
    async with relayed_echo() as relay:
        streams = await connect(relay)
        relay.extra_s = HELD_BACK_S
        began = time.monotonic()
        assert await say(streams, b"hello") == b"hello"
        assert time.monotonic() - began >= 2 * HELD_BACK_S
        streams[1].write(b"slow ")
        await asyncio.sleep(HELD_BACK_S / 3)
        relay.extra_s = 0.0
        streams[1].write(b"fast")
        async with asyncio.timeout(ANSWER_WITHIN_S):
            assert await streams[0].readexactly(9) == b"slow fast"


@on_a_loop
async def test_a_cut_relay_holds_back_everything_until_it_is_mended() -> None:
    async with relayed_echo() as relay:
        before = await connect(relay)
        assert await say(before, b"hello") == b"hello"
        relay.cut()
        meanwhile = await connect(relay)
        for _, writer in (before, meanwhile):
            writer.write(b"are you there?")
        for reader, _ in (before, meanwhile):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), HELD_BACK_S)
        relay.mend()
        for reader, _ in (before, meanwhile):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                assert await reader.readexactly(14) == b"are you there?"


@on_a_loop
async def test_who_sends_much_into_a_cut_relay_has_to_wait_and_nothing_is_lost() -> None:
    much = bytes(range(256)) * 100_000
    async with relayed_echo() as relay:
        relay.cut()
        streams = await connect(relay)
        sending = asyncio.create_task(say(streams, much))
        await asyncio.sleep(HELD_BACK_S)
        assert streams[1].transport.get_write_buffer_size() > 0
        relay.mend()
        assert await sending == much


@on_a_loop
async def test_an_end_is_passed_on() -> None:
    async with relayed_echo() as relay:
        reader, writer = await connect(relay)
        writer.write(b"last words")
        writer.write_eof()
        async with asyncio.timeout(ANSWER_WITHIN_S):
            assert await reader.read() == b"last words"


@on_a_loop
async def test_if_nobody_is_behind_it_the_connection_ends() -> None:
    relay = Relay(free_port())
    await relay.start()
    reader, writer = await connect(relay)
    writer.write(b"hello")
    with pytest.raises(GONE):
        await asyncio.wait_for(reader.readexactly(1), ANSWER_WITHIN_S)
    await relay.stop()


@pytest.mark.parametrize("cut", [True, False])
@on_a_loop
async def test_a_stopped_relay_listens_no_longer_and_drops_its_connections(cut: bool) -> None:
    async with relayed_echo() as relay:
        reader, writer = await connect(relay)
        await say((reader, writer), b"hello")
        if cut:
            relay.cut()
            writer.write(b"unheard")
        await relay.stop()
        assert not await asyncio.to_thread(accepts, LOOPBACK, relay.port)
        with pytest.raises(GONE):
            await asyncio.wait_for(reader.readexactly(1), ANSWER_WITHIN_S)


def test_only_those_whose_links_are_relayed_are_sent_through_relays() -> None:
    settings = Settings(system="any", broker="kafka://127.0.0.1:9", provider_url="http://127.0.0.1:8")
    relays = Relays([("gates", "broker"), ("tolls", "provider")])
    try:
        (port,) = relays.ports_to_broker
        relays.lead_to(8, {port: 9})
        assert relays.settings_of(["tills"], settings) == settings
        assert relays.settings_of(["gates"], settings) == settings.changed(broker=f"kafka://127.0.0.1:{port}")
        both = relays.settings_of(["gates", "tolls"], settings)
        assert both.broker == f"kafka://127.0.0.1:{port}"
        assert both.provider_url not in ("", settings.provider_url)
        with pytest.raises(UnknownLink, match="'gates' to 'provider'; there are: gates to broker, tolls to provider"):
            relays.cut(("gates", "provider"))
    finally:
        relays.close()
    assert not accepts(LOOPBACK, port)


def test_links_that_lead_nowhere_are_refused() -> None:
    system = load_system(TURNSTILE, {})
    with pytest.raises(BadTopology, match="no link begins at 'bars'; choose gateway or one of gates, tolls"):
        Topology.of(system, links=(("bars", "broker"),))
    with pytest.raises(BadTopology, match="no link leads to 'gates'"):
        Topology.of(system, links=(("gateway", "gates"),))
    with pytest.raises(BadTopology, match="no link leads to 'provider'"):
        Topology.of(system, provider=False, links=(("tolls", "provider"),))


def test_a_broker_of_others_cannot_be_relayed(tmp_path: Path) -> None:
    running = RunningSystem(TURNSTILE, tmp_path, broker="tansu", links=(("gates", "broker"),))
    with pytest.raises(SupervisionFailed, match="only the embedded broker can be reached through a relay"):
        running.supervisor.start()


def test_services_come_through_cut_and_slow_connections(tmp_path: Path) -> None:
    links = (("gates", "broker"), ("tolls", "provider"))
    with RunningSystem(TURNSTILE, tmp_path, workers={"gates": 1, "tolls": 1}, gateways=0, links=links) as running:
        stage = LiveStage(running.supervisor.socket_path, running.settings.provider_url)
        faults = [
            CutLink(("gates", "broker"), at_us=0, for_us=1),
            CutLink(("tolls", "provider"), at_us=0, for_us=1),
            SlowLink(("tolls", "provider"), 200_000, at_us=0, for_us=1),
        ]
        pass_through(running, range(PEOPLE // 3))
        running.wait_for_events(TollTold, PEOPLE // 3)
        for fault in faults:
            fault.strike(stage)
        pass_through(running, range(PEOPLE // 3, 2 * PEOPLE // 3))
        time.sleep(4.0)  # longer than a session
        assert len(running.events(Entered)) == PEOPLE // 3
        for fault in faults:
            fault.heal(stage)
        pass_through(running, range(2 * PEOPLE // 3, PEOPLE))

        told = running.wait_for_events(TollTold, PEOPLE)
        people = [entered.person for entered in running.events(Entered)]
        assert people == [f"p{number}" for number in range(PEOPLE)]
        assert len({each.toll for each in told}) == len(told) == PEOPLE
        ports = running.supervisor.relays.ports_to_broker
    assert len(ports) == 1
    assert not accepts(LOOPBACK, ports[0])


def pass_through(running: RunningSystem, people: range) -> None:
    for number in people:
        running.send(Enter("g0", f"p{number}"), f"c-{number}")
