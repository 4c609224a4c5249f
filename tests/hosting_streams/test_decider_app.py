"""Between a record and the commands that it leads to: whatever happens there, nothing is lost and nothing is early."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest
from decider_by_hand import EVENTS, INBOX, TOLLS, Broker, Worker, settle

from reference_services.hosting.streams import outbox
from reference_services.hosting.timers import REARM_AFTER_US
from tests.hosting_streams.turnstile.system import CloseGate, Enter, GateDecider

Story = Callable[[Broker, Worker], Awaitable[None]]

ENTERED = ["gate/north/1/0"]
ASKED = ["gate/north/1/0:ask-toll:0"]


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[[Story], None]:
    """Play a story on a broker whose inbox holds one command, which a worker has just taken up."""

    def run(story: Story) -> None:
        async def play() -> None:
            broker = Broker()
            broker.send_command(Enter("north", "ada"), "c-1")
            worker = Worker(broker, monkeypatch)
            await worker.join()
            try:
                await story(broker, worker)
            finally:
                await worker.die()

        asyncio.run(play())

    return run


def test_commands_are_sent_after_their_record_is_in_the_log_and_committed_last(tell: Callable[[Story], None]) -> None:
    async def story(broker: Broker, _worker: Worker) -> None:
        assert (broker.sent_to(EVENTS), broker.sent_to(TOLLS)) == (1, 0)
        await broker.acknowledge(EVENTS)
        assert broker.sent_to(TOLLS) == 1
        assert broker.committed == 0
        await broker.acknowledge(TOLLS)
        assert broker.committed == 1

    tell(story)


def test_what_one_aggregate_leads_to_is_sent_in_order(tell: Callable[[Story], None]) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        broker.send_command(Enter("north", "bob"), "c-2")
        broker.send_command(Enter("north", "cid"), "c-3")
        await worker.read_on(1)
        await broker.acknowledge(EVENTS)
        await broker.acknowledge(TOLLS)

        assert broker.said_in(TOLLS) == [f"gate/north/{number}/0:ask-toll:0" for number in (1, 2, 3)]
        assert broker.committed == 3

    tell(story)


def test_a_worker_that_dies_before_its_commands_are_in_the_log_has_them_sent_by_the_next(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await broker.acknowledge(EVENTS)
        await worker.die()
        assert broker.said_in(TOLLS) == []
        successor = Worker(broker, monkeypatch)
        await successor.join()
        assert broker.committed == 0
        await broker.acknowledge(EVENTS, TOLLS)
        await successor.die()

        assert (broker.said_in(EVENTS), broker.said_in(TOLLS)) == (ENTERED, ASKED)
        assert broker.committed == 1

    tell(story)


def test_a_worker_that_dies_before_its_record_is_in_the_log_has_it_decided_by_the_next(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await worker.die()
        successor = Worker(broker, monkeypatch)
        await successor.join()
        await broker.acknowledge(EVENTS)
        await broker.acknowledge(TOLLS)
        await successor.die()

        assert (broker.said_in(EVENTS), broker.said_in(TOLLS)) == (ENTERED, ASKED)

    tell(story)


def test_what_was_finished_and_not_committed_is_repeated_under_the_same_ids(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await broker.acknowledge(EVENTS)
        await broker.acknowledge(TOLLS)
        await worker.die()
        broker.committed = 0
        successor = Worker(broker, monkeypatch)
        await successor.join()
        await broker.acknowledge(EVENTS, TOLLS)
        await successor.die()

        assert (broker.said_in(EVENTS), broker.said_in(TOLLS)) == (ENTERED, ASKED * 2)

    tell(story)


def test_a_command_sent_twice_is_decided_and_reacted_to_once(tell: Callable[[Story], None]) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        broker.logs[INBOX] *= 2
        await worker.read_on(1)
        await broker.acknowledge(EVENTS)
        await broker.acknowledge(TOLLS)

        assert (broker.said_in(EVENTS), broker.said_in(TOLLS)) == (ENTERED, ASKED)
        assert broker.committed == 2

    tell(story)


def test_a_record_under_way_keeps_its_command_open_on_a_partition_that_is_kept(tell: Callable[[Story], None]) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await worker.join(keeping=True)
        assert broker.committed == 0
        await broker.acknowledge(EVENTS)
        assert broker.committed == 0
        await broker.acknowledge(TOLLS)

        assert broker.committed == 1
        assert (broker.said_in(EVENTS), broker.said_in(TOLLS)) == (ENTERED, ASKED)

    tell(story)


def test_commands_under_way_keep_their_cause_open_on_a_partition_that_is_kept(tell: Callable[[Story], None]) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await broker.acknowledge(EVENTS)
        await worker.join(keeping=True)
        assert broker.committed == 0
        await worker.join(keeping=True)
        assert broker.committed == 0
        await broker.acknowledge(TOLLS)

        assert broker.committed == 1
        assert (broker.said_in(EVENTS), broker.said_in(TOLLS)) == (ENTERED, ASKED)

    tell(story)


def test_a_repetition_under_way_keeps_its_command_open_on_a_partition_that_is_kept(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await broker.acknowledge(EVENTS)
        await worker.die()
        successor = Worker(broker, monkeypatch)
        await successor.join()
        await successor.join(keeping=True)
        assert broker.committed == 0
        await broker.acknowledge(TOLLS)
        await successor.die()

        assert broker.committed == 1
        assert broker.said_in(TOLLS) == ASKED

    tell(story)


def test_a_partition_that_comes_back_is_decided_again_where_its_record_was_under_way(
    tell: Callable[[Story], None],
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await worker.join()
        broker.send_command(Enter("north", "bob"), "c-2")
        await worker.read_on(1)
        await broker.acknowledge(EVENTS)
        await broker.acknowledge(TOLLS)

        # The copy is the same to the letter, so whoever reads the log drops it.
        assert broker.said_in(EVENTS) == [*ENTERED, *ENTERED, "gate/north/2/0"]
        assert broker.logs[EVENTS][0] == broker.logs[EVENTS][1]
        assert set(broker.said_in(TOLLS)) == {*ASKED, "gate/north/2/0:ask-toll:0"}
        assert broker.committed == 2

    tell(story)


def test_a_command_whose_partition_goes_away_meanwhile_is_left_to_its_next_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def play() -> None:
        broker = Broker()
        worker = Worker(broker, monkeypatch)
        await worker.join()
        consumed = worker.decider._counts.consumed._value
        before = consumed.get()
        worker.broker_answers.clear()
        broker.send_command(Enter("north", "ada"), "c-1")
        await worker.read_on(0)
        await worker.lose()
        worker.broker_answers.set()
        await settle()
        assert (broker.on_the_way, broker.committed, consumed.get()) == ([], 0, before)

        await worker.join()
        await broker.acknowledge(EVENTS)
        await broker.acknowledge(TOLLS)
        await worker.die()

        assert (broker.said_in(EVENTS), broker.said_in(TOLLS)) == (ENTERED, ASKED)
        assert (broker.committed, consumed.get()) == (1, before + 1)

    asyncio.run(play())


def test_a_record_whose_partition_goes_away_while_it_is_handed_over_ends_nobody(tell: Callable[[Story], None]) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        worker.broker_answers.clear()
        broker.send_command(Enter("north", "bob"), "c-2")
        await worker.read_on(1)
        await worker.lose()
        worker.broker_answers.set()
        await settle()
        await worker.join()
        await broker.acknowledge(EVENTS)
        await broker.acknowledge(TOLLS)

        assert set(broker.said_in(EVENTS)) == {*ENTERED, "gate/north/2/0"}
        assert broker.committed == 2

    tell(story)


def test_nothing_is_due_of_a_partition_that_is_away_and_all_of_it_once_it_is_back(
    tell: Callable[[Story], None],
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await broker.acknowledge(EVENTS)
        await worker.lose()
        await worker.decider._timer.send_due()
        assert broker.sent_to(INBOX) == 0
        await worker.join()
        await worker.decider._timer.send_due()

        assert broker.sent_to(INBOX) == 1

    tell(story)


def test_a_deadline_that_cannot_be_decided_is_set_aside_once(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        timer = worker.decider._timer
        await broker.acknowledge(EVENTS)
        await broker.acknowledge(TOLLS)
        with monkeypatch.context() as defect:
            defect.setattr(GateDecider, "decide", fail)
            await timer.send_due()
            await broker.acknowledge(INBOX)
            await worker.read_on(1)
        assert broker.sent_to(broker.letters) == 1
        now_us = timer._clock() + REARM_AFTER_US
        monkeypatch.setattr(timer, "_clock", lambda: now_us)
        await timer.send_due()
        assert broker.sent_to(INBOX) == 0

        # Whatever else happens to the aggregate may have mended it.
        broker.send_command(Enter("north", "bob"), "c-2")
        await worker.read_on(2)
        await timer.send_due()
        assert broker.sent_to(INBOX) == 1

    tell(story)


def test_a_decider_that_cannot_tell_its_deadlines_ends_nobody(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        monkeypatch.setattr(GateDecider, "deadlines", fail)
        await worker.decider._timer.send_due()
        broker.send_command(Enter("north", "bob"), "c-2")
        await worker.read_on(1)
        await broker.acknowledge(EVENTS)
        await broker.acknowledge(TOLLS)
        assert broker.committed == 2
        await worker.join()
        await worker.decider._timer.send_due()

        assert broker.on_the_way == []

    tell(story)


def test_nothing_is_kept_of_what_has_been_done_with(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await broker.acknowledge(EVENTS)
        await worker.die()
        successor = Worker(broker, monkeypatch)
        await successor.join()
        await broker.acknowledge(TOLLS)

        assert len(successor.decider._table.part(0)._recent) == 0
        assert successor.decider._in_hand == {}
        await successor.die()

    tell(story)


def test_a_command_that_is_too_large_is_missed_by_nobody_else(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        large = await enter_large(broker, worker, monkeypatch)

        assert broker.said_in(EVENTS) == [*ENTERED, f"gate/{large}/1/0"]
        assert broker.said_in(TOLLS) == ASKED
        assert broker.logs[broker.letters] == broker.logs[EVENTS][1:]
        assert broker.committed == 2

    tell(story)


def test_a_deadline_whose_command_is_too_large_holds_up_no_other(
    tell: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(broker: Broker, worker: Worker) -> None:
        await enter_large(broker, worker, monkeypatch)

        assert await worker.decider._timer.send_due() == 2

        await broker.acknowledge(INBOX)
        assert broker.codec.decode(broker.logs[INBOX][-1]).data == CloseGate("north")
        assert len(broker.logs[INBOX]) == 3

    tell(story)


async def enter_large(broker: Broker, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have somebody pass a gate with a name so long that only the record of it can be written. Returns the name."""
    large = "l" * 300
    monkeypatch.setattr(outbox, "MESSAGE_BYTES_MAX", 1_700)
    broker.send_command(Enter(large, "ada"), "c-2")
    await worker.read_on(1)
    await broker.acknowledge(EVENTS)
    await broker.acknowledge(TOLLS, broker.letters)
    return large


def fail(*_: object) -> NoReturn:
    """What a decider with a defect does."""
    raise ValueError("a defect")
