"""The provider as a process: survives ``kill -9`` with its books, stops when told to, complains in one line."""

from __future__ import annotations

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import msgspec
import pytest
from running_provider import (
    LIMIT_S,
    PROMPT,
    WEBHOOK_SECRET,
    Receiver,
    RunningProvider,
    keyed,
    start_process,
    wait_until,
)

SLOW_TO_SETTLE = msgspec.structs.replace(PROMPT, settle_median_us=700_000, settle_p99_us=700_000)
LOSES_WEBHOOKS = msgspec.structs.replace(PROMPT, webhook_lost_share=1.0)
REFUND = {"amount_cents": 1_000}


def refund(provider: RunningProvider, payment_id: str) -> httpx.Response:
    return provider.client.post(f"/payments/{payment_id}/refunds", json=REFUND, headers=keyed(f"{payment_id}/refund"))


def test_books_and_webhooks_outlive_kill_9(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal.jsonl")
    deaf = 500
    with Receiver(lambda number: deaf) as receiver:
        with RunningProvider(journal=journal, webhook_url=receiver.url) as provider:
            for number in range(5):
                provider.authorize(f"p{number}")
            provider.wait_for_ledger(5)
            answer = refund(provider, "p0").json()
            ledger = provider.ledger()
            receiver.wait_for(1)
            provider.kill()
        deaf = 204
        told_in_vain = len(receiver.taken)
        with RunningProvider(journal=journal, webhook_url=receiver.url) as provider:
            assert provider.ledger() == ledger
            assert [entry["kind"] for entry in ledger] == ["capture"] * 5 + ["refund"]
            assert refund(provider, "p0").json() == answer
            receiver.wait_for(told_in_vain + 6)
            told = [(body["payment_id"], body["status"]) for body in receiver.bodies()[told_in_vain:]]
            assert sorted(told) == [
                ("p0", "captured"),
                ("p0", "refunded"),
                *((f"p{n}", "captured") for n in range(1, 5)),
            ]
            wait_until(lambda: Path(journal).read_text().count("WebhookDone") == 6)
            provider.kill()
        with RunningProvider(journal=journal, webhook_url=receiver.url) as provider:
            assert provider.ledger() == ledger
            provider.authorize("after")
            receiver.wait_for(told_in_vain + 7)
            assert receiver.bodies()[-1]["payment_id"] == "after"


def test_a_lost_webhook_stays_lost_after_kill_9(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal.jsonl")
    with Receiver() as receiver:
        with RunningProvider(journal=journal, webhook_url=receiver.url) as provider:
            provider.turn(LOSES_WEBHOOKS)
            provider.authorize("lost")
            ledger = provider.wait_for_ledger(1)
            provider.turn(PROMPT)
            provider.kill()
        with RunningProvider(journal=journal, webhook_url=receiver.url) as provider:
            assert provider.ledger() == ledger
            provider.authorize("after")
            receiver.wait_for(1)
        # Webhooks leave in order, so one that is left over would have come first.
        assert [body["payment_id"] for body in receiver.bodies()] == ["after"]


def test_knobs_stay_turned_after_kill_9(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal.jsonl")
    with RunningProvider(journal=journal) as provider:
        provider.turn(SLOW_TO_SETTLE)
        provider.turn(LOSES_WEBHOOKS)
        provider.kill()
    with RunningProvider(journal=journal) as provider:
        assert provider.client.get("/knobs").json() == msgspec.to_builtins(LOSES_WEBHOOKS)


def test_a_capture_that_was_due_during_death_is_collected_after_it(tmp_path: Path) -> None:
    journal = str(tmp_path / "journal.jsonl")
    with Receiver() as receiver:
        with RunningProvider(SLOW_TO_SETTLE, journal=journal, webhook_url=receiver.url) as provider:
            assert provider.authorize("p").json()["status"] == "authorized"
            provider.kill()
        with RunningProvider(SLOW_TO_SETTLE, journal=journal, webhook_url=receiver.url) as provider:
            (entry,) = provider.wait_for_ledger(1)
            assert entry["payment_id"] == "p"
            receiver.wait_for(1)
            assert provider.authorize("p").json()["status"] == "authorized"
            assert len(provider.ledger()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_while_callers_wait(number: signal.Signals) -> None:
    slow = msgspec.structs.replace(PROMPT, latency_median_us=60_000_000, latency_p99_us=60_000_000)
    with RunningProvider(slow) as provider, ThreadPoolExecutor(2) as pool:
        answered = pool.submit(provider.authorize, "slow")
        wait_until(lambda: provider.client.get("/metrics").text.count('operation="Authorize"') > 0)
        provider.client.put("/knobs", json={"timeout_share": 1})
        unanswered = pool.submit(provider.authorize, "never")
        wait_until(lambda: 'fate="silent"' in provider.client.get("/metrics").text)
        provider.process.send_signal(number)
        output, errors = provider.process.communicate(timeout=LIMIT_S)
        assert answered.result(LIMIT_S).json()["status"] == "authorized"
        assert unanswered.result(LIMIT_S).status_code == 504
    assert (provider.process.returncode, output, errors) == (0, "", "")


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"PROVIDER_PORT": "many"}, "DOORBUSTER_PROVIDER_PORT: Expected `int`"),
        ({"PROVIDER_KNOBS": "{"}, "DOORBUSTER_PROVIDER_KNOBS must be a JSON object"),
        (
            {"PROVIDER_KNOBS": '{"decline_share": 7}'},
            "DOORBUSTER_PROVIDER_KNOBS: decline_share: Expected `float` <= 1.0",
        ),
        ({"PROVIDER_KNOBS": '{"declines": 1}'}, "DOORBUSTER_PROVIDER_KNOBS: Object contains unknown field `declines`"),
        ({"PROVIDER_WEBHOOK_URL": "gateway"}, "DOORBUSTER_PROVIDER_WEBHOOK_URL must be http://host:port/path"),
        ({"PROVIDER_WEBHOOK_URL": "http://h/", "WEBHOOK_SECRET": ""}, "DOORBUSTER_WEBHOOK_SECRET must be whsec_"),
        ({"PROVIDER_JOURNAL": "/missing/journal"}, "/missing/journal: No such file or directory"),
        ({"LOG_LEVEL": "loud"}, "DOORBUSTER_LOG_LEVEL: Invalid enum value"),
    ],
)
def test_bad_settings_are_one_line_that_says_what_to_change(environment: dict[str, str], complaint: str) -> None:
    process = start_process({f"DOORBUSTER_{name}": value for name, value in environment.items()})
    _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 2
    assert errors.count("\n") == 1
    assert complaint in errors


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start_process({"DOORBUSTER_PROVIDER_PORT": str(port)})
        _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in errors


def test_the_secret_is_never_shown() -> None:
    with RunningProvider(webhook_url="http://127.0.0.1:9/") as provider:
        provider.authorize("p")
        provider.wait_for_ledger(1)
        shown = provider.client.get("/metrics").text + provider.client.get("/knobs").text
        code, errors = provider.stop()
    assert code == 0
    assert WEBHOOK_SECRET.removeprefix("whsec_") not in shown + errors
