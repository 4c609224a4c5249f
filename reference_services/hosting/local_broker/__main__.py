"""Runs the broker: ``python -m reference_services.hosting.local_broker --port 9092``. SIGTERM and SIGINT stop it."""

from __future__ import annotations

import argparse
import asyncio
import gc
import struct
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from io import BytesIO
from typing import Any

import uvloop

from .answers import SPOKEN, Broker, Connection

HEADER = struct.Struct(">hhih")
"""Start of a request: its API, version and correlation id, and the length of the client's name."""

SIZE = struct.Struct(">i")
CORRELATION = struct.Struct(">ii")
REQUEST_BYTES_MAX = 64 * 1024 * 1024
LOOK_EVERY_S = 0.05
HOST = "127.0.0.1"

REQUESTS = {(spoken.API_KEY, spoken.API_VERSION): spoken for spoken in SPOKEN}


class Unintelligible(Exception):
    """A request that this broker does not understand; its connection is closed."""


async def converse(
    broker: Broker, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer the requests of one connection, one after another, until it ends."""
    try:
        while True:
            (size,) = SIZE.unpack(await reader.readexactly(SIZE.size))
            if not HEADER.size <= size <= REQUEST_BYTES_MAX:
                raise Unintelligible(f"a request of {size} bytes")
            correlation_id, client_id, request = read_request(await reader.readexactly(size))
            response = await broker.answer(request, client_id, connection)
            if response is not None:
                body = response.encode()
                writer.write(CORRELATION.pack(SIZE.size + len(body), correlation_id) + body)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        pass
    except (Unintelligible, struct.error, ValueError) as error:
        sys.stderr.write(f"local broker: connection closed: {error}\n")
    finally:
        broker.hang_up(connection)
        writer.close()


def read_request(frame: bytes) -> tuple[int, str, Any]:
    """The correlation id, the client's name and the request in ``frame``. Raises `Unintelligible`."""
    api_key, version, correlation_id, name_length = HEADER.unpack_from(frame)
    name_end = HEADER.size + max(0, name_length)
    spoken = REQUESTS.get((api_key, version))
    if spoken is None:
        raise Unintelligible(f"version {version} of request {api_key}")
    client_id = frame[HEADER.size : name_end].decode()
    return correlation_id, client_id, spoken.decode(BytesIO(frame[name_end:]))


async def serve(port: int, behind: Mapping[int, int]) -> None:
    """Serve until cancelled, on ``port`` and, for each relay's port in ``behind``, on the port that it leads to."""
    broker = Broker(HOST)
    async with AsyncExitStack() as listening:
        for own, known_as in ((port, port), *((own, relay) for relay, own in behind.items())):
            await listening.enter_async_context(await listen(broker, own, known_as))
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            broker.look()


async def listen(broker: Broker, port: int, known_as: int) -> asyncio.Server:
    """Listen on ``port`` for clients who know the broker by the port ``known_as``."""

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await converse(broker, Connection(known_as), reader, writer)

    return await asyncio.start_server(begin, HOST, port)


def relay_and_port(text: str) -> tuple[int, int]:
    """A relay's port and the one that it leads to, written ``relay:own``."""
    relay, own = text.split(":")
    return int(relay), int(own)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="local_broker", description="A small Kafka broker in memory, on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--behind", type=relay_and_port, action="append", default=[], metavar="RELAY:OWN")
    arguments = parser.parse_args()
    # What a log holds is never garbage, and looking through it for some would take longer and longer.
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
    try:
        uvloop.run(serve(arguments.port, dict(arguments.behind)))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
