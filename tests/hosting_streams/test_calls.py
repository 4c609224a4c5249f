"""Between a record and the answer to the call that it leads to: whatever happens there, nothing is lost or let go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from decider_by_hand import TOLLS, Broker, Worker, settle

from reference_services.hosting.streams import calls
from reference_services.hosting.streams.decider_app import DeciderApp
from reference_services.kernel.outside import MessageReceipt, PaymentReport
from tests.hosting_streams.turnstile.system import AskToll

Story = Callable[[Broker, Worker], Awaitable[None]]

ASKED = "toll/{}/1/0"
TOLD = "toll/{}/1/0:tell:done"


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[[Story], None]:
    """Play a story on a broker whose inbox held two commands, whose records are in the log and lead to a call each."""

    def run(story: Story) -> None:
        async def play() -> None:
            broker = Broker("tolls")
            broker.send_command(AskToll("a", "ada"), "c-a")
            broker.send_command(AskToll("b", "bob"), "c-b")
            worker = Worker(broker, monkeypatch)
            await worker.join()
            assert broker.outside.keys() == []
            await broker.acknowledge(broker.events)
            try:
                await story(broker, worker)
            finally:
                await worker.die()

        asyncio.run(play())

    return run


async def answer(broker: Broker, toll: str) -> None:
    """Let the outside answer, and the command that records it enter the inbox."""
    await broker.outside.answer(toll, MessageReceipt(f"m-{toll}"))
    await broker.acknowledge(TOLLS)


def recorded(broker: Broker) -> list[str]:
    """The ids of the commands that record answers."""
    return broker.said_in(TOLLS)[2:]


def test_the_inbox_goes_on_while_calls_are_under_way_and_is_committed_up_to_the_oldest(
    tell: Callable[[Story], None],
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        assert broker.said_in(broker.events) == [ASKED.format("a"), ASKED.format("b")]
        assert broker.outside.keys() == ["a", "b"]
        await answer(broker, "b")
        assert recorded(broker) == [TOLD.format("b")]
        assert broker.committed == 0
        assert worker.decider.inbox.acknowledgements.done_before(broker.inbox) == 0
        await answer(broker, "a")

        assert recorded(broker) == [TOLD.format("b"), TOLD.format("a")]
        assert broker.committed == 2

    tell(story)


def test_a_call_is_over_when_its_answer_is_in_the_log(tell: Callable[[Story], None]) -> None:
    async def story(broker: Broker, _worker: Worker) -> None:
        await broker.outside.answer("a", MessageReceipt("m-a"))
        await broker.outside.answer("b", MessageReceipt("m-b"))
        assert broker.committed == 0
        await broker.acknowledge(TOLLS)

        assert broker.committed == 2

    tell(story)


@pytest.mark.parametrize("gently", [True, False], ids=["stopped", "killed"])
def test_a_call_that_its_worker_did_not_outlive_is_made_again_by_the_next(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch, gently: bool
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await answer(broker, "b")
        if gently:
            await stop(worker.decider)
        await worker.die()
        assert broker.outside.keys() == []
        assert broker.committed == 0
        successor = Worker(broker, monkeypatch)
        await successor.join()
        assert broker.outside.keys() == ["a", "b"]
        await answer(broker, "a")
        await answer(broker, "b")
        await successor.die()

        assert broker.said_in(broker.events) == [ASKED.format("a"), ASKED.format("b")]
        assert recorded(broker) == [TOLD.format(toll) for toll in "bab"]
        assert broker.committed == 2

    tell(story)


@pytest.mark.parametrize("keeping", [True, False], ids=["kept", "lost and regained"])
def test_a_call_goes_on_through_a_rebalance_and_keeps_its_command_open(
    tell: Callable[[Story], None], keeping: bool
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await worker.join(keeping=keeping)
        assert broker.outside.keys() == ["a", "b"]
        await answer(broker, "b")
        assert broker.committed == 0
        await answer(broker, "a")

        assert recorded(broker) == [TOLD.format("b"), TOLD.format("a")]
        assert broker.committed == 2
        assert worker.decider._in_hand == {}

    tell(story)


def test_the_inbox_waits_while_too_many_calls_are_under_way(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CALLS_IN_FLIGHT", 1)

    async def story(broker: Broker, worker: Worker) -> None:
        broker.send_command(AskToll("c", "cid"), "c-c")
        await worker.read_on(2)
        await broker.acknowledge(broker.events)
        assert broker.outside.keys() == ["a"]
        assert broker.said_in(broker.events) == [ASKED.format("a"), ASKED.format("b")]
        await broker.outside.answer("a", MessageReceipt("m-a"))
        await broker.acknowledge(broker.events)

        assert broker.outside.keys() == ["b"]
        assert broker.said_in(broker.events)[2:] == [ASKED.format("c")]

    tell(story)


def test_an_answer_that_cannot_be_read_sets_the_record_aside_and_putting_it_back_calls_again(
    tell: Callable[[Story], None],
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await answer(broker, "b")
        await broker.outside.answer("a", PaymentReport("p-1", "authorized", 100))
        assert broker.committed == 0
        await broker.acknowledge(broker.letters)
        assert broker.committed == 2

        (letter,) = broker.logs[broker.letters]
        assert letter == broker.logs[broker.events][0]
        broker.logs[broker.inbox].append(letter)
        await worker.read_on(2)
        assert broker.outside.keys() == ["a"]
        await answer(broker, "a")

        assert broker.codec.decode(broker.logs[TOLLS][-1]).id == TOLD.format("a")
        assert broker.said_in(broker.events)[:2] == [ASKED.format("a"), ASKED.format("b")]
        assert broker.logs[broker.letters] == [letter]

    tell(story)


async def stop(decider: DeciderApp) -> None:
    """What a worker does first when it is told to stop."""
    assert decider._calls is not None
    await decider._calls.stop()
    await settle()
