"""Webhooks as their receiver sees them: signed, repeated until accepted, duplicated and lost as drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from running_provider import PROMPT, WEBHOOK_SECRET, Receiver, RunningProvider, keyed
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from reference_services.kernel.effect import RetryPlan
from reference_services.kernel.outside import PaymentReport
from reference_services.payment_provider.books import Webhook
from reference_services.payment_provider.provider import Delivery
from reference_services.payment_provider.webhooks import Ending, WebhookSender

IMPATIENT = RetryPlan(attempts=3, timeout_us=2_000_000, base_us=1_000, cap_us=1_000)
WEBHOOK = Webhook("webhook-1", "payment.captured", PaymentReport("p", "captured", 5, 5, capture_id="c"))


class Sending:
    """Sends one webhook until all its copies are through, and keeps how it went."""

    def __init__(self, url: str, delays_us: tuple[int, ...]) -> None:
        self.endings: list[Ending] = []
        self.done: list[str] = []
        asyncio.run(asyncio.wait_for(self._send(url, delays_us), 20))

    async def _send(self, url: str, delays_us: tuple[int, ...]) -> None:
        through = asyncio.Event()

        def done(webhook_id: str) -> None:
            self.done.append(webhook_id)
            through.set()

        sender = WebhookSender(url, WEBHOOK_SECRET, 7, self.endings.append, done, IMPATIENT)
        await sender.start()
        try:
            sender.schedule(tuple(Delivery(WEBHOOK, delay_us) for delay_us in delays_us))
            assert sender.waiting == 1
            await through.wait()
            assert sender.waiting == 0
        finally:
            await sender.stop()


def answering(*statuses: int) -> Callable[[int], int]:
    """Those statuses in turn, then 204."""
    return lambda number: statuses[number - 1] if number <= len(statuses) else 204


def test_the_signature_verifies_and_covers_the_body() -> None:
    with Receiver() as receiver:
        Sending(receiver.url, (0,))
        ((headers, body),) = receiver.taken
    assert Verifier(WEBHOOK_SECRET).verify(body, headers) == msgspec.to_builtins(WEBHOOK.report)
    assert msgspec.json.decode(body, type=PaymentReport) == WEBHOOK.report
    with pytest.raises(WebhookVerificationError):
        Verifier(WEBHOOK_SECRET).verify(body.replace(b"captured", b"refunded"), headers)
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_YW5vdGhlciBzZWNyZXQ=").verify(body, headers)


def test_it_is_tried_again_under_the_same_id_until_accepted() -> None:
    with Receiver(answering(500, 404)) as receiver:
        sending = Sending(receiver.url, (0,))
    assert [headers["webhook-id"] for headers, _ in receiver.taken] == ["webhook-1"] * 3
    assert (sending.endings, sending.done) == (["accepted"], ["webhook-1"])


def test_it_is_given_up_after_the_last_attempt() -> None:
    with Receiver(answering(500, 503, 500)) as receiver:
        sending = Sending(receiver.url, (0,))
    assert len(receiver.taken) == 3
    assert (sending.endings, sending.done) == (["given-up"], ["webhook-1"])


def test_a_receiver_that_is_gone_for_good_is_left_alone() -> None:
    with Receiver(answering(410)) as receiver:
        sending = Sending(receiver.url, (0,))
    assert len(receiver.taken) == 1
    assert sending.endings == ["given-up"]


def test_nobody_there_is_trouble_like_any_other() -> None:
    with Receiver() as receiver:
        url = receiver.url
    assert Sending(url, (0,)).endings == ["given-up"]


def test_every_copy_arrives_and_is_counted_once() -> None:
    with Receiver() as receiver:
        sending = Sending(receiver.url, (0, 0, 20_000))
    assert len(receiver.taken) == 3
    assert {headers["webhook-id"] for headers, _ in receiver.taken} == {"webhook-1"}
    assert (sending.endings, sending.done) == (["accepted"] * 3, ["webhook-1"])


def test_the_provider_tells_of_captures_and_refunds() -> None:
    with Receiver() as receiver, RunningProvider(webhook_url=receiver.url) as provider:
        provider.authorize("order-1/1")
        receiver.wait_for(1)
        refund = provider.client.post("/payments/order-1%2F1/refunds", json={"amount_cents": 1_000}, headers=keyed("r"))
        receiver.wait_for(2)
        assert [body["status"] for body in receiver.bodies()] == ["captured", "refunded"]
        assert receiver.bodies()[1] == refund.json()
        for headers, body in receiver.taken:
            Verifier(WEBHOOK_SECRET).verify(body, headers)


def test_the_provider_duplicates_and_loses_webhooks_as_its_knobs_say() -> None:
    knobs = msgspec.structs.replace(
        PROMPT, webhook_duplicate_share=0.3, webhook_duplicate_spacing_up_to_us=1_000, webhook_lost_share=0.3
    )
    with Receiver() as receiver, RunningProvider(knobs, webhook_url=receiver.url) as provider:
        for number in range(30):
            provider.authorize(f"p{number}")
        provider.wait_for_ledger(30)
        # Webhooks leave in order, so the last one that is not lost marks the end.
        provider.turn(PROMPT)
        provider.authorize("last")
        while "last" not in [body["payment_id"] for body in receiver.bodies()]:
            receiver.wait_for(len(receiver.taken) + 1)
        told = [body["payment_id"] for body in receiver.bodies()]
    assert 0 < len(set(told)) < 31
    assert len(told) > len(set(told))


def test_an_early_webhook_overtakes_the_answer() -> None:
    knobs = msgspec.structs.replace(PROMPT, webhook_early_share=1.0, latency_median_us=400_000, latency_p99_us=400_000)
    with Receiver() as receiver, RunningProvider(knobs, webhook_url=receiver.url) as provider:
        answer = provider.authorize("p").json()
        assert [body["status"] for body in receiver.bodies()] == ["captured"]
        assert answer["status"] == "authorized"
