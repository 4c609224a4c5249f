"""A member of a simulated consumer group: when it reads, and when it must not yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulations.clock import VirtualClock
from simulations.kafka.consumer import Consumer, Session, Work
from simulations.kafka.groups import ConsumerGroup
from simulations.kafka.log import VirtualBroker
from simulations.kafka.tuning import Tuning

TUNING = Tuning()


class Diary:
    """A host that writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    def take(self, work: Work, arrives_us: int) -> None:
        self.lines.append(work.item)

    def taken_over(self, sessions: Sequence[Session]) -> None:
        self.lines.append("restored")

    def let_go(self) -> None:
        """Nothing to forget."""


def test_who_hears_again_while_it_restores_reads_only_what_it_can_decide_upon() -> None:
    clock, diary = VirtualClock(0), Diary()
    broker = VirtualBroker(clock, partitions=1, delay_us=1, kept=True)
    inbox = broker.topic("inbox")
    group = ConsumerGroup(clock, broker.partitions, TUNING)
    consumer = Consumer(clock, "worker-1", group, [inbox], diary, TUNING, commits=True)
    group.start([consumer])
    consumer.cut_off()
    inbox[0].append("meanwhile")
    group.join(consumer)
    clock.run(until=TUNING.rebalance_us + TUNING.restore_us // 2)

    consumer.reconnect()
    clock.run(until=TUNING.rebalance_us + TUNING.restore_us + 10)

    assert diary.lines == ["restored", "restored", "meanwhile"]
