"""The outside world in virtual time: the provider's own books and misbehaviour, over a network with a delay.

Calls are retried as the real effects host does it: exponential backoff with full jitter, a time limit for each attempt
and a limit to their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from reference_services.kernel.effect import Effect, RetryPlan, answer_id
from reference_services.kernel.message import Command, Message, child_traceparent
from reference_services.kernel.outside import LedgerEntry, OutsideAnswer, OutsideRequest
from reference_services.kernel.random_streams import stream
from reference_services.kernel.system import Service, System
from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.payment_provider.provider import Booked, Delivery, Provider

from .clock import VirtualClock
from .gateway import VirtualGateway
from .workers import Inboxes


class Attempt(msgspec.Struct, frozen=True):
    """One attempt, the ``number``-th, at the call that ``effect`` makes because of ``event``."""

    service: Service
    effect: Effect
    event: Message[Any]
    request: OutsideRequest
    number: int


class VirtualProvider:
    """Performs the services' effects and delivers the webhooks that follow."""

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
        self._clock = clock
        self._system = system
        self._inboxes = inboxes
        self._gateway = gateway
        self._provider = Provider(seed, knobs)
        self._seed = seed
        self._network_us = network_us
        self._plan = RetryPlan()

    def perform(self, service: Service, effect: Effect, event: Message[Any]) -> None:
        """Make the call that ``event`` asks for, and have its answer recorded."""
        request = effect.request(event.data)
        if request is not None:
            self._try(Attempt(service, effect, event, request, 1))

    def ledger(self) -> Iterable[LedgerEntry]:
        """Every movement of money so far, by the provider's own books."""
        return self._provider.books.ledger

    def _try(self, attempt: Attempt) -> None:
        self._clock.after(self._network_us, self._arrived, attempt)

    def _arrived(self, attempt: Attempt) -> None:
        reaction = self._provider.receive(attempt.request, self._clock.now_us)
        if reaction.booked is not None:
            self._deliver_copies(reaction.booked)
        if reaction.settlement is not None:
            wait_us = reaction.settlement.due_us - self._clock.now_us
            self._clock.after(wait_us, self._settle, reaction.settlement.payment_id)
        back_us = reaction.answer_after_us + self._network_us
        if reaction.fate in ("lost", "silent") or back_us > self._plan.timeout_us:
            self._clock.after(self._plan.timeout_us, self._failed, attempt)
        elif reaction.answer is None:
            self._clock.after(back_us, self._failed, attempt)
        else:
            self._clock.after(back_us, self._answered, (attempt, reaction.answer))

    def _settle(self, payment_id: str) -> None:
        booked = self._provider.settle(payment_id, self._clock.now_us)
        if booked is not None:
            self._deliver_copies(booked)

    def _deliver_copies(self, booked: Booked) -> None:
        for delivery in booked.deliveries:
            self._clock.after(delivery.after_us + self._network_us, self._deliver, delivery)

    def _deliver(self, delivery: Delivery) -> None:
        self._gateway.deliver_webhook(delivery.webhook.report, delivery.webhook.id)

    def _answered(self, answered: tuple[Attempt, OutsideAnswer]) -> None:
        attempt, answer = answered
        self._record(attempt, attempt.effect.answer(attempt.event.data, answer), answer)

    def _failed(self, attempt: Attempt) -> None:
        if attempt.number == self._plan.attempts:
            reason = f"no answer after {attempt.number} attempts"
            self._record(attempt, attempt.effect.gave_up(attempt.event.data, reason), None)
            return
        draw = stream(self._seed, "effect.backoff", f"{attempt.request.idempotency_key}#{attempt.number}")
        again = msgspec.structs.replace(attempt, number=attempt.number + 1)
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
