"""Overload is answered early, a gateway that is not ready says so, and operators can see in."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from deciding import Deciding
from http_talk import assert_problem, bearer, keyed, machine_report
from kiosk import kiosk
from running_gateway import RunningGateway

from reference_services.hosting.broker import free_port
from reference_services.hosting.http.limits import Limits
from reference_services.hosting.settings import BadSettings, Settings


def order(url: str, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/bar/drinks", json={"kind": "coffee"}, headers=keyed("ann", **headers), timeout=20)


def metric(client: httpx.Client, line: str) -> float:
    found = re.search(rf"^{re.escape(line)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_who_would_have_to_queue_is_turned_away_early(kiosk_settings: Settings, deciding: Deciding) -> None:
    with RunningGateway(kiosk_settings, Limits(max_undecided=2)) as small, ThreadPoolExecutor(2) as pool:
        small.wait_until_ready()
        deciding.hold()
        try:
            taken = [pool.submit(order, small.url, Prefer="wait=15") for _ in range(2)]
            while small.gateway.backend.in_flight() < 2:
                time.sleep(0.005)
            assert metric(small.client, "doorbuster_http_undecided") == 2
            answer = order(small.url)
            body, headers = machine_report("d-1", "served")
            webhook = small.client.post("/store/webhooks/machine", content=body, headers=headers)
            query = small.client.get("/bar/menu")
        finally:
            deciding.go()
            small.gateway.backend.waiters.close()
        assert [request.result().status_code for request in taken] == [202, 202]
        assert order(small.url).status_code == 202

    assert_problem(answer, 503, "overloaded")
    assert int(answer.headers["retry-after"]) >= 1
    assert webhook.status_code == 202
    assert query.status_code == 200


def test_who_would_wait_as_one_too_many_is_answered_at_once(kiosk_settings: Settings, deciding: Deciding) -> None:
    with RunningGateway(kiosk_settings, Limits(max_waiting=1)) as small, ThreadPoolExecutor(1) as pool:
        small.wait_until_ready()
        path = order(small.url).headers["location"]
        ask = {**bearer("ann", "customer"), "Prefer": "wait=20"}
        waiting = pool.submit(httpx.get, f"{small.url}{path}", headers=ask, timeout=30)
        time.sleep(0.2)
        began = time.monotonic()
        answer = small.client.get(path, headers=ask)
        assert time.monotonic() - began < 10
        assert answer.json()["status"] == "ordered"
        assert not waiting.done()
        small.gateway.backend.waiters.close()
        assert waiting.result().json()["status"] == "ordered"


def test_a_gateway_without_broker_is_alive_but_not_ready(kiosk_settings: Settings) -> None:
    nowhere = kiosk_settings.changed(broker=f"kafka://127.0.0.1:{free_port()}")
    with RunningGateway(nowhere) as lonely:
        assert lonely.client.get("/livez").json() == {"status": "alive"}
        problem = assert_problem(lonely.client.get("/readyz"), 503, "not-ready")
        refused = order(lonely.url)
        query = lonely.client.get("/bar/menu")

    assert problem["detail"]
    for answer in (refused, query):
        assert_problem(answer, 503, "not-ready")
        assert answer.headers["retry-after"]


def test_a_gateway_that_went_blind_stops(kiosk_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    blind = RunningGateway(kiosk_settings)

    async def stumble() -> None:
        raise RuntimeError("lost my glasses")

    monkeypatch.setattr(blind.gateway.backend.tail, "run", stumble)
    blind.run_until_it_stops()

    assert blind.gateway.backend.failed


def test_operators_can_see_in(running: RunningGateway) -> None:
    client = running.client
    counted = 'doorbuster_http_requests_total{operation="order_drink",outcome="ok",status="202"}'
    timed = 'doorbuster_http_request_seconds_count{operation="order_drink"}'
    refused = 'doorbuster_http_requests_total{operation="order_drink",outcome="refused",status="401"}'
    before = [metric(client, line) for line in (counted, timed, refused)]
    order(running.url)
    client.post("/bar/drinks")

    assert [metric(client, line) for line in (counted, timed, refused)] == [before[0] + 1, before[1] + 2, before[2] + 1]
    assert metric(client, "doorbuster_http_open_requests") == 0
    for partition in range(2):
        labels = f'group="kiosk.gateway",partition="{partition}",topic="kiosk.bar.events"'
        assert f"doorbuster_consumer_lag{{{labels}}} 0.0" in client.get("/metrics").text
    assert metric(client, "process_resident_memory_bytes") > 0


def test_a_record_that_cannot_be_read_is_counted_and_hides_nothing(kiosk_settings: Settings) -> None:
    other = kiosk("corner")
    settings = kiosk_settings.changed(system="corner")
    with Deciding(other, settings) as worker, RunningGateway(settings) as corner:
        corner.wait_until_ready()
        for junk in (b"", b"junk", b"[]", b'[{"id":"x"}]'):
            for partition in range(settings.partitions):
                worker.append("corner.bar.events", junk, partition)
                worker.append("corner.gateway.requests", junk, partition)

        assert order(corner.url).status_code == 202
        assert metric(corner.client, "doorbuster_gateway_skipped_total") == 16


def test_limits_come_from_the_environment() -> None:
    limits = Limits.from_environment({"DOORBUSTER_MAX_UNDECIDED": "5", "DOORBUSTER_DECISION_WAIT_S": "0.5"})

    assert (limits.max_undecided, limits.decision_wait_s) == (5, 0.5)
    assert limits.max_wait_s == Limits().max_wait_s


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_a_limit_that_cannot_work_is_named(value: str) -> None:
    with pytest.raises(BadSettings, match="DOORBUSTER_MAX_UNDECIDED"):
        Limits.from_environment({"DOORBUSTER_MAX_UNDECIDED": value})
