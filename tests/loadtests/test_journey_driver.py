"""Journeys over HTTP: what is sent, what the answers mean, and when each call was meant to begin."""

from __future__ import annotations

import socket
import threading
import time

import gevent
import jwt
import pytest
from booth import CUSTOMER, LOOK, SECRET, buy
from booth_counter import Caller, Counter

from reference_services.kernel.operation import command_id_of
from scenarios.steps import Do, Journey, Think, ThinkUntil

TIMER_SLACK_US = 1_000_000
"""How late a timer may be on a machine that is busy with other things."""


def test_an_action_is_sent_as_the_operation_says(counter: Counter, caller: Caller) -> None:
    caller.play(Do("buy", CUSTOMER, {"name": "red cap/ä"}, {"name": "cap"}, wait_s=7, idempotency_key="key-1"))
    (asked,) = counter.asked
    assert asked["REQUEST_METHOD"] == "POST"
    assert asked["PATH_INFO"].encode("latin-1").decode() == "/booth/things/red cap/ä/purchases"
    assert asked["body"] == b'{"name":"cap"}'
    assert asked["CONTENT_TYPE"] == "application/json"
    assert asked["HTTP_IDEMPOTENCY_KEY"] == "key-1"
    assert asked["HTTP_PREFER"] == "wait=7"
    claims = jwt.decode(asked["HTTP_AUTHORIZATION"].removeprefix("Bearer "), SECRET, algorithms=["HS256"])
    assert (claims["sub"], claims["role"]) == ("customer-1", "customer")
    assert claims["exp"] > time.time()


def test_a_query_by_anyone_carries_no_token_and_no_key(counter: Counter, caller: Caller) -> None:
    caller.play(LOOK)
    (asked,) = counter.asked
    assert (asked["REQUEST_METHOD"], asked["PATH_INFO"]) == ("GET", "/booth/things")
    assert not {"HTTP_AUTHORIZATION", "HTTP_IDEMPOTENCY_KEY", "HTTP_PREFER"} & set(asked)


def test_a_base_url_may_have_a_path(counter: Counter) -> None:
    Caller(f"{counter.url}/shop/").play(LOOK)
    assert counter.asked[0]["PATH_INFO"] == "/shop/booth/things"


def test_every_call_begins_a_trace_of_its_own(counter: Counter, caller: Caller) -> None:
    caller.play(LOOK, LOOK)
    traces = [asked["HTTP_TRACEPARENT"].split("-") for asked in counter.asked]
    assert [[len(part) for part in trace] for trace in traces] == [[2, 32, 16, 2]] * 2
    assert traces[0][1] != traces[1][1]


def test_only_actions_have_a_command_id(caller: Caller) -> None:
    caller.play(LOOK, buy("cap", "key-7"))
    assert [row.command_id for row in caller.rows] == ["", command_id_of(CUSTOMER, "buy", "key-7")]


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted"])
def test_success_is_ok_and_its_body_goes_back_into_the_journey(counter: Counter, caller: Caller, status: str) -> None:
    counter.status, counter.body = status, {"name": "cap"}
    (got,) = caller.play(buy("cap"))
    assert (got.outcome, got.status, got.body) == ("ok", int(status[:3]), {"name": "cap"})
    assert (caller.rows[0].outcome, caller.rows[0].status, caller.rows[0].reason) == ("ok", int(status[:3]), "")


def test_a_business_refusal_is_not_an_error(counter: Counter, caller: Caller) -> None:
    counter.refuse("409 Conflict", "sold-out")
    (got,) = caller.play(buy("cap"))
    assert (got.outcome, got.status, got.reason) == ("refused", 409, "sold-out")
    assert caller.rows[0].reason == "sold-out"


@pytest.mark.parametrize(
    ("status", "slug"),
    [("404 Not Found", "not-found"), ("409 Conflict", "x"), ("503 Service Unavailable", "overloaded")],
)
def test_every_other_problem_is_an_error(counter: Counter, caller: Caller, status: str, slug: str) -> None:
    counter.refuse(status, slug)
    (got,) = caller.play(buy("cap"))
    assert (got.outcome, got.status, got.reason) == ("error", int(status[:3]), slug)


def test_a_refusal_counts_only_as_problem_details(counter: Counter, caller: Caller) -> None:
    counter.refuse("409 Conflict", "sold-out")
    counter.content_type = "application/json"
    (got,) = caller.play(buy("cap"))
    assert (got.outcome, got.reason) == ("error", "http-409")


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
def test_an_answer_that_is_not_json_is_an_error(counter: Counter, caller: Caller, status: str) -> None:
    counter.status, counter.body = status, b"<html>"
    (got,) = caller.play(LOOK)
    assert (got.outcome, got.reason, got.body) == ("error", "unreadable-answer", None)


def test_nobody_knows_what_became_of_a_call_that_timed_out(counter: Counter) -> None:
    counter.takes_s = lambda index: 30.0 if index == 0 else 0.0
    caller = Caller(counter.url, answer_timeout_s=0.2)
    got = caller.play(buy("cap"), LOOK)
    assert [(one.outcome, one.status, one.reason) for one in got] == [("unknown", 0, "timeout"), ("ok", 200, "")]
    assert caller.rows[0].ended_us - caller.rows[0].started_us >= 200_000


def test_the_time_that_a_caller_offers_to_wait_comes_on_top(counter: Counter) -> None:
    counter.takes_s = lambda index: 0.5
    (got,) = Caller(counter.url, answer_timeout_s=0.2).play(Do("look", CUSTOMER, wait_s=5))
    assert got.outcome == "ok"


def test_a_server_that_is_not_there_leaves_it_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (got,) = Caller(f"http://127.0.0.1:{port}").play(buy("cap"))
    assert (got.outcome, got.reason) == ("unknown", "connection-refused")


def test_a_server_that_hangs_up_leaves_it_unknown() -> None:
    def hang_up(server: socket.socket) -> None:
        connection, _ = server.accept()
        connection.recv(1_000)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hang_up, args=(server,))
        thread.start()
        (got,) = Caller(f"http://127.0.0.1:{server.getsockname()[1]}").play(buy("cap"))
        thread.join()
    assert (got.outcome, got.reason) == ("unknown", "connection-lost")


def test_a_call_that_is_cut_off_is_on_record(counter: Counter, caller: Caller) -> None:
    counter.takes_s = lambda index: 30.0
    journey = gevent.spawn(caller.play, buy("cap"))
    while not counter.asked:
        gevent.sleep(0.01)
    journey.kill()
    assert [(row.outcome, row.reason) for row in caller.rows] == [("unknown", "stopped")]


def test_a_call_is_meant_to_begin_when_the_one_before_ended_plus_the_pauses(counter: Counter, caller: Caller) -> None:
    counter.takes_s = lambda index: 0.05
    caller.play(Think(100_000), LOOK, LOOK, Think(30_000), Think(20_000), LOOK)
    first, second, third = caller.rows
    assert second.intended_us == first.ended_us
    assert third.intended_us == second.ended_us + 50_000
    for row in caller.rows:
        assert row.intended_us <= row.started_us <= row.intended_us + TIMER_SLACK_US
        assert row.ended_us - row.started_us >= 50_000


def test_the_first_call_is_meant_to_begin_at_the_arrival_however_late_the_journey_is(caller: Caller) -> None:
    planned_us = caller.clock.now_us() - 3_000_000
    caller.driver.play("customer-1", "journey", one_look(), planned_us)
    assert caller.rows[0].intended_us == planned_us
    assert caller.rows[0].ended_us - planned_us >= 3_000_000


def test_every_call_tells_when_its_visit_was_planned_to_begin(caller: Caller) -> None:
    planned_us = caller.clock.now_us() - 3_000_000
    for begins_us in (planned_us, planned_us + 1):
        caller.driver.play("customer-1", "journey", two_looks(), begins_us)
    assert [row.visit_us - planned_us for row in caller.rows] == [0, 0, 1, 1]


def test_waiting_for_an_instant_ends_at_that_instant_or_at_once(caller: Caller) -> None:
    soon_us = caller.clock.now_us() + 100_000
    caller.play(ThinkUntil(soon_us), LOOK, ThinkUntil(soon_us - 50_000), LOOK)
    first, second = caller.rows
    assert first.intended_us == soon_us
    assert second.intended_us == first.ended_us


def one_look() -> Journey:
    yield LOOK


def two_looks() -> Journey:
    yield from one_look()
    yield Think(1_000)
    yield from one_look()
