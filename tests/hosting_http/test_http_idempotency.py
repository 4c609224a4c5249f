"""One Idempotency-Key is one request: however often, through whichever gateway, and after a restart."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from deciding import Deciding
from http_talk import assert_problem, bearer, keyed
from running_gateway import RunningGateway

from reference_services.hosting.http import backend
from reference_services.hosting.http.claims import Claims
from reference_services.hosting.http.limits import Limits
from reference_services.hosting.settings import Settings
from reference_services.kernel.operation import Principal, command_id_of

COFFEE = {"kind": "coffee"}


def order(client: httpx.Client, key: str, body: object = COFFEE, **headers: str) -> httpx.Response:
    return client.post("/bar/drinks", json=body, headers=keyed("ann", key=key, **headers))


def drink_command_id(key: str) -> str:
    return command_id_of(Principal("ann", "customer"), "order_drink", key)


def times_recorded(deciding: Deciding, command_id: str) -> int:
    """How many records the command has led to, once there is one."""
    end = time.monotonic() + 10
    while not (count := sum(record[0].causation_id == command_id for record in deciding.records)):
        assert time.monotonic() < end, "the command was never decided"
        time.sleep(0.01)
    return count


def test_a_post_needs_a_key(client: httpx.Client) -> None:
    headers = keyed("ann")
    del headers["Idempotency-Key"]

    assert_problem(client.post("/bar/drinks", json=COFFEE, headers=headers), 400, "idempotency-key-missing")


@pytest.mark.parametrize("key", ["x" * 256, "two words", "tab\there"])
def test_a_key_that_is_none_is_refused(client: httpx.Client, key: str) -> None:
    assert_problem(order(client, key), 400, "malformed-request")


def test_the_same_request_again_gets_the_same_answer_and_happens_once(client: httpx.Client, deciding: Deciding) -> None:
    key = uuid.uuid4().hex

    first, again = order(client, key), order(client, key)

    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (202, first.json())
    assert first.headers["location"] == again.headers["location"]
    assert times_recorded(deciding, drink_command_id(key)) == 1


def test_a_refusal_is_repeated_too(client: httpx.Client, deciding: Deciding) -> None:
    key = uuid.uuid4().hex

    assert_problem(order(client, key, {"kind": "tea"}), 409, "no-tea")
    assert_problem(order(client, key, {"kind": "tea"}), 409, "no-tea")
    assert times_recorded(deciding, drink_command_id(key)) == 1


def test_spaces_and_order_of_members_make_no_other_request(client: httpx.Client) -> None:
    headers = keyed("ann") | {"Content-Type": "application/json"}

    first = client.post("/bar/drinks", content=b'{"kind":"coffee","cups":2}', headers=headers)
    again = client.post("/bar/drinks", content=b'{ "cups" : 2, "kind" : "coffee" }', headers=headers)

    assert again.json() == first.json()


def test_another_body_under_the_same_key_is_refused(client: httpx.Client) -> None:
    key = uuid.uuid4().hex
    order(client, key)

    assert_problem(order(client, key, {"kind": "coffee", "cups": 2}), 422, "idempotency-key-reused")


def test_another_path_under_the_same_key_is_refused(client: httpx.Client, deciding: Deciding) -> None:
    headers = keyed("sue", "staff")
    bean, other = uuid.uuid4().hex, uuid.uuid4().hex

    assert client.post(f"/store/beans/{bean}/refills", json={"grams": 5}, headers=headers).status_code == 201
    refused = client.post(f"/store/beans/{other}/refills", json={"grams": 5}, headers=headers)

    assert_problem(refused, 422, "idempotency-key-reused")
    assert not any(command.subject == f"beans/{other}" for command in deciding.commands)


def test_two_callers_may_use_the_same_key(client: httpx.Client) -> None:
    key = uuid.uuid4().hex
    ann = order(client, key)
    bob = client.post("/bar/drinks", json={"kind": "mocha"}, headers=keyed("bob", key=key))

    assert bob.status_code == 202
    assert bob.json()["drink_id"] != ann.json()["drink_id"]


def test_a_put_needs_no_key_but_keeps_one(client: httpx.Client) -> None:
    path = f"{order(client, uuid.uuid4().hex).headers['location']}/label"
    headers = keyed("ann")
    without = {name: value for name, value in headers.items() if name != "Idempotency-Key"}

    assert client.put(path, json={"label": "Ann"}, headers=without).json()["label"] == "Ann"
    assert client.put(path, json={"label": "Anne"}, headers=without).json()["label"] == "Anne"
    assert client.put(path, json={"label": "Annie"}, headers=headers).json()["label"] == "Annie"
    assert_problem(client.put(path, json={"label": "Bob"}, headers=headers), 422, "idempotency-key-reused")


def test_an_empty_key_is_none_where_none_is_needed(client: httpx.Client) -> None:
    made = order(client, uuid.uuid4().hex).json()
    headers = bearer("ann", "customer") | {"Idempotency-Key": ""}
    answer = client.put(f"/bar/drinks/{made['drink_id']}/label", json={"label": "x"}, headers=headers)

    assert_problem(answer, 400, "malformed-request")


def test_a_restarted_gateway_still_knows_its_keys(kiosk_settings: Settings, deciding: Deciding) -> None:
    key, refused_key = uuid.uuid4().hex, uuid.uuid4().hex
    with RunningGateway(kiosk_settings) as before:
        before.wait_until_ready()
        first = order(before.client, key)
        order(before.client, refused_key, {"kind": "tea"})

    with RunningGateway(kiosk_settings) as after:
        after.wait_until_ready()
        again = order(after.client, key)

        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert_problem(order(after.client, key, {"kind": "mocha"}), 422, "idempotency-key-reused")
        assert_problem(order(after.client, refused_key, {"kind": "tea"}), 409, "no-tea")
        assert_problem(order(after.client, refused_key), 422, "idempotency-key-reused")
    assert times_recorded(deciding, drink_command_id(key)) == 1


def test_of_two_requests_racing_through_two_gateways_one_is_accepted(
    kiosk_settings: Settings, client: httpx.Client, deciding: Deciding
) -> None:
    """The two address two aggregates, so no aggregate could tell."""
    rounds = 15
    with RunningGateway(kiosk_settings) as other, ThreadPoolExecutor(2) as pool:
        other.wait_until_ready()
        for number in range(rounds):
            headers, start = keyed("sue", "staff"), Barrier(2)

            def refill(through: httpx.Client, bean: str, headers: dict[str, str], start: Barrier) -> httpx.Response:
                start.wait()
                return through.post(f"/store/beans/{bean}/refills", json={"grams": 1}, headers=headers)

            beans = f"left-{headers['Idempotency-Key']}", f"right-{headers['Idempotency-Key']}"
            answers = list(pool.map(refill, (client, other.client), beans, (headers,) * 2, (start,) * 2))

            assert sorted(answer.status_code for answer in answers) == [201, 422], f"round {number}"
            decided = [record for record in deciding.records if record[0].subject.removeprefix("beans/") in beans]
            assert len(decided) == 1


def test_a_repetition_through_another_gateway_joins_the_first(kiosk_settings: Settings, deciding: Deciding) -> None:
    """As after a gateway's death: its claim is there, a decision is not. The very same command is sent again."""
    key = uuid.uuid4().hex
    with RunningGateway(kiosk_settings) as one, RunningGateway(kiosk_settings) as two:
        one.wait_until_ready()
        two.wait_until_ready()
        deciding.hold()
        try:
            pending = order(one.client, key, Prefer="wait=0")
            still_pending = order(two.client, key, Prefer="wait=0")
            assert_problem(order(two.client, key, {"kind": "mocha"}), 422, "idempotency-key-reused")
        finally:
            deciding.go()
        answer = order(two.client, key)

    assert pending.status_code == still_pending.status_code == 202
    assert pending.json() == still_pending.json()
    assert answer.json()["status"] == "ordered"
    sent = [command for command in deciding.commands if command.id == drink_command_id(key)]
    assert len(sent) >= 2
    assert all(command == sent[0] for command in sent)
    assert times_recorded(deciding, drink_command_id(key)) == 1


def test_a_repetition_while_the_first_is_being_decided_is_refused(running: RunningGateway, deciding: Deciding) -> None:
    key = uuid.uuid4().hex
    with ThreadPoolExecutor(1) as pool:
        deciding.hold()
        try:
            first = pool.submit(order, running.client, key)
            while running.gateway.backend.in_flight() == 0:
                time.sleep(0.005)
            with httpx.Client(base_url=running.url, timeout=20) as other:
                assert_problem(order(other, key), 409, "request-in-flight")
        finally:
            deciding.go()
        assert first.result().status_code == 202
    assert order(running.client, key).json() == first.result().json()


def test_only_the_latest_requests_are_remembered(kiosk_settings: Settings, deciding: Deciding) -> None:
    """Beyond that the aggregate still drops the copy; the caller is told where to ask, not a second story."""
    limits = Limits(requests_remembered=2, decision_wait_s=0.2)
    key = uuid.uuid4().hex
    with RunningGateway(kiosk_settings, limits) as small:
        small.wait_until_ready()
        first = order(small.client, key)
        for _ in range(2):
            order(small.client, uuid.uuid4().hex)
        again = order(small.client, key)

    assert again.status_code == 202
    assert again.headers["location"] == first.headers["location"]
    assert times_recorded(deciding, drink_command_id(key)) == 1


def test_who_holds_a_key_is_not_waited_for_beyond_the_end(
    kiosk_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "LAST_APPENDS_S", 0.2)
    monkeypatch.setattr(Claims, "note", lambda claims, raw: None)  # deaf to the topic that tells
    with RunningGateway(kiosk_settings, Limits(append_timeout_s=60)) as deaf, ThreadPoolExecutor(1) as pool:
        deaf.wait_until_ready()
        waiting = pool.submit(order, deaf.client, uuid.uuid4().hex)
        while not deaf.gateway.backend.in_flight():
            time.sleep(0.005)
        deaf.stop()

        assert_problem(waiting.result(), 503, "log-unreachable")
