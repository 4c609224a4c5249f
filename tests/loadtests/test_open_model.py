"""Arrivals are an open model: nobody waits for those before them, and a generator that falls behind is found out."""

from __future__ import annotations

import time
from itertools import pairwise

import gevent
import pytest
from booth import LOOK
from booth_counter import Caller, Counter

from loadtests.dispatcher import Dispatcher
from loadtests.schedule import Punctuality, combined, why_invalid
from scenarios.run_records import LATE_P99_LIMIT_US, Schedule
from scenarios.steps import Journey, Visit


def one_look() -> Journey:
    yield LOOK


def evenly(count: int, every_us: int) -> list[Visit]:
    return [Visit(index * every_us, f"visitor-{index}", "visitor", one_look) for index in range(count)]


def dispatch(caller: Caller, visits: list[Visit], live_limit: int = 100) -> Schedule:
    """Play the visits, beginning now; returns how the schedule was kept."""
    punctuality = Punctuality(len(visits))

    def play(visit: Visit, intended_us: int) -> None:
        caller.driver.play(visit.customer, visit.journey, visit.begin(), intended_us)

    dispatcher = Dispatcher(caller.clock, play, punctuality, live_limit)
    dispatcher.dispatch(visits, caller.clock.now_us())
    dispatcher.drain(timeout_s=30.0)
    return punctuality.schedule()


def test_a_slow_answer_holds_up_nobody_else(counter: Counter, caller: Caller) -> None:
    counter.takes_s = lambda index: 1.0 if index == 0 else 0.0
    schedule = dispatch(caller, evenly(20, 20_000))
    assert caller.rows[-1].customer == "visitor-0"
    assert (schedule.planned, schedule.sent, schedule.dropped) == (20, 20, 0)
    assert why_invalid(schedule) == ()


def test_every_visit_is_meant_to_begin_at_its_planned_instant(counter: Counter, caller: Caller) -> None:
    dispatch(caller, evenly(10, 15_000))
    intended = sorted(row.intended_us for row in caller.rows)
    assert [later - earlier for earlier, later in pairwise(intended)] == [15_000] * 9
    assert all(row.started_us >= row.intended_us for row in caller.rows)


def test_a_generator_that_is_held_up_makes_the_run_invalid(counter: Counter, caller: Caller) -> None:
    blocked = gevent.spawn_later(0.05, time.sleep, 0.5)  # not gevent's: the whole event loop stands still
    schedule = dispatch(caller, evenly(40, 10_000))
    blocked.join()
    assert schedule.sent == 40
    assert schedule.late_p99_us > LATE_P99_LIMIT_US
    (reason,) = why_invalid(schedule)
    assert "fell behind" in reason
    slowest = max(row.ended_us - row.intended_us for row in caller.rows)
    assert slowest > 300_000, "lateness is part of the response time"


def test_arrivals_beyond_the_limit_are_dropped_and_make_the_run_invalid(counter: Counter, caller: Caller) -> None:
    counter.takes_s = lambda index: 0.5
    schedule = dispatch(caller, evenly(10, 1_000), live_limit=4)
    assert (schedule.sent, schedule.dropped) == (4, 6)
    assert why_invalid(schedule) == ("6 of 10 arrivals were dropped: too many journeys at once",)


def test_journeys_that_go_on_after_the_end_are_cut_off(counter: Counter, caller: Caller) -> None:
    counter.takes_s = lambda index: 30.0 if index < 2 else 0.0
    dispatcher = Dispatcher(
        caller.clock, lambda visit, at_us: caller.driver.play("c", "j", visit.begin(), at_us), Punctuality(4)
    )
    dispatcher.dispatch(evenly(4, 50_000), caller.clock.now_us())
    assert dispatcher.drain(timeout_s=0.3) == 2
    assert sorted(row.outcome for row in caller.rows) == ["ok", "ok", "unknown", "unknown"]
    assert dispatcher.live == 0


def test_visits_that_never_began_make_the_run_invalid() -> None:
    assert why_invalid(Schedule(10, 7, 0, 1)) == (
        "1 of 10 arrivals were dropped: too many journeys at once",
        "2 of 10 planned arrivals never began",
    )


@pytest.mark.parametrize(("late_p99_us", "reasons"), [(LATE_P99_LIMIT_US, 0), (LATE_P99_LIMIT_US + 1, 1)])
def test_lateness_is_allowed_up_to_the_limit(late_p99_us: int, reasons: int) -> None:
    assert len(why_invalid(Schedule(10, 10, late_p99_us, 0))) == reasons


def test_the_99th_percentile_of_the_lateness_is_exact_to_three_digits() -> None:
    punctuality = Punctuality(1_000)
    for late_us in range(1_000):
        punctuality.began(late_us * 100)
    assert punctuality.schedule().late_p99_us == pytest.approx(99_000, rel=0.002)


def test_generators_that_share_a_plan_are_judged_together() -> None:
    assert combined([Schedule(5, 5, 70, 0), Schedule(5, 3, 90, 2)]) == Schedule(10, 8, 90, 2)
