"""What a journey asks a query travels in the query string, encoded, and what is None is left out."""

from __future__ import annotations

from typing import Any

import pytest

from loadtests.driver import _with_parameters


@pytest.mark.parametrize(
    ("parameters", "uri"),
    [
        (None, "/a"),
        ({}, "/a"),
        ({"clinic_id": "c-1", "limit": 5}, "/a?clinic_id=c-1&limit=5"),
        (
            {"provider_id": None, "earliest": "2026-10-25T02:30:00+01:00"},
            "/a?earliest=2026-10-25T02%3A30%3A00%2B01%3A00",
        ),
    ],
)
def test_parameters_become_a_query_string(parameters: dict[str, Any] | None, uri: str) -> None:
    assert _with_parameters("/a", parameters) == uri
