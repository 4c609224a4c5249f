"""Offsets are acknowledged in order and when they are done, whatever happens in between."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from reference_services.hosting.streams import acknowledgements
from reference_services.hosting.streams.acknowledgements import Acknowledgements, Pending, Skipped

INBOX = TP("inbox", 0)


class Consumer:
    """What an agent's app knows of its consumer, set by hand, and the offsets that were acknowledged."""

    def __init__(self, committed: int = 0) -> None:
        self.committed = committed
        self.rebalancing = False
        self.consumer_generation_id = 1
        self.acknowledged: list[int] = []
        self.acknowledgements = Acknowledgements(self)  # type: ignore[arg-type]

    async def first_offset(self, tp: TP) -> int:
        return self.committed

    def event(self, offset: int, generation: int = 1) -> Any:
        message = SimpleNamespace(tp=INBOX, offset=offset, generation_id=generation)
        return SimpleNamespace(message=message, ack=lambda: self.acknowledged.append(offset))

    def begin(self, offset: int, generation: int = 1) -> Pending | None:
        return asyncio.run(self.acknowledgements.begin(self.event(offset, generation)))

    def take_up(self, *offsets: int) -> list[Pending]:
        taken = [self.begin(offset) for offset in offsets]
        return [pending for pending in taken if pending is not None]


def test_what_is_done_out_of_order_waits_for_what_came_before() -> None:
    consumer = Consumer()
    first, second, third = consumer.take_up(0, 1, 2)

    consumer.acknowledgements.finish(third)
    consumer.acknowledgements.finish(second)
    assert consumer.acknowledged == []
    consumer.acknowledgements.finish(first)

    assert consumer.acknowledged == [0, 1, 2]


def test_a_message_is_done_when_all_its_steps_are() -> None:
    consumer = Consumer()
    (pending,) = consumer.take_up(0)
    pending.open_steps += 1

    consumer.acknowledgements.finish(pending)
    assert consumer.acknowledged == []
    consumer.acknowledgements.finish(pending)

    assert consumer.acknowledged == [0]


def test_a_gap_is_not_passed_over() -> None:
    consumer = Consumer(committed=5)
    consumer.take_up(5, 6)

    with pytest.raises(Skipped, match="offset 8 came instead of 7"):
        consumer.begin(8)


def test_a_gap_at_the_start_is_not_passed_over() -> None:
    with pytest.raises(Skipped, match="offset 6 came instead of 5"):
        Consumer(committed=5).begin(6)


def test_a_message_that_comes_again_is_not_taken_up_again() -> None:
    consumer = Consumer()
    first, _second = consumer.take_up(0, 1)
    consumer.acknowledgements.finish(first)

    assert consumer.begin(0) is None
    assert consumer.begin(1) is None

    # The first has been done, so its copy may be acknowledged; the second is still under way.
    assert consumer.acknowledged == [0, 0]


def test_what_was_under_way_before_a_rebalance_is_not_acknowledged_after_it() -> None:
    consumer = Consumer()
    (old,) = consumer.take_up(0)

    consumer.consumer_generation_id = 2
    new = consumer.begin(0, generation=2)
    consumer.acknowledgements.finish(old)
    assert consumer.acknowledged == []
    assert new is not None
    consumer.acknowledgements.finish(new)

    assert consumer.acknowledged == [0]


def test_nothing_is_acknowledged_while_partitions_change_hands() -> None:
    consumer = Consumer()
    (pending,) = consumer.take_up(0)

    consumer.rebalancing = True
    consumer.acknowledgements.finish(pending)

    assert consumer.acknowledged == []


def test_there_is_room_for_so_many_messages_of_a_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledgements, "UNDER_WAY", 2)

    async def story() -> None:
        consumer = Consumer()
        first = await consumer.acknowledgements.begin(consumer.event(0))
        await asyncio.wait_for(consumer.acknowledgements.room(INBOX), 1)
        second = await consumer.acknowledgements.begin(consumer.event(1))
        waiting = asyncio.create_task(consumer.acknowledgements.room(INBOX))
        assert first is not None
        assert second is not None

        consumer.acknowledgements.finish(second)
        await asyncio.sleep(0)
        assert not waiting.done()
        consumer.acknowledgements.finish(first)
        await asyncio.wait_for(waiting, 1)

    asyncio.run(story())


def test_progress_can_be_read() -> None:
    consumer = Consumer(committed=3)
    assert consumer.acknowledgements.done_before(INBOX) is None

    first, _ = consumer.take_up(3, 4)
    assert consumer.acknowledgements.done_before(INBOX) == 3
    assert consumer.acknowledgements.read_before(INBOX) == 5
    consumer.acknowledgements.finish(first)

    assert consumer.acknowledgements.done_before(INBOX) == 4


def test_progress_of_an_earlier_ownership_is_not_told() -> None:
    consumer = Consumer()
    (pending,) = consumer.take_up(0)
    consumer.acknowledgements.finish(pending)

    consumer.consumer_generation_id = 2
    consumer.committed = 6
    assert consumer.acknowledgements.done_before(INBOX) is None
    assert consumer.acknowledgements.read_before(INBOX) is None
    consumer.begin(6, generation=2)

    assert consumer.acknowledgements.done_before(INBOX) == 6
    assert consumer.acknowledgements.read_before(INBOX) == 7
