"""The bike share's public feed as a real gateway serves it, whatever else the gateway was asked for before."""

from __future__ import annotations

import time

import httpx
import pytest
from gbfs_validator import validate_feed
from http_talk import assert_problem
from premises import Serve

from reference_services.kernel.edge import instant_us

DISCOVERY = "/gbfs/gbfs.json"
STATUS = "/gbfs/3.0/station_status.json"


def test_the_feed_is_valid(served: Serve) -> None:
    report = validate_feed(f"{served('bikeshare').gateway.url}{DISCOVERY}")

    assert [(each["file"], each.get("errors")) for each in report["files"] if each.get("hasErrors")] == []
    assert report["summary"]["version"]["validated"] == "3.0"


def test_links_lead_to_where_it_was_asked_for(served: Serve) -> None:
    gateway = served("bikeshare").gateway
    for feed in gateway.client.get(DISCOVERY).json()["data"]["feeds"]:
        assert feed["url"].startswith(gateway.url)
        assert httpx.get(feed["url"]).status_code == 200


def test_a_gateway_that_hears_the_broker_shows_what_is_new(served: Serve) -> None:
    answer = served("bikeshare").gateway.client.get(STATUS)

    age_us = time.time_ns() // 1_000 - instant_us(answer.json()["last_updated"])
    assert 0 <= age_us <= 10_000_000


def test_a_gateway_that_hears_nothing_shows_nothing_and_says_when_to_ask_again(
    served: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = served("bikeshare").gateway
    monkeypatch.setattr(gateway.gateway.backend, "views_age_us", lambda now_us: 10_000_001)

    answer = gateway.client.get(STATUS)

    assert_problem(answer, 503, "not-ready")
    assert answer.headers["retry-after"] == "1"
