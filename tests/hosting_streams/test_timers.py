"""The timer of a worker: what is due is sent once, and again only if nothing came of it."""

from __future__ import annotations

import asyncio

from reference_services.hosting.timers import REARM_AFTER_US, DeadlineTimer


class Clock:
    """A clock that is set by hand, and what a timer sent on it."""

    def __init__(self) -> None:
        self.now_us = 0
        self.due: dict[str, int] = {}
        self.sent: list[tuple[str, int]] = []
        self.timer = DeadlineTimer(self.due.get, self._send, lambda: self.now_us)

    async def _send(self, subject: str, now_us: int) -> None:
        self.sent.append((subject, now_us))

    def set_due(self, subject: str, due_us: int | None) -> None:
        if due_us is None:
            self.due.pop(subject, None)
        else:
            self.due[subject] = due_us
        self.timer.schedule(subject)

    def pass_to(self, now_us: int) -> None:
        self.now_us = now_us
        asyncio.run(self.timer.send_due())


def test_what_is_due_is_sent_in_order_and_not_before() -> None:
    clock = Clock()
    clock.set_due("b", 20)
    clock.set_due("a", 10)

    clock.pass_to(9)
    assert clock.sent == []
    clock.pass_to(25)

    assert clock.sent == [("a", 25), ("b", 25)]


def test_a_deadline_that_moved_counts_where_it_is_now() -> None:
    clock = Clock()
    clock.set_due("a", 10)
    clock.set_due("a", 30)
    clock.set_due("b", 10)
    clock.set_due("b", None)

    clock.pass_to(20)
    assert clock.sent == []
    clock.pass_to(30)

    assert clock.sent == [("a", 30)]


def test_a_deadline_that_nothing_came_of_is_sent_again() -> None:
    clock = Clock()
    clock.set_due("a", 10)

    clock.pass_to(10)
    clock.pass_to(11)
    assert len(clock.sent) == 1
    clock.pass_to(10 + REARM_AFTER_US)

    assert clock.sent == [("a", 10), ("a", 10 + REARM_AFTER_US)]


def test_a_deadline_that_was_decided_is_not_sent_again() -> None:
    clock = Clock()
    clock.set_due("a", 10)

    clock.pass_to(10)
    clock.set_due("a", None)
    clock.pass_to(10 + 2 * REARM_AFTER_US)

    assert clock.sent == [("a", 10)]


def test_a_deadline_that_cannot_be_decided_is_sent_again_only_once_its_aggregate_has_changed() -> None:
    clock = Clock()
    clock.set_due("a", 10)

    clock.pass_to(10)
    clock.timer.give_up("a")
    clock.pass_to(10 + 2 * REARM_AFTER_US)
    assert clock.sent == [("a", 10)]
    clock.set_due("a", 10)
    clock.pass_to(11 + 2 * REARM_AFTER_US)

    assert clock.sent == [("a", 10), ("a", 11 + 2 * REARM_AFTER_US)]


def test_what_is_sent_twice_in_short_order_is_looked_at_again_after_the_second() -> None:
    clock = Clock()
    clock.set_due("a", 10)
    clock.set_due("b", 15)
    clock.pass_to(10)
    clock.set_due("a", 20)
    clock.pass_to(20)
    assert clock.sent == [("a", 10), ("b", 20), ("a", 20)]

    clock.pass_to(19 + REARM_AFTER_US)
    assert len(clock.sent) == 3
    clock.pass_to(20 + REARM_AFTER_US)

    assert sorted(clock.sent[3:]) == [("a", 20 + REARM_AFTER_US), ("b", 20 + REARM_AFTER_US)]


def test_rebuilding_forgets_what_belongs_to_somebody_else_now() -> None:
    clock = Clock()
    clock.set_due("mine", 10)
    clock.set_due("lost", 10)

    clock.timer.rebuild(["mine"])
    clock.pass_to(10)

    assert clock.sent == [("mine", 10)]
    assert len(clock.timer) == 0
