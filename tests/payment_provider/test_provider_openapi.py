"""The OpenAPI document says what the provider does: schemathesis calls every operation and compares."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from running_provider import PROMPT, RunningProvider
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from reference_services.payment_provider.app import ProviderApp
from reference_services.payment_provider.settings import ProviderSettings

SCHEMA = schemathesis.openapi.from_dict(ProviderApp(ProviderSettings()).app.openapi())
"""Made without a server, so that the operations are known when tests are collected."""

OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
EXAMPLES = 25

_numbers = itertools.count()


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    with RunningProvider() as running:
        yield running


@pytest.fixture(autouse=True)
def prompt_again(provider: RunningProvider) -> None:
    """Whatever knobs a test turned, the next one starts without misbehaviour."""
    provider.turn(PROMPT)


def test_the_document_that_is_checked_is_the_one_that_is_served(provider: RunningProvider) -> None:
    assert provider.client.get("/openapi.json").json() == SCHEMA.raw_schema


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.label for operation in OPERATIONS])
def test_it_does_what_its_document_says(operation: APIOperation, provider: RunningProvider) -> None:
    @settings(max_examples=EXAMPLES)
    @given(case=st.one_of(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))
    def keeps_to_its_document(case: schemathesis.Case) -> None:
        if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
            make_plain(case)
        # Knobs have a rule between values, a median and its percentile, which no schema can state.
        excluded = [positive_data_acceptance] if case.method == "PUT" else []
        case.call_and_validate(base_url=provider.url, excluded_checks=excluded)

    keeps_to_its_document()


def make_plain(case: schemathesis.Case) -> None:
    """Take two things out of a good request that its schema does not tell from good ones."""
    if isinstance(case.body, dict):
        # JSON Schema takes 49.0 for an integer too.
        case.body = {name: int(value) if is_whole(value) else value for name, value in case.body.items()}
    if "Idempotency-Key" in case.headers:
        # Two requests that share a key by chance would be a conflict.
        case.headers["Idempotency-Key"] = f"good-{next(_numbers)}"


def is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()
