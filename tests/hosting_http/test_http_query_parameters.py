"""Query parameters: read into the struct that a query declares, refused with a problem, and described in OpenAPI."""

from __future__ import annotations

import httpx
import pytest
from http_talk import assert_problem
from premises import Serve

from reference_services.hosting.http.openapi import openapi_document
from reference_services.registry import load_system

CLINIC = load_system("clinic", {})
SEARCH = "/schedules/availability"


@pytest.fixture
def clinic(served: Serve) -> httpx.Client:
    return served("clinic").gateway.client


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
