"""What callers are told, and when: decided, settled, refused, or still under way."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import httpx
import pytest
from deciding import Deciding
from http_talk import assert_problem, bearer, keyed, machine_report
from kiosk import DrinksView
from running_gateway import RunningGateway

from reference_services.hosting.http.limits import Limits
from reference_services.hosting.settings import Settings


def order(client: httpx.Client, kind: str = "coffee", **headers: str) -> httpx.Response:
    return client.post("/bar/drinks", json={"kind": kind}, headers=keyed("ann", **headers))


def finish(client: httpx.Client, drink_id: str, result: str) -> None:
    body, headers = machine_report(drink_id, result)
    assert client.post("/store/webhooks/machine", content=body, headers=headers).status_code == 202


def ordered_and_finished(running: RunningGateway, result: str) -> httpx.Response:
    """Order a drink with a long wait, and let the machine finish it meanwhile."""
    before = set(running.gateway.backend.views.get(DrinksView).drinks)
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=running.url, timeout=20) as machine:
        answer = pool.submit(order, running.client, "coffee", Prefer="wait=15")
        finish(machine, new_drink(running, before), result)
        return answer.result()


def new_drink(running: RunningGateway, before: set[str]) -> str:
    drinks = running.gateway.backend.views.get(DrinksView).drinks
    end = time.monotonic() + 10
    while not (new := set(drinks) - before):
        assert time.monotonic() < end, "the order was not decided"
        time.sleep(0.005)
    return new.pop()


def test_what_is_not_settled_is_answered_with_a_place_to_ask(client: httpx.Client) -> None:
    answer = order(client)

    assert answer.status_code == 202
    assert answer.json()["status"] == "ordered"
    assert answer.headers["location"] == f"/bar/drinks/{answer.json()['drink_id']}"
    assert client.get(answer.headers["location"], headers=bearer("ann", "customer")).json() == answer.json()


def test_who_waits_gets_the_settled_outcome(running: RunningGateway) -> None:
    answer = ordered_and_finished(running, "served")

    assert answer.status_code == 201
    assert answer.json()["status"] == "served"
    assert answer.headers["preference-applied"] == "wait=15"
    assert answer.headers["location"]


def test_who_waits_is_told_of_a_refusal_in_the_end(running: RunningGateway) -> None:
    answer = ordered_and_finished(running, "spoilt")

    assert assert_problem(answer, 402, "spoilt")["reason"] == "spoilt"


def test_a_query_waits_as_well(client: httpx.Client, running: RunningGateway) -> None:
    drink_id = order(client).json()["drink_id"]
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=running.url, timeout=20) as other:
        ask = {**bearer("ann", "customer"), "Prefer": "wait=15"}
        answer = pool.submit(other.get, f"/bar/drinks/{drink_id}", headers=ask)
        time.sleep(0.1)
        assert not answer.done()
        finish(client, drink_id, "served")

        assert answer.result().json()["status"] == "served"
        assert answer.result().headers["preference-applied"] == "wait=15"


def test_a_wait_ends_with_what_there_is(client: httpx.Client) -> None:
    began = time.monotonic()
    answer = order(client, Prefer="wait=1")

    assert time.monotonic() - began >= 0.9
    assert answer.status_code == 202
    assert answer.json()["status"] == "ordered"


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=5", "wait=5"),
        ("respond-async, wait=5", "wait=5"),
        ("WAIT=5; x=y", "wait=5"),
        ('wait="5"', "wait=5"),
        ("wait=999999", "wait=30"),
        ("wait=-1", None),
        ("wait=ten", None),
        ("wait=٣", None),
        ("", None),
        ("return=minimal", None),
    ],
)
def test_preferences_are_applied_or_ignored(client: httpx.Client, prefer: str, applied: str | None) -> None:
    answer = client.get("/bar/menu", headers=[(b"Prefer", prefer.encode())])

    assert answer.status_code == 200
    assert answer.headers.get("preference-applied") == applied


def test_who_does_not_wait_is_told_that_it_is_taken_in(client: httpx.Client, deciding: Deciding) -> None:
    deciding.hold()
    try:
        answer = order(client, Prefer="wait=0")
    finally:
        deciding.go()

    assert answer.status_code == 202
    assert answer.json()["command_id"].startswith("c-")
    assert answer.json()["location"] == answer.headers["location"]


def test_an_undecided_command_is_not_lost(kiosk_settings: Settings, deciding: Deciding) -> None:
    with RunningGateway(kiosk_settings, Limits(decision_wait_s=0.2)) as hasty:
        hasty.wait_until_ready()
        deciding.hold()
        try:
            pending = order(hasty.client)
        finally:
            deciding.go()
        assert pending.status_code == 202
        end = time.monotonic() + 10
        ask = bearer("ann", "customer")
        while (answer := hasty.client.get(pending.headers["location"], headers=ask)).status_code == 404:
            assert time.monotonic() < end
            time.sleep(0.01)
    assert answer.json()["status"] == "ordered"


def test_a_business_rule_says_no(client: httpx.Client) -> None:
    body = assert_problem(order(client, "tea"), 409, "no-tea")

    assert body["reason"] == "no-tea"
    assert body["detail"] == "this is a coffee kiosk"


def test_a_reason_without_a_problem_of_its_own_is_a_conflict(client: httpx.Client) -> None:
    assert assert_problem(order(client, "soup"), 409, "no-soup")["reason"] == "no-soup"


def test_what_is_settled_at_once_is_created_at_once(client: httpx.Client) -> None:
    bean = uuid.uuid4().hex
    answer = client.post(f"/store/beans/{bean}/refills", json={"grams": 7}, headers=keyed("sue", "staff"))

    assert answer.status_code == 201
    assert answer.json() == {"bean": bean, "grams": 7}


def test_who_was_answered_reads_their_own_write(client: httpx.Client) -> None:
    bean = uuid.uuid4().hex
    totals = []
    for _ in range(5):
        client.post(f"/store/beans/{bean}/refills", json={"grams": 1}, headers=keyed("sue", "staff"))
        totals.append(client.get(f"/store/beans/{bean}", headers=bearer("sue", "staff")).json()["grams"])

    assert totals == [1, 2, 3, 4, 5]


def test_head_answers_like_get_without_a_body(client: httpx.Client) -> None:
    head, get = client.head("/bar/menu"), client.get("/bar/menu")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_a_trace_goes_on_from_the_caller_into_the_command(client: httpx.Client, deciding: Deciding) -> None:
    trace_id = uuid.uuid4().hex
    answer = order(client, traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")

    assert answer.headers["traceparent"].split("-")[1] == trace_id
    commands = [command for command in deciding.commands if trace_id in command.traceparent]
    assert [command.traceparent for command in commands] == [answer.headers["traceparent"]]
    assert commands[0].source == "kiosk.gateway"
    events = [event for record in deciding.records for event in record if trace_id in event.traceparent]
    assert [event.subject for event in events] == [commands[0].subject]


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "junk",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    ],
)
def test_a_trace_begins_where_none_can_be_taken_up(client: httpx.Client, traceparent: str) -> None:
    answers = [client.get("/bar/menu", headers={"traceparent": traceparent}) for _ in range(3)]

    traces = [answer.headers["traceparent"].split("-") for answer in answers]
    assert all(len(trace) == 4 and trace[1] != "4bf92f3577b34da6a3ce929d0e0e4736" for trace in traces)
    assert all(one[1] != next_one[1] for one, next_one in pairwise(traces))
