"""The outside world in virtual time: the provider's own books and misbehaviour, over a network with a delay.

Calls are retried as the real effects host does it, and webhooks as the real provider does: exponential backoff with
full jitter, a time limit for each attempt and a limit to their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from reference_services.kernel.effect import RetryPlan, answer_id
from reference_services.kernel.message import Command, Message, child_traceparent
from reference_services.kernel.outside import LedgerEntry, OutsideAnswer, OutsideRequest
from reference_services.kernel.random_streams import stream
from reference_services.kernel.system import System
from reference_services.payment_provider.books import KeyReused, Webhook
from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.payment_provider.provider import WEBHOOK_PLAN, Booked, Provider
from scenarios.steps import Got

from .clock import VirtualClock
from .gateway import VirtualGateway
from .hosts.outside_call import OutsideCall


class Attempt(msgspec.Struct, frozen=True):
    """One attempt, the ``number``-th, at a call."""

    call: OutsideCall
    request: OutsideRequest
    number: int


class Sending(msgspec.Struct, frozen=True):
    """The ``attempt``-th attempt to deliver copy number ``copy`` of a webhook."""

    webhook: Webhook
    copy: int
    attempt: int = 1


class VirtualProvider:
    """Performs the services' effects and delivers the webhooks that follow, to whichever ``gateway`` is there."""

    def __init__(
        self,
        clock: VirtualClock,
        system: System,
        gateway: Callable[[], VirtualGateway],
        knobs: Misbehaviour,
        seed: int,
        network_us: int,
    ) -> None:
        self.provider = Provider(seed, knobs)
        self._clock = clock
        self._system = system
        self._gateway = gateway
        self._seed = seed
        self._network_us = network_us
        self._plan = RetryPlan()

    def perform(self, call: OutsideCall) -> None:
        """Make the call that an event asks for, and have its answer recorded."""
        request = call.effect.request(call.event.data)
        if request is None:
            call.answered(None)
        else:
            self._try(Attempt(call, request, 1))

    def ledger(self) -> Iterable[LedgerEntry]:
        """Every movement of money so far, by the provider's own books."""
        return self.provider.books.ledger

    def _try(self, attempt: Attempt) -> None:
        if not attempt.call.abandoned:
            self._clock.after(self._network_us, self._arrived, attempt)

    def _arrived(self, attempt: Attempt) -> None:
        try:
            reaction = self.provider.receive(attempt.request, self._clock.now_us)
        except KeyReused as error:
            self._clock.after(self._network_us, self._gave_up, (attempt.call, str(error)))
            return
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
        booked = self.provider.settle(payment_id, self._clock.now_us)
        if booked is not None:
            self._deliver_copies(booked)

    def _deliver_copies(self, booked: Booked) -> None:
        for copy, delivery in enumerate(booked.deliveries):
            self._clock.after(delivery.after_us + self._network_us, self._deliver, Sending(delivery.webhook, copy))

    def _deliver(self, sending: Sending) -> None:
        webhook = sending.webhook
        self._gateway().deliver_webhook(webhook.report, webhook.id, partial(self._delivered, sending))

    def _delivered(self, sending: Sending, got: Got) -> None:
        if got.outcome == "ok" or sending.attempt == WEBHOOK_PLAN.attempts:
            return
        webhook, copy, attempt = sending.webhook, sending.copy, sending.attempt
        draw = stream(self._seed, "provider.webhook.retry", f"{webhook.id}#{copy}#{attempt}")
        self._clock.after(WEBHOOK_PLAN.pause_us(attempt, draw), self._deliver, Sending(webhook, copy, attempt + 1))

    def _answered(self, answered: tuple[Attempt, OutsideAnswer]) -> None:
        attempt, answer = answered
        call = attempt.call
        self._record(call, call.effect.answer(call.event.data, answer), answer)

    def _failed(self, attempt: Attempt) -> None:
        call, number = attempt.call, attempt.number
        if number == self._plan.attempts:
            self._gave_up((call, f"no answer after {number} attempts"))
            return
        draw = stream(self._seed, "effect.backoff", f"{attempt.request.idempotency_key}#{number}")
        again = Attempt(call, attempt.request, number + 1)
        self._clock.after(self._plan.pause_us(number, draw), self._try, again)

    def _gave_up(self, given_up: tuple[OutsideCall, str]) -> None:
        call, reason = given_up
        self._record(call, call.effect.gave_up(call.event.data, reason), None)

    def _record(self, call: OutsideCall, data: Command | None, answer: OutsideAnswer | None) -> None:
        call.answered(self._command(call, data, answer) if data is not None else None)

    def _command(self, call: OutsideCall, data: Command, answer: OutsideAnswer | None) -> Message[Command]:
        event = call.event
        return self._system.command(
            data,
            answer_id(event.id, call.effect, answer),
            self._clock.now_us,
            source=self._system.source(call.service),
            causation_id=event.id,
            correlation_id=event.correlation_id,
            traceparent=child_traceparent(event.traceparent, event.id),
        )
