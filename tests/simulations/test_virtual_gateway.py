"""The simulated gateway answers when a real one would, and never before what it promises is in the log."""

from __future__ import annotations

import pytest
from small_sale import small_sale

from reference_services.kernel.invariant import Checker
from reference_services.kernel.operation import Principal
from reference_services.kernel.problem import OVERLOADED, UNREACHABLE
from scenarios.steps import Do, Got
from simulations.clock import VirtualClock
from simulations.design import HONEST
from simulations.gateway import APPEND_TIMEOUT_US, DECISION_WAIT_US
from simulations.recorder import Recorder
from simulations.world import World
from tests.hosting_streams.turnstile_tape import NothingToReach

START_US = 1_800_000_000_000_000
SECOND_US = 1_000_000
CONCURRENCY = 20


class Counter:
    """One gateway of the bookstore, and customers who open carts there."""

    def __init__(self) -> None:
        scenario = small_sale(topology={"gateways": 1, "gateway_concurrency": CONCURRENCY, "partitions": 4})
        self.clock = VirtualClock(START_US)
        self.world = World(scenario, 1, self.clock, Recorder(Checker((), NothingToReach())), None, HONEST)
        self.gateway = self.world.gateways["gateway-1"]
        self.answers: dict[str, tuple[float, Got]] = {}

    def ask(self, name: str, operation: str = "open_cart", wait_s: int = 0) -> None:
        """Let customer ``name`` ask now."""
        do = Do(operation, Principal(name, "customer"), idempotency_key=name, wait_s=wait_s)
        command_id = self.gateway.command_id(do)

        def answered(got: Got) -> None:
            self.answers[name] = (self.now_s, got)

        self.gateway.call(do, command_id, self.clock.now_us, answered)

    def run_until(self, second: float) -> None:
        self.clock.run(until=START_US + round(second * SECOND_US))

    @property
    def now_s(self) -> float:
        return (self.clock.now_us - START_US) / SECOND_US

    def stop_deciding(self) -> None:
        """The workers stand still: what is in their inboxes stays there."""
        for worker in self.world.workers.values():
            worker.stop()


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_who_waits_is_answered_when_it_is_decided(counter: Counter) -> None:
    counter.ask("ann")
    counter.run_until(1)
    at_s, got = counter.answers["ann"]
    assert (at_s < 0.1, got.status, got.body["lines"]) == (True, 201, [])


def test_who_says_nothing_waits_two_seconds_and_who_prefers_to_wait_as_long_as_that(counter: Counter) -> None:
    counter.stop_deciding()
    for name, wait_s in {"ann": 0, "bob": 1, "cid": 10}.items():
        counter.ask(name, wait_s=wait_s)
    counter.run_until(20)
    told = {name: (round(at_s), got.status) for name, (at_s, got) in counter.answers.items()}
    assert told == {"bob": (1, 202), "ann": (DECISION_WAIT_US // SECOND_US, 202), "cid": (10, 202)}


def test_nobody_is_told_that_a_command_is_taken_which_is_in_no_log(counter: Counter) -> None:
    counter.gateway.process.producer.cut_off = True
    counter.ask("ann")
    counter.run_until(4.9)
    assert not counter.answers
    counter.run_until(6)
    at_s, got = counter.answers["ann"]
    assert (round(at_s), got.status, got.reason) == (APPEND_TIMEOUT_US // SECOND_US, 503, UNREACHABLE.slug)


def test_a_command_that_got_through_late_is_taken_at_once_by_an_impatient_gateway(counter: Counter) -> None:
    counter.stop_deciding()
    producer = counter.gateway.process.producer
    producer.cut_off = True
    counter.ask("ann")
    counter.run_until(4)
    producer.cut_off = False
    producer.flush()
    assert (counter.answers["ann"][0], counter.answers["ann"][1].status) == (4, 202)
    counter.run_until(20)
    assert len(counter.answers) == 1


def test_a_gateway_that_stands_still_answers_nobody(counter: Counter) -> None:
    counter.stop_deciding()
    counter.ask("ann")
    counter.run_until(0.1)
    counter.gateway.process.stop()
    counter.run_until(10)
    assert not counter.answers
    counter.gateway.process.go_on()
    counter.run_until(10.1)
    assert counter.answers["ann"][1].status == 202


def test_only_those_who_wait_for_a_decision_are_too_many(counter: Counter) -> None:
    counter.stop_deciding()
    for number in range(CONCURRENCY + 1):
        counter.ask(f"actor-{number}", wait_s=10)
        counter.ask(f"reader-{number}", "browse_catalog")
    counter.run_until(1)
    reasons = {name: got.reason for name, (_, got) in counter.answers.items() if got.outcome == "error"}
    assert reasons == {f"actor-{CONCURRENCY}": OVERLOADED.slug}
    assert len(counter.answers) == CONCURRENCY + 2
