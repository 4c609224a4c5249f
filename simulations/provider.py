"""The outside world in virtual time: the payment provider's own books, misbehaving as the scenario says.

Calls are retried as the real effects host does it: exponential backoff with full jitter, a time limit for each attempt
and a limit to their number.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reference_services.kernel.effect import Effect, RetryPlan, answer_id
from reference_services.kernel.message import Command, Message, child_traceparent
from reference_services.kernel.outside import OutsideAnswer, OutsideRequest
from reference_services.kernel.random_streams import stream
from reference_services.kernel.system import Service, System
from reference_services.payment_provider.books import Books, CardTerms, Movement, Webhook
from reference_services.payment_provider.misbehaviour import (
    Behaviour,
    Misbehaviour,
    draw_behaviour,
    draw_deliveries,
)

from .clock import VirtualClock
from .gateway import VirtualGateway
from .workers import Inboxes


class Attempt(msgspec.Struct, frozen=True):
    """One attempt at one effect's call, and what it will meet."""

    service: Service
    effect: Effect
    event: Message[Any]
    request: OutsideRequest
    number: int
    behaviour: Behaviour


class VirtualProvider:
    """Performs the services' effects against the provider's books, over a network with a delay."""

    def __init__(
        self,
        clock: VirtualClock,
        system: System,
        inboxes: Inboxes,
        gateway: VirtualGateway,
        knobs: Misbehaviour,
        seed: int,
        network_us: int,
    ) -> None:
        self.books = Books()
        self._clock = clock
        self._system = system
        self._inboxes = inboxes
        self._gateway = gateway
        self._knobs = knobs
        self._seed = seed
        self._network_us = network_us
        self._plan = RetryPlan()

    def perform(self, service: Service, effect: Effect, event: Message[Any]) -> None:
        """Make the call that ``event`` asks for, and have its answer recorded."""
        request = effect.request(event.data)
        if request is not None:
            self._try((service, effect, event, request, 1))

    def _try(self, call: tuple[Service, Effect, Message[Any], OutsideRequest, int]) -> None:
        request, number = call[3], call[4]
        behaviour = draw_behaviour(self._knobs, self._seed, request.idempotency_key, number)
        attempt = Attempt(*call, behaviour)
        if behaviour.fate == "lost":
            self._clock.after(self._plan.timeout_us, self._failed, attempt)
        else:
            self._clock.after(self._network_us, self._arrived, attempt)

    def _arrived(self, attempt: Attempt) -> None:
        behaviour = attempt.behaviour
        back_us = behaviour.answer_after_us + self._network_us
        if behaviour.fate == "failed":
            self._clock.after(back_us, self._failed, attempt)
            return
        answer = self._do(attempt)
        if behaviour.fate == "silent" or back_us > self._plan.timeout_us:
            self._clock.after(self._plan.timeout_us, self._failed, attempt)
        elif behaviour.fate == "failed-after":
            self._clock.after(back_us, self._failed, attempt)
        else:
            self._clock.after(back_us, self._answered, (attempt, answer))

    def _do(self, attempt: Attempt) -> OutsideAnswer:
        behaviour, now_us = attempt.behaviour, self._clock.now_us
        terms = CardTerms(
            behaviour.declined,
            now_us + behaviour.capture_after_us,
            now_us + self._knobs.authorization_lifetime_us,
        )
        handled = self.books.handle(attempt.request, now_us, terms)
        if handled.movement is not None:
            delay_us = 0 if behaviour.early else behaviour.answer_after_us
            self._clock.after(delay_us, self._tell, handled.movement.webhook)
        if handled.capture_due_us:
            payment_id: str = attempt.request.payment_id  # type: ignore[attr-defined]
            self._clock.after(handled.capture_due_us - now_us, self._settle, payment_id)
        return handled.answer

    def _settle(self, payment_id: str) -> None:
        movement: Movement | None = self.books.settle(payment_id, self._clock.now_us)
        if movement is not None:
            self._tell(movement.webhook)

    def _tell(self, webhook: Webhook) -> None:
        for delay_us in draw_deliveries(self._knobs, self._seed, webhook.id):
            self._clock.after(delay_us + self._network_us, self._deliver, webhook)

    def _deliver(self, webhook: Webhook) -> None:
        self._gateway.deliver_webhook(webhook.report, webhook.id)

    def _answered(self, answered: tuple[Attempt, OutsideAnswer]) -> None:
        attempt, answer = answered
        self._record(attempt, attempt.effect.answer(attempt.event.data, answer), answer)

    def _failed(self, attempt: Attempt) -> None:
        if attempt.number == self._plan.attempts:
            reason = f"no answer after {attempt.number} attempts"
            self._record(attempt, attempt.effect.gave_up(attempt.event.data, reason), None)
            return
        draw = stream(self._seed, "effect.backoff", f"{attempt.request.idempotency_key}#{attempt.number}")
        again = (attempt.service, attempt.effect, attempt.event, attempt.request, attempt.number + 1)
        self._clock.after(self._plan.pause_us(attempt.number, draw), self._try, again)

    def _record(self, attempt: Attempt, data: Command | None, answer: OutsideAnswer | None) -> None:
        if data is None:
            return
        event = attempt.event
        command = self._system.command(
            data,
            answer_id(event.id, attempt.effect, answer),
            self._clock.now_us,
            source=self._system.source(attempt.service),
            causation_id=event.id,
            correlation_id=event.correlation_id,
            traceparent=child_traceparent(event.traceparent, event.id),
        )
        self._inboxes.append(command)
