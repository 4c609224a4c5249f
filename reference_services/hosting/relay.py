"""A relay: passes bytes between those who connect to it and one address, and makes the network as bad as it is told.

It sits where a fault wants to slow down or cut a connection between two processes that know nothing of it. What it
holds back it still delivers, in order, when the connection is mended, as a real network with TCP above it does.
"""

from __future__ import annotations

import asyncio

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 64 * 1024
CHUNKS_HELD = 64
"""Of one direction of one connection; a sender who sends more must wait, as for any full pipe."""

Held = asyncio.Queue[tuple[float, bytes]]
"""What is under way in one direction, each with the instant, by the loop's clock, before which it does not arrive. An
empty chunk is the end."""


class Relay:
    """Listens on loopback, at ``port`` once started, and connects to ``port_behind`` there.

    Everything arrives ``extra_s`` later than it would. Both of these may be changed at any time.
    """

    def __init__(self, port_behind: int = 0) -> None:
        self.port = 0
        self.port_behind = port_behind
        self.extra_s = 0.0
        self._passing = asyncio.Event()
        self._passing.set()
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on any free port."""
        self._server = await asyncio.start_server(self._converse, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no longer and drop every connection, with what it holds back."""
        if self._server is None:
            return
        self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        if self._conversations:
            await asyncio.wait(self._conversations)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # connections are dropped at the loop's next turn

    def cut(self) -> None:
        """Pass nothing on any more, in neither direction, and accept connections without making any."""
        self._passing.clear()

    def mend(self) -> None:
        """Pass on everything again, and first what was held back."""
        self._passing.set()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.current_task()
        assert conversation is not None
        self._conversations.add(conversation)
        ends = [writer]
        whole = False
        try:
            await self._passing.wait()
            behind_reader, behind_writer = await asyncio.open_connection(LOOPBACK, self.port_behind)
            ends.append(behind_writer)
            async with asyncio.TaskGroup() as directions:
                directions.create_task(self._pass_on(reader, behind_writer))
                directions.create_task(self._pass_on(behind_reader, writer))
            whole = True
        except* OSError:
            pass  # one end is gone, and the other shall learn it
        finally:
            self._conversations.discard(conversation)
            for end in ends:
                end.close() if whole else end.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one direction until its end."""
        held: Held = asyncio.Queue(CHUNKS_HELD)
        async with asyncio.TaskGroup() as ends:
            ends.create_task(self._take(reader, held))
            ends.create_task(self._give(held, writer))

    async def _take(self, reader: asyncio.StreamReader, held: Held) -> None:
        clock = asyncio.get_running_loop().time
        chunk = b"begin"
        while chunk:
            chunk = await reader.read(CHUNK_BYTES)
            await held.put((clock() + self.extra_s, chunk))

    async def _give(self, held: Held, writer: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, chunk = await held.get()
            if due > clock():
                await asyncio.sleep(due - clock())
            await self._passing.wait()
            if not chunk:
                writer.write_eof()
                return
            writer.write(chunk)
            await writer.drain()
