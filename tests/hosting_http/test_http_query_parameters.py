"""Query parameters: read into the struct that a query declares, refused with a problem, and described in OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from conftest import TOKEN_SECRET, WEBHOOK_SECRET, RunningGateway, assert_problem

from reference_services.hosting.broker import EmbeddedBroker
from reference_services.hosting.http.openapi import openapi_document
from reference_services.hosting.settings import Settings
from reference_services.registry import load_system

CLINIC = load_system("clinic", {})
SEARCH = "/schedules/availability"


@pytest.fixture(scope="module")
def clinic(broker: EmbeddedBroker) -> Iterator[httpx.Client]:
    settings = Settings(
        system="clinic",
        broker=broker.url,
        broker_embedded=True,
        partitions=1,
        token_secret=TOKEN_SECRET,
        webhook_secret=WEBHOOK_SECRET,
    )
    with RunningGateway(settings, system=CLINIC) as gateway:
        yield gateway.wait_until_ready().client


@pytest.mark.parametrize(
    ("query", "status", "slug", "words"),
    [
        ("", 422, "unprocessable", "missing required field"),
        ("clinic_id=c&service=visit&limit=many", 422, "unprocessable", "limit"),
        ("clinic_id=c&service=visit&limit=0", 422, "unprocessable", ">= 1"),
        ("clinic_id=c&service=visit&colour=red", 422, "unprocessable", "colour"),
        ("clinic_id=c&clinic_id=d&service=visit", 400, "malformed-request", "twice"),
        ("clinic_id=%ff&service=visit", 400, "malformed-request", "cannot be read"),
        ("&".join(f"p{number}=1" for number in range(60)), 400, "malformed-request", "cannot be read"),
        ("clinic_id=c&service=visit&limit=5", 404, "not-found", "no clinic 'c'"),
    ],
)
def test_a_query_string_is_read_or_refused(
    clinic: httpx.Client, query: str, status: int, slug: str, words: str
) -> None:
    problem = assert_problem(clinic.get(f"{SEARCH}?{query}"), status, slug)
    assert words in problem["detail"]


def test_the_parameters_are_described() -> None:
    document = openapi_document(CLINIC, CLINIC.service("schedules"))
    search = document["paths"]["/availability"]["get"]
    described = {each["name"]: each for each in search["parameters"] if each["in"] == "query"}
    assert {name for name, each in described.items() if each["required"]} == {"clinic_id", "service"}
    assert described["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    assert {"400", "422"} <= set(search["responses"])
