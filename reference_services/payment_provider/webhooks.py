"""Sends webhooks for real: signed as Standard Webhooks has it, tried again until accepted, up to a limit.

Source of headers and signature: standardwebhooks.com, specification 1.0.0. The signature covers the time of the
attempt, so each attempt is signed anew; the id is the webhook's own and the same on every attempt and copy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import aiohttp
import msgspec
from standardwebhooks import Webhook as Signer

from ..kernel.effect import RetryPlan
from ..kernel.random_streams import stream
from .provider import WEBHOOK_PLAN, Delivery

SENDERS = 16
"""Webhooks under way at the same time."""

GONE = 410
"""The receiver wants no more of them (Standard Webhooks, "Response codes")."""

Ending = Literal["accepted", "given-up"]
log = logging.getLogger(__name__)


class _Copy:
    """One copy of a webhook on its way."""

    __slots__ = ("attempt", "body", "number", "webhook_id")

    def __init__(self, webhook_id: str, number: int, body: bytes) -> None:
        self.webhook_id = webhook_id
        self.number = number
        self.body = body
        self.attempt = 0


class WebhookSender:
    """Delivers copies of webhooks to one URL.

    ``ended`` is told how each copy ended, ``done`` of each webhook of which no copy is left. Bounding what waits is the
    caller's part: see `waiting`.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        seed: int,
        ended: Callable[[Ending], None],
        done: Callable[[str], None],
        plan: RetryPlan = WEBHOOK_PLAN,
    ) -> None:
        self._url = url
        self._signer = Signer(secret)
        self._seed = seed
        self._ended = ended
        self._done = done
        self._plan = plan
        self._due: asyncio.Queue[_Copy] = asyncio.Queue()
        self._copies_left: dict[str, int] = {}
        self._session: aiohttp.ClientSession | None = None
        self._senders: list[asyncio.Task[None]] = []

    @property
    def waiting(self) -> int:
        """Webhooks of which a copy is still to be delivered."""
        return len(self._copies_left)

    async def start(self) -> None:
        """Begin to send."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=SENDERS),
            timeout=aiohttp.ClientTimeout(total=self._plan.timeout_us / 1e6),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._senders = [asyncio.create_task(self._send_due()) for _ in range(SENDERS)]

    async def stop(self) -> None:
        """Stop at once. What was not accepted yet stays undone."""
        for sender in self._senders:
            sender.cancel()
        if self._senders:
            await asyncio.wait(self._senders)
        if self._session is not None:
            await self._session.close()

    def schedule(self, deliveries: tuple[Delivery, ...]) -> None:
        """Send the copies of one webhook, each when it is due; those due in the past at once."""
        for number, delivery in enumerate(deliveries):
            webhook = delivery.webhook
            self._copies_left[webhook.id] = self._copies_left.get(webhook.id, 0) + 1
            self._send_after(delivery.after_us, _Copy(webhook.id, number, msgspec.json.encode(webhook.report)))

    def _send_after(self, after_us: int, copy: _Copy) -> None:
        asyncio.get_running_loop().call_later(max(0, after_us) / 1e6, self._due.put_nowait, copy)

    async def _send_due(self) -> None:
        while True:
            copy = await self._due.get()
            copy.attempt += 1
            ending = await self._attempt(copy)
            if ending is not None:
                self._end(copy, ending)
                continue
            draw = stream(self._seed, "provider.webhook.retry", f"{copy.webhook_id}#{copy.number}#{copy.attempt}")
            self._send_after(self._plan.pause_us(copy.attempt, draw), copy)

    async def _attempt(self, copy: _Copy) -> Ending | None:
        """How the copy ended with this attempt; None if it is to be tried again."""
        assert self._session is not None, "start first"
        headers = self._headers(copy)
        try:
            async with self._session.post(
                self._url, data=copy.body, headers=headers, allow_redirects=False
            ) as response:
                trouble = f"status {response.status}"
                if 200 <= response.status < 300:
                    return "accepted"
                hopeless = response.status == GONE
        except (aiohttp.ClientError, TimeoutError) as error:
            trouble, hopeless = str(error) or type(error).__name__, False
        if hopeless or copy.attempt >= self._plan.attempts:
            log.warning("webhook given up", extra={"webhook": copy.webhook_id, "trouble": trouble})
            return "given-up"
        return None

    def _headers(self, copy: _Copy) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "content-type": "application/json",
            "webhook-id": copy.webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(copy.webhook_id, now, copy.body.decode()),
        }

    def _end(self, copy: _Copy, ending: Ending) -> None:
        self._ended(ending)
        left = self._copies_left[copy.webhook_id] - 1
        if left:
            self._copies_left[copy.webhook_id] = left
            return
        del self._copies_left[copy.webhook_id]
        self._done(copy.webhook_id)
