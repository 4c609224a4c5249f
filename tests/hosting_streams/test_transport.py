"""Handing messages over: at once while the flow is on, and never past a flow that is suspended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from running_system import TURNSTILE

from reference_services.hosting.settings import Settings
from reference_services.hosting.streams.app import StreamsApp
from reference_services.hosting.streams.transport import TunedConsumer

Story = Callable[[TunedConsumer, "Stream"], Awaitable[None]]


class Stream:
    """Where messages are handed to: it takes them in while the flow is on."""

    def __init__(self, flow: Any) -> None:
        self._flow = flow
        self.taken: list[int] = []

    async def take(self, message: int) -> None:
        await self._flow.acquire()
        self.taken.append(message)


@pytest.fixture
def tell() -> Callable[[Story], None]:
    """Play a story on a consumer that is not connected to anything."""

    def run(story: Story) -> None:
        async def play() -> None:
            app = StreamsApp("turnstile.gates", Settings(system=TURNSTILE, broker="kafka://nowhere:1"))
            await story(app.consumer, Stream(app.flow_control))  # type: ignore[arg-type]

        asyncio.run(play())

    return run


def test_messages_are_handed_over_without_a_task_while_the_flow_is_on(tell: Callable[[Story], None]) -> None:
    async def story(consumer: TunedConsumer, stream: Stream) -> None:
        consumer.app.flow_control.resume()
        tasks = asyncio.all_tasks()
        for message in range(3):
            handing_over = consumer.wait_first(stream.take(message), consumer.suspend_flow.wait())
            with pytest.raises(StopIteration):
                handing_over.send(None)

        assert stream.taken == [0, 1, 2]
        assert asyncio.all_tasks() == tasks

    tell(story)


def test_a_suspended_flow_lets_go_of_the_message(tell: Callable[[Story], None]) -> None:
    async def story(consumer: TunedConsumer, stream: Stream) -> None:
        handing_over = asyncio.create_task(consumer.wait_first(stream.take(0), consumer.suspend_flow.wait()))
        await asyncio.sleep(0)
        consumer.suspend_flow.set()
        await asyncio.wait_for(handing_over, 1)
        consumer.app.flow_control.resume()
        await asyncio.sleep(0)

        assert stream.taken == []

    tell(story)


def test_what_goes_wrong_with_a_message_is_told(tell: Callable[[Story], None]) -> None:
    async def story(consumer: TunedConsumer, stream: Stream) -> None:
        async def refuse() -> None:
            raise ValueError("no")

        consumer.app.flow_control.resume()
        with pytest.raises(ValueError, match="no"):
            await consumer.wait_first(refuse(), consumer.suspend_flow.wait())

    tell(story)
