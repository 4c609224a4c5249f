"""Requests over the wire and back: the mapping against a provider that is really there, and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from running_provider import RunningProvider

from reference_services.kernel.outside import (
    Authorize,
    Capture,
    LookUp,
    MessageReceipt,
    OutsideAnswer,
    OutsideRequest,
    PaymentReport,
    Refund,
    SendMessage,
    Void,
)
from reference_services.kernel.outside_http import OutsideRejected, OutsideUnavailable, parse_answer, to_http

REPORT = PaymentReport("order-1/2", "authorized", 1_000)
LOOK_UP = LookUp("l", "order-1/2")


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    with RunningProvider() as running:
        yield running


def send(provider: RunningProvider, request: OutsideRequest) -> OutsideAnswer:
    call = to_http(request)
    url = httpx.URL(provider.url).copy_with(raw_path=call.path.encode())
    response = provider.client.request(call.method, url, headers=dict(call.headers), content=call.body)
    return parse_answer(request, response.status_code, response.content)


def test_every_request_travels_and_is_answered(provider: RunningProvider) -> None:
    def status(request: OutsideRequest) -> str:
        report = send(provider, request)
        assert isinstance(report, PaymentReport)
        assert report.payment_id == "order-1/2"
        return report.status

    assert status(LOOK_UP) == "unknown"
    assert status(Authorize("a", "order-1/2", 1_000, "card-ok", "manual")) == "authorized"
    assert status(Capture("c", "order-1/2", 1_000)) == "captured"
    assert status(Void("v", "order-1/2")) == "captured"
    assert status(Refund("r", "order-1/2", 1_000)) == "refunded"
    assert status(LOOK_UP) == "refunded"
    receipt = send(provider, SendMessage("m", "anna", "receipt", "Thank you, größtenteils."))
    assert isinstance(receipt, MessageReceipt)


def test_a_request_that_can_never_succeed_is_rejected(provider: RunningProvider) -> None:
    with pytest.raises(OutsideRejected, match="amount_cents"):
        send(provider, Authorize("b", "order-2/1", -5, "card-ok"))
    send(provider, Void("reused", "order-2/1"))
    with pytest.raises(OutsideRejected, match="idempotency-key-reused"):
        send(provider, Void("reused", "order-3/1"))


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408, 409, 425])
def test_trouble_that_may_pass_asks_to_try_again(status: int) -> None:
    with pytest.raises(OutsideUnavailable, match=str(status)):
        parse_answer(LOOK_UP, status, b"{}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"status":"authorized"}',
        b'{"payment_id":"order-1/2","status":"captured"}',
        msgspec.json.encode(PaymentReport("another", "authorized")),
    ],
    ids=["empty", "not JSON", "incomplete", "no amount", "another payment"],
)
def test_an_answer_that_says_nothing_asks_to_try_again(body: bytes) -> None:
    with pytest.raises(OutsideUnavailable):
        parse_answer(LOOK_UP, 200, body)


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422])
def test_other_statuses_reject(status: int) -> None:
    with pytest.raises(OutsideRejected, match=str(status)):
        parse_answer(LOOK_UP, status, msgspec.json.encode(REPORT))


def test_unknown_fields_of_a_newer_provider_are_ignored() -> None:
    newer: dict[str, Any] = {**msgspec.to_builtins(REPORT), "fee_cents": 3}
    assert parse_answer(LOOK_UP, 200, msgspec.json.encode(newer)) == REPORT
