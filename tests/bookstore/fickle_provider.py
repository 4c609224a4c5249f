"""The payment provider on its worst behaviour: its real books behind lost calls, missing answers and wild webhooks."""

from __future__ import annotations

import random

from whole_bookstore import OutsideCall, WholeBookstore

from reference_services.bookstore.terms import HOUR_US, MINUTE_US
from reference_services.kernel.history import ProviderBooked
from reference_services.kernel.operation import Principal
from reference_services.kernel.outside import LookUp, OutsideAnswer, PaymentReport
from reference_services.payment_provider.books import Books, CardTerms, Movement

PROVIDER = Principal("provider", "provider")

AUTHORIZATION_LIFETIMES_US = (3 * MINUTE_US, *[7 * 24 * HOUR_US] * 9)
"""How long the provider keeps an authorization that it does not collect; drawn for each."""

FATES = {"answered": 75, "repeated": 5, "lost": 5, "silent": 5, "given up": 5, "silent and given up": 5}
"""What becomes of a call, and how often. ``lost`` and ``silent`` (done, but no answer came) are tried again;
``repeated`` was answered, and is made again after a crash."""

WEBHOOK_COPIES = {0: 10, 1: 70, 2: 10, 3: 10}
"""How many times a webhook comes, and how often that is so."""


class FickleProvider:
    """Takes the calls of ``shop`` one by one, in any order, and answers when it is told to."""

    def __init__(self, shop: WholeBookstore, draw: random.Random) -> None:
        self.awake = True
        self._shop = shop
        self._draw = draw
        self._books = Books()
        self._answers: list[tuple[OutsideCall, OutsideAnswer | None]] = []
        self._webhooks: list[tuple[str, PaymentReport]] = []
        self._payment_ids: set[str] = set()
        self._extra_webhooks = 0

    def has_call(self) -> bool:
        """Whether it could take a call."""
        return self.awake and bool(self._shop.calls)

    def has_answer(self) -> bool:
        """Whether an answer is on its way back."""
        return bool(self._answers)

    def has_webhook(self) -> bool:
        """Whether a webhook could be delivered."""
        return self.awake and bool(self._webhooks)

    def has_payment_to_settle(self) -> bool:
        """Whether authorized money waits to be collected."""
        return self.awake and any(True for _ in self._books.captures_due())

    def fall_asleep_or_wake(self) -> None:
        """An outage begins or ends. Answers that have left arrive all the same."""
        self.awake = not self.awake

    def take_call(self) -> str:
        """Take any call, and tell what became of it."""
        call = self._some_call()
        fate = self._draw.choices(list(FATES), list(FATES.values()))[0]
        answer = None if fate in ("lost", "given up") else self._perform(call)
        if fate in ("answered", "repeated"):
            self._answers.append((call, answer))
        elif "given up" in fate:
            self._answers.append((call, None))
        if fate in ("repeated", "lost", "silent"):
            self._shop.calls.append(call)
        return f"{fate}: {call.request}"

    def take_call_well(self) -> str:
        """Take any call and answer it."""
        call = self._some_call()
        self._answers.append((call, self._perform(call)))
        return f"answered: {call.request}"

    def answer(self) -> str:
        """Let any answer arrive."""
        call, answer = self._answers.pop(self._draw.randrange(len(self._answers)))
        self._shop.take_answer(call, answer)
        return f"{answer}"

    def deliver_webhook(self) -> str:
        """Let any webhook arrive."""
        webhook_id, report = self._webhooks.pop(self._draw.randrange(len(self._webhooks)))
        self._shop.request("take_payment_report", PROVIDER, {}, report, webhook_id)
        return f"{webhook_id}: {report}"

    def has_payment(self) -> bool:
        """Whether it knows any payment."""
        return bool(self._payment_ids)

    def tell_unasked(self) -> str:
        """Send a webhook about how any payment stands now."""
        payment_id = self._draw.choice(sorted(self._payment_ids))
        answer = self._look_up(payment_id)
        self._webhooks.append((self._other_webhook_id(), answer))
        return f"{answer}"

    def settle(self) -> str:
        """Collect the money of any authorized payment."""
        payment_id = self._draw.choice([payment_id for payment_id, _ in self._books.captures_due()])
        movement = self._books.settle(payment_id, self._shop.now_us)
        if movement is None:
            return f"{payment_id} has expired"
        self._book(movement)
        return payment_id

    def _some_call(self) -> OutsideCall:
        return self._shop.calls.pop(self._draw.randrange(len(self._shop.calls)))

    def _look_up(self, payment_id: str) -> PaymentReport:
        now_us = self._shop.now_us
        answer = self._books.handle(LookUp("unasked", payment_id), now_us, CardTerms(False, now_us, now_us)).answer
        assert isinstance(answer, PaymentReport)
        return answer

    def _perform(self, call: OutsideCall) -> OutsideAnswer:
        now_us = self._shop.now_us
        lifetime_us = self._draw.choice(AUTHORIZATION_LIFETIMES_US)
        handled = self._books.handle(call.request, now_us, CardTerms(False, now_us, now_us + lifetime_us))
        if handled.movement is not None:
            self._book(handled.movement)
        if isinstance(handled.answer, PaymentReport):
            self._payment_ids.add(handled.answer.payment_id)
        return handled.answer

    def _book(self, movement: Movement) -> None:
        """Money has moved. The webhook about it may be lost, or come again, under the same id or under another."""
        self._shop.observe(ProviderBooked(movement.entry), "provider")
        webhook = movement.webhook
        copies = self._draw.choices(list(WEBHOOK_COPIES), list(WEBHOOK_COPIES.values()))[0]
        for _ in range(copies):
            webhook_id = webhook.id if self._draw.random() < 0.5 else self._other_webhook_id()
            self._webhooks.append((webhook_id, webhook.report))

    def _other_webhook_id(self) -> str:
        self._extra_webhooks += 1
        return f"webhook-{self._extra_webhooks}"
