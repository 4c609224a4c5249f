"""The provider without its host: books that misbehave. The same object serves virtual time and real HTTP.

A host calls `Provider.receive` when a request arrives and `Provider.settle` when a capture is due, and does with what
comes back only what clocks and wires do: wait, send, deliver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from ..kernel.effect import RetryPlan
from ..kernel.outside import (
    Authorize,
    Capture,
    LedgerEntry,
    OutsideAnswer,
    OutsideRequest,
    Refund,
    SendMessage,
    Void,
)
from .books import Books, CardTerms, Movement, Webhook
from .misbehaviour import Behaviour, Fate, Misbehaviour, draw_behaviour, draw_deliveries

ATTEMPTS_KEPT = 50_000
"""Of how many keys, the latest, attempts are counted. One that is forgotten draws as if for the first time."""

WEBHOOK_PLAN = RetryPlan(attempts=20, timeout_us=5_000_000, base_us=100_000, cap_us=5_000_000)
"""How often a copy of a webhook is sent until it is accepted: about 40 seconds of trying on average."""

NEVER_DONE: tuple[Fate, ...] = ("lost", "failed")


class RequestTaken(msgspec.Struct, frozen=True, tag=True):
    """A new request was done, under these terms. Enough to do it again, to the same effect."""

    time_us: int
    request: Authorize | Capture | Void | Refund | SendMessage
    terms: CardTerms


class CaptureSettled(msgspec.Struct, frozen=True, tag=True):
    """An automatic capture came due."""

    time_us: int
    payment_id: str


Fact = RequestTaken | CaptureSettled
"""What changes the books. Equal facts in equal order make equal books."""


class Delivery(msgspec.Struct, frozen=True):
    """One copy of a webhook and when it leaves, in microseconds from now. Its sender tries until it is accepted."""

    webhook: Webhook
    after_us: int


class Booked(msgspec.Struct, frozen=True):
    """Money moved: the new line of the ledger, and the copies of its webhook that leave. No copies: it is lost."""

    entry: LedgerEntry
    webhook_id: str
    deliveries: tuple[Delivery, ...]


class Settlement(msgspec.Struct, frozen=True):
    """An automatic capture: call `Provider.settle` for ``payment_id`` at ``due_us``."""

    payment_id: str
    due_us: int


class Reaction(msgspec.Struct, frozen=True):
    """What comes of one attempt at a request.

    ``answer`` is None unless ``fate`` is ``answered``. The answer, or the error of a failure, leaves
    ``answer_after_us`` after the request arrived; of a ``lost`` or ``silent`` attempt nothing is ever heard.
    """

    fate: Fate
    answer_after_us: int
    answer: OutsideAnswer | None = None
    booked: Booked | None = None
    settlement: Settlement | None = None


class Provider:
    """Books under a seed and knobs. ``misbehaviour`` may be replaced at any time.

    ``record`` is told of every fact before it enters the books; if it raises, nothing has happened.
    """

    def __init__(
        self, seed: int, misbehaviour: Misbehaviour, record: Callable[[Fact], None] = lambda fact: None
    ) -> None:
        self.misbehaviour = misbehaviour
        self.books = Books()
        self._seed = seed
        self._record = record
        self._attempts: dict[str, int] = {}

    def receive(self, request: OutsideRequest, now_us: int) -> Reaction:
        """Take in one attempt at ``request``. Raises `KeyReused`."""
        behaviour = self._draw(request)
        if behaviour.fate in NEVER_DONE:
            return Reaction(behaviour.fate, behaviour.answer_after_us)
        terms = self._terms(behaviour, now_us)
        if self.books.is_new(request):
            self._record(RequestTaken(now_us, request, terms))  # type: ignore[arg-type]
        handled = self.books.handle(request, now_us, terms)
        webhook_after_us = 0 if behaviour.early else behaviour.answer_after_us
        return Reaction(
            behaviour.fate,
            behaviour.answer_after_us,
            handled.answer if behaviour.fate == "answered" else None,
            self._booked(handled.movement, webhook_after_us) if handled.movement is not None else None,
            Settlement(request.payment_id, handled.capture_due_us)
            if handled.capture_due_us and isinstance(request, Authorize)
            else None,
        )

    def settle(self, payment_id: str, now_us: int) -> Booked | None:
        """Collect an automatic capture that is due. None if it is off: voided, expired or captured by hand before."""
        self._record(CaptureSettled(now_us, payment_id))
        movement = self.books.settle(payment_id, now_us)
        return self._booked(movement, 0) if movement is not None else None

    def deliveries(self, webhook: Webhook, after_us: int = 0) -> tuple[Delivery, ...]:
        """When the copies of ``webhook`` leave, counted from ``after_us`` after it."""
        delays = draw_deliveries(self.misbehaviour, self._seed, webhook.id)
        return tuple(Delivery(webhook, after_us + delay_us) for delay_us in delays)

    def rebuild(self, facts: Iterable[Fact]) -> list[tuple[int, Webhook]]:
        """Take in facts of an earlier life, unrecorded. Returns every webhook that followed, with its instant."""
        webhooks: list[tuple[int, Webhook]] = []
        for fact in facts:
            movement = self._replay(fact)
            if movement is not None:
                webhooks.append((fact.time_us, movement.webhook))
        return webhooks

    def settlements(self) -> list[Settlement]:
        """The automatic captures that are still to come; those due in the past are due now."""
        return [Settlement(payment_id, due_us) for payment_id, due_us in self.books.captures_due()]

    def _replay(self, fact: Fact) -> Movement | None:
        if isinstance(fact, CaptureSettled):
            return self.books.settle(fact.payment_id, fact.time_us)
        return self.books.handle(fact.request, fact.time_us, fact.terms).movement

    def _draw(self, request: OutsideRequest) -> Behaviour:
        key = request.idempotency_key
        attempt = self._attempts[key] = self._attempts.pop(key, 0) + 1
        if len(self._attempts) > ATTEMPTS_KEPT:
            del self._attempts[next(iter(self._attempts))]
        return draw_behaviour(self.misbehaviour, self._seed, key, attempt)

    def _terms(self, behaviour: Behaviour, now_us: int) -> CardTerms:
        return CardTerms(
            behaviour.declined,
            now_us + behaviour.capture_after_us,
            now_us + self.misbehaviour.authorization_lifetime_us,
        )

    def _booked(self, movement: Movement, webhook_after_us: int) -> Booked:
        return Booked(movement.entry, movement.webhook.id, self.deliveries(movement.webhook, webhook_after_us))
