"""The simulated provider knocks as often as the real one, and says no to the same requests."""

from __future__ import annotations

from typing import Any

import pytest
from small_sale import small_sale

from reference_services.kernel.effect import Effect
from reference_services.kernel.invariant import Checker
from reference_services.kernel.message import Event, Message
from reference_services.kernel.outside import Authorize, OutsideRequest, PaymentReport
from reference_services.payment_provider.provider import WEBHOOK_PLAN
from scenarios.steps import Got
from simulations.clock import VirtualClock
from simulations.design import HONEST
from simulations.gateway import Answer
from simulations.provider import VirtualProvider
from simulations.recorder import Recorder
from simulations.world import World
from tests.hosting_streams.turnstile_tape import NothingToReach

START_US = 1_800_000_000_000_000
HOUR_US = 3_600_000_000
CALM = {"latency_median": "10ms", "latency_p99": "10ms", "settle_median": "0s", "settle_p99": "0s"}


class Door:
    """A gateway that turns the first few webhooks away."""

    def __init__(self, refusals: int) -> None:
        self.knocks = 0
        self._refusals = refusals

    def deliver_webhook(self, report: PaymentReport, webhook_id: str, answer: Answer) -> None:
        self.knocks += 1
        answer(Got(503, "error") if self.knocks <= self._refusals else Got(202, "ok"))


class Call:
    """A call to the outside because of nothing, and what is said that came of it."""

    abandoned = False
    service = None

    def __init__(self, request: OutsideRequest) -> None:
        self.effect = Effect("ask", Event, lambda _: request, lambda *_: None, self._gave_up)
        self.event = Message(
            id="e-1", subject="order/o-1", type="", source="", time_us=START_US, version=1, data=Event()
        )
        self.reason = ""
        self.ended = False

    def answered(self, command: Message[Any] | None) -> None:
        self.ended = True

    def _gave_up(self, _: Any, reason: str) -> None:
        self.reason = reason


def provider_of(clock: VirtualClock, door: Door) -> VirtualProvider:
    scenario = small_sale(provider=CALM)
    world = World(scenario, 1, clock, Recorder(Checker((), NothingToReach())), None, HONEST)
    return VirtualProvider(clock, world.system, lambda: door, world.knobs, 1, 1_000)  # type: ignore[arg-type, return-value]


def authorize(amount_cents: int) -> Call:
    return Call(Authorize("key-1", payment_id="p-1", amount_cents=amount_cents, card_token="tok-1"))


@pytest.mark.parametrize(("refusals", "knocks"), [(0, 1), (3, 4), (1_000, WEBHOOK_PLAN.attempts)])
def test_a_webhook_is_sent_until_it_is_taken_but_not_for_ever(refusals: int, knocks: int) -> None:
    clock, door = VirtualClock(START_US), Door(refusals)
    provider_of(clock, door).perform(authorize(500))  # type: ignore[arg-type]
    clock.run(until=START_US + HOUR_US)
    assert door.knocks == knocks


def test_a_key_that_was_used_for_something_else_is_given_up_at_once() -> None:
    clock = VirtualClock(START_US)
    provider = provider_of(clock, Door(0))
    first, second = authorize(500), authorize(600)
    for call in (first, second):
        provider.perform(call)  # type: ignore[arg-type]
        clock.run(until=clock.now_us + 1_000_000)
    assert (first.ended, first.reason, second.ended) == (True, "", True)
    assert "was used with another request" in second.reason
