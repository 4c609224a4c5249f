"""The provider over HTTP: bad input, idempotency, drawn trouble, knobs and what operators ask."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from running_provider import PROMPT, RunningProvider, keyed

from reference_services.kernel.outside import Authorize
from reference_services.kernel.problem import Problem
from reference_services.payment_provider import desk
from reference_services.payment_provider.metrics import Metrics
from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.payment_provider.settings import ProviderSettings

GOOD = {"payment_id": "p", "amount_cents": 1_000, "card_token": "card-ok"}


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    with RunningProvider() as running:
        yield running


@pytest.fixture(autouse=True)
def prompt_again(provider: RunningProvider) -> None:
    """Whatever knobs a test turned, the next one starts without misbehaviour."""
    provider.turn(PROMPT)


def prompt_but(**knobs: float) -> Misbehaviour:
    """A prompt provider with some knobs turned."""
    return msgspec.structs.replace(PROMPT, **knobs)


BAD_BODIES = {
    "not JSON": (b"{", 400, "malformed-request"),
    "nothing": (b"", 400, "malformed-request"),
    "not UTF-8": (b'{"payment_id":"\xff"}', 400, "malformed-request"),
    "nested without end": (b'{"x":' + b"[" * 9_000 + b"]" * 9_000 + b"}", 422, "unprocessable"),
    "a list": (b"[]", 422, "unprocessable"),
    "too large": (b" " * 40_000, 413, "body-too-large"),
    **{
        name: (msgspec.json.encode({**GOOD, **change}), 422, "unprocessable")
        for name, change in {
            "a negative amount": {"amount_cents": -1},
            "no amount": {"amount_cents": 0},
            "a huge amount": {"amount_cents": 10**12},
            "an amount beyond 64 bits": {"amount_cents": 2**70},
            "half a cent": {"amount_cents": 1.5},
            "an amount in words": {"amount_cents": "ten"},
            "no card": {"card_token": ""},
            "a path for a name": {"payment_id": "../ledger"},
            "a name with a line break": {"payment_id": "p\n"},
            "an unknown way to capture": {"capture": "later"},
            "a field nobody knows": {"tip_cents": 5},
        }.items()
    },
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_a_problem_that_changes_nothing(provider: RunningProvider, name: str) -> None:
    body, status, slug = BAD_BODIES[name]
    answer = provider.client.post("/payments", content=body, headers=keyed(f"bad {name}".replace(" ", "-")))
    assert_problem(answer, status, slug)
    assert provider.client.get("/payments/p").json()["status"] == "unknown"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "slug"),
    [
        ("POST", "/payments", {}, 400, "idempotency-key-missing"),
        ("POST", "/payments/p/void", {}, 400, "idempotency-key-missing"),
        ("POST", "/payments/p/void", {"Idempotency-Key": "two words"}, 400, "malformed-request"),
        ("POST", "/payments/p/void", {"Idempotency-Key": "k" * 256}, 400, "malformed-request"),
        ("POST", "/payments/%20/void", {"Idempotency-Key": "k"}, 422, "unprocessable"),
        ("GET", "/payments/%FF", {}, 422, "unprocessable"),
        ("GET", "/payments/%0A", {}, 422, "unprocessable"),
        ("GET", "/payments/" + "p" * 201, {}, 422, "unprocessable"),
        ("GET", "/payments/p/void", {}, 405, "method-not-allowed"),
        ("GET", "/payments/order/1", {}, 404, "not-found"),
        ("GET", "/nowhere", {}, 404, "not-found"),
        ("DELETE", "/ledger", {}, 405, "method-not-allowed"),
    ],
)
def test_a_bad_head_is_a_problem(
    provider: RunningProvider, method: str, path: str, headers: dict[str, str], status: int, slug: str
) -> None:
    assert_problem(provider.client.request(method, path, headers=headers, json=GOOD), status, slug)


@pytest.mark.parametrize("knobs", [{"decline_share": 2}, {"declines": 0.1}, {"latency_median_us": 900_000}, []])
def test_bad_knobs_are_refused_and_change_nothing(provider: RunningProvider, knobs: Any) -> None:
    before = provider.client.get("/knobs").json()
    assert_problem(provider.client.put("/knobs", json=knobs), 422, "unprocessable")
    assert provider.client.get("/knobs").json() == before


def assert_problem(answer: httpx.Response, status: int, slug: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert (problem["type"], problem["status"]) == (f"urn:doorbuster:problem:{slug}", status)
    assert problem["title"]


def test_same_key_same_answer_and_another_request_is_refused(provider: RunningProvider) -> None:
    first = provider.authorize("idempotent")
    provider.wait_for_ledger(1)
    assert provider.authorize("idempotent").content == first.content
    assert_problem(provider.authorize("idempotent", amount_cents=1), 422, "idempotency-key-reused")
    assert sum(entry["payment_id"] == "idempotent" for entry in provider.ledger()) == 1


def test_a_message_is_told_once_however_often_it_is_asked(provider: RunningProvider) -> None:
    body = {"recipient": "anna", "kind": "receipt", "text": "Thank you."}
    receipts = {provider.client.post("/messages", json=body, headers=keyed("told")).text for _ in range(3)}
    assert len(receipts) == 1
    (notice,) = [one for one in provider.client.get("/messages").json() if one["idempotency_key"] == "told"]
    assert (notice["recipient"], notice["kind"], notice["requests"]) == ("anna", "receipt", 3)


def test_drawn_errors_come_before_or_after_the_deed(provider: RunningProvider) -> None:
    provider.turn(prompt_but(error_share=1))
    assert_problem(provider.authorize("before"), 500, "provider-failure")
    provider.turn(prompt_but(error_after_commit_share=1))
    assert_problem(provider.authorize("after"), 500, "provider-failure")
    provider.turn(PROMPT)
    assert provider.client.get("/payments/before").json()["status"] == "unknown"
    assert provider.client.get("/payments/after").json()["status"] in ("authorized", "captured")


@pytest.mark.parametrize(("knob", "status"), [("timeout_share", "captured"), ("lost_request_share", "unknown")])
def test_silence_lasts_until_the_caller_gives_up(provider: RunningProvider, knob: str, status: str) -> None:
    booked = len(provider.ledger())
    provider.turn(prompt_but(**{knob: 1}))
    with pytest.raises(httpx.ReadTimeout), httpx.Client(base_url=provider.url, timeout=0.3) as impatient:
        impatient.post("/payments", json={**GOOD, "payment_id": knob}, headers=keyed(knob))
    provider.turn(PROMPT)
    if status == "captured":
        provider.wait_for_ledger(booked + 1)
    assert provider.client.get(f"/payments/{knob}").json()["status"] == status


def test_declines_are_drawn_but_magic_cards_are_not(provider: RunningProvider) -> None:
    provider.turn(prompt_but(decline_share=1))
    assert provider.authorize("drawn", card_token="any").json()["status"] == "declined"
    assert provider.authorize("magic", card_token="card-ok").json()["status"] == "authorized"
    provider.turn(PROMPT)
    assert provider.authorize("always", card_token="card-declined").json()["reason"] == "card-declined"


def test_knobs_that_cannot_be_written_down_are_not_turned(tmp_path: Path) -> None:
    closed = desk.Desk(ProviderSettings(journal=str(tmp_path / "journal.jsonl")), Metrics())
    asyncio.run(closed.close())
    with pytest.raises(Problem) as refusal:
        closed.turn(Misbehaviour(decline_share=0.5))
    assert (refusal.value.kind.slug, refusal.value.kind.status) == ("journal-unusable", 503)
    assert closed.provider.misbehaviour == Misbehaviour()


def test_knobs_left_out_go_back_to_a_good_day(provider: RunningProvider) -> None:
    provider.turn(prompt_but(decline_share=0.5))
    assert provider.client.get("/knobs").json()["decline_share"] == 0.5
    assert provider.client.put("/knobs", json={"error_share": 0.0}).json() == msgspec.to_builtins(Misbehaviour())


def test_operators_are_answered(provider: RunningProvider) -> None:
    provider.authorize("counted")
    assert provider.client.get("/livez").json() == {"status": "alive"}
    assert provider.client.get("/readyz").json() == {"status": "ready"}
    metrics = provider.client.get("/metrics").text
    assert 'doorbuster_provider_requests_total{fate="answered",operation="Authorize"}' in metrics
    assert "doorbuster_provider_unfinished" in metrics
    documentation = provider.client.get("/docs")
    assert documentation.status_code == 200
    assert "https://" not in documentation.text, "it must work without the network, too"


def test_what_cannot_be_finished_soon_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "MOST_UNFINISHED", 3)

    async def fill() -> None:
        crowded = desk.Desk(ProviderSettings(), Metrics())
        await crowded.open()
        try:
            for number in range(3):
                crowded.receive(Authorize(f"p{number}", f"p{number}", 1, "card-ok"))
            crowded.receive(Authorize("p3", "p3", 1, "card-ok"))
        finally:
            await crowded.close()

    with pytest.raises(Problem) as refusal:
        asyncio.run(fill())
    assert refusal.value.kind.slug == "overloaded"
