"""The provider in real time: takes requests in, writes them down, collects captures when due and sends webhooks."""

from __future__ import annotations

import asyncio
import logging
import time

from ..kernel.outside import OutsideRequest
from ..kernel.problem import OVERLOADED, Problem, ProblemKind
from .journal import Journal, JournalUnusable, KnobsTurned, Past, WebhookDone
from .metrics import Metrics
from .misbehaviour import Misbehaviour
from .provider import Booked, Delivery, Provider, Reaction, Settlement
from .settings import ProviderSettings
from .webhooks import Ending, WebhookSender

MOST_UNFINISHED = 50_000
"""Captures and webhooks that may be under way; beyond it new requests are turned away until some are through."""

JOURNAL_UNUSABLE = ProblemKind("journal-unusable", 503, "The provider cannot write down what it does")

log = logging.getLogger(__name__)


class Desk:
    """One provider at work. Without a webhook URL it tells nobody. Raises `JournalUnusable` when made."""

    def __init__(self, settings: ProviderSettings, metrics: Metrics) -> None:
        self._journal = Journal(settings.journal)
        self._past = self._journal.open()
        self.provider = Provider(settings.seed, self._past.knobs or settings.knobs, self._journal.append)
        self._metrics = metrics
        self._sender: WebhookSender | None = None
        if settings.webhook_url:
            self._sender = WebhookSender(
                settings.webhook_url, settings.webhook_secret, settings.seed, self._webhook_ended, self._webhook_done
            )
        self._settling = 0
        self._open = False

    @property
    def unfinished(self) -> int:
        """Captures that are not due yet, and webhooks that are not through."""
        return self._settling + (self._sender.waiting if self._sender is not None else 0)

    @property
    def ready(self) -> bool:
        """Whether requests can be taken in."""
        return self._open and self._journal.usable

    async def open(self) -> None:
        """Take up what an earlier life left unfinished, and begin to work."""
        if self._sender is not None:
            await self._sender.start()
        now_us = clock_us()
        for time_us, webhook in self.provider.rebuild(self._past.facts):
            if webhook.id not in self._past.webhooks_done:
                self._send(webhook.id, self.provider.deliveries(webhook, time_us - now_us))
        for settlement in self.provider.settlements():
            self._settle_at(settlement)
        self._past = Past()
        self._open = True

    async def close(self) -> None:
        """Stop sending and let go of the journal; what is unfinished is taken up at the next opening."""
        self._open = False
        if self._sender is not None:
            await self._sender.stop()
        self._journal.close()

    def receive(self, request: OutsideRequest) -> Reaction:
        """Take in one attempt at ``request``. Raises `KeyReused` and `Problem` (503)."""
        if self.unfinished >= MOST_UNFINISHED:
            raise Problem(OVERLOADED, f"{self.unfinished} captures and webhooks are under way; try again later")
        try:
            reaction = self.provider.receive(request, clock_us())
        except JournalUnusable as error:
            raise Problem(JOURNAL_UNUSABLE, str(error)) from error
        self._metrics.taken(request, reaction)
        if reaction.booked is not None:
            self._book(reaction.booked)
        if reaction.settlement is not None:
            self._settle_at(reaction.settlement)
        return reaction

    def turn(self, knobs: Misbehaviour) -> None:
        """Misbehave in another way from now on, also after a restart if there is a journal. Raises `Problem` (503)."""
        try:
            self._journal.append(KnobsTurned(knobs))
        except JournalUnusable as error:
            raise Problem(JOURNAL_UNUSABLE, str(error)) from error
        self.provider.misbehaviour = knobs

    def _settle_at(self, settlement: Settlement) -> None:
        self._settling += 1
        wait_us = max(0, settlement.due_us - clock_us())
        asyncio.get_running_loop().call_later(wait_us / 1e6, self._settle, settlement.payment_id)

    def _settle(self, payment_id: str) -> None:
        self._settling -= 1
        if not self._open:
            return
        try:
            booked = self.provider.settle(payment_id, clock_us())
        except JournalUnusable as error:
            log.error("capture not collected", extra={"payment": payment_id, "trouble": str(error)})
            return
        if booked is not None:
            self._book(booked)

    def _book(self, booked: Booked) -> None:
        self._metrics.booked(booked)
        self._send(booked.webhook_id, booked.deliveries)

    def _send(self, webhook_id: str, deliveries: tuple[Delivery, ...]) -> None:
        if not deliveries:
            # After a restart it would be drawn again, perhaps under other knobs, and come after all.
            self._webhook_done(webhook_id)
        elif self._sender is not None:
            self._sender.schedule(deliveries)

    def _webhook_ended(self, ending: Ending) -> None:
        self._metrics.webhook_ended(ending)

    def _webhook_done(self, webhook_id: str) -> None:
        try:
            self._journal.append(WebhookDone(webhook_id))
        except JournalUnusable as error:
            log.error("webhook not crossed off; it will be sent again", extra={"trouble": str(error)})


def clock_us() -> int:
    """Now, in microseconds since the Unix epoch."""
    return time.time_ns() // 1_000
