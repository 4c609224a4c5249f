"""Webhooks: signed over the raw bytes, answered once durable, welcome any number of times."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from deciding import Deciding
from http_talk import assert_problem, bearer, keyed, machine_report, signed

PATH = "/store/webhooks/machine"
REPORT = '{"drink_id":"d-1","result":"served"}'


def eventually_decided(deciding: Deciding, subject: str, count: int) -> None:
    end = time.monotonic() + 10
    while sum(command.subject == subject for command in deciding.commands) < count:
        assert time.monotonic() < end, "the command did not arrive"
        time.sleep(0.01)


def test_a_report_is_taken_in_and_acted_upon(client: httpx.Client) -> None:
    mine = client.post("/bar/drinks", json={"kind": "coffee"}, headers=keyed("ann"))
    body, headers = machine_report(mine.json()["drink_id"], "served")

    answer = client.post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"taken": True})

    drink = client.get(mine.headers["location"], headers={**bearer("ann", "customer"), "Prefer": "wait=10"})
    assert drink.json()["status"] == "served"


def test_no_decision_is_waited_for(client: httpx.Client, deciding: Deciding) -> None:
    body, headers = machine_report("d-nobody-ordered", "served")
    deciding.hold()
    try:
        assert client.post(PATH, content=body, headers=headers).status_code == 202
    finally:
        deciding.go()


def test_a_repeated_webhook_is_the_same_command(client: httpx.Client, deciding: Deciding) -> None:
    drink_id, webhook_id = uuid.uuid4().hex, uuid.uuid4().hex
    for _ in range(3):
        body, headers = machine_report(drink_id, "served", webhook_id)
        assert client.post(PATH, content=body, headers=headers).status_code == 202
    eventually_decided(deciding, f"drink/{drink_id}", 3)

    assert len({command.id for command in deciding.commands if command.subject == f"drink/{drink_id}"}) == 1


def test_an_id_with_any_characters_becomes_a_plain_command_id(client: httpx.Client, deciding: Deciding) -> None:
    drink_id = uuid.uuid4().hex
    body, headers = machine_report(drink_id, "served", "msg:1/2 3")
    assert client.post(PATH, content=body, headers=headers).status_code == 202
    eventually_decided(deciding, f"drink/{drink_id}", 1)

    (command,) = [command for command in deciding.commands if command.subject == f"drink/{drink_id}"]
    assert command.id.removeprefix("c-").isalnum()


def bad_webhooks() -> dict[str, tuple[bytes, dict[str, str]]]:
    now = datetime.now(UTC)
    body, good = signed(REPORT, "msg-1", now)
    return {
        "another body": (body.replace(b"served", b"spoilt"), good),
        "one more space": (body + b" ", good),
        "another id": (body, {**good, "webhook-id": "msg-2"}),
        "no signature": (body, {**good, "webhook-signature": ""}),
        "a signature that is no base64": (body, {**good, "webhook-signature": "v1,***"}),
        "a signature without version": (body, {**good, "webhook-signature": "abc"}),
        "another version": (body, {**good, "webhook-signature": good["webhook-signature"].replace("v1", "v2")}),
        "no id": (body, {**good, "webhook-id": ""}),
        "no timestamp": (body, {**good, "webhook-timestamp": ""}),
        "a timestamp that is no number": (body, {**good, "webhook-timestamp": "yesterday"}),
        "a timestamp that is no time": (body, {**good, "webhook-timestamp": "nan"}),
        "too old": signed(REPORT, "msg-1", now - timedelta(minutes=6)),
        "too new": signed(REPORT, "msg-1", now + timedelta(minutes=6)),
        "not UTF-8": (b"\xff" + body, good),
        "a long id": signed(REPORT, "x" * 300, now),
    }


@pytest.mark.parametrize("name", list(bad_webhooks()))
def test_a_bad_signature_is_refused(client: httpx.Client, deciding: Deciding, name: str) -> None:
    body, headers = bad_webhooks()[name]
    before = len(deciding.commands)
    answer = client.post(PATH, content=body, headers=headers)

    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Webhook"
    assert len(deciding.commands) == before


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ("{", 400, "malformed-request"),
        ('{"drink_id":"d-1","result":"burnt"}', 422, "unprocessable"),
        ("[]", 422, "unprocessable"),
    ],
)
def test_a_signed_body_is_checked_all_the_same(client: httpx.Client, body: str, status: int, slug: str) -> None:
    content, headers = signed(body, uuid.uuid4().hex)

    assert_problem(client.post(PATH, content=content, headers=headers), status, slug)


def test_a_bearer_token_is_no_signature(client: httpx.Client) -> None:
    headers = {**bearer("machine", "provider"), "Content-Type": "application/json"}

    assert_problem(client.post(PATH, content=REPORT, headers=headers), 401, "unauthenticated")
