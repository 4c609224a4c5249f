"""The documents say what the services do: schemathesis calls every operation with good and bad data, and compares."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import schemathesis
from bookshop import SKU, open_shop, place_order
from conftest import TOKEN_SECRET, WEBHOOK_SECRET, RunningGateway, keyed
from deciding import Deciding
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from standardwebhooks import Webhook

from reference_services.hosting.broker import EmbeddedBroker
from reference_services.hosting.settings import Settings
from reference_services.hosting.tokens import mint
from reference_services.kernel.operation import Action, Principal, Query
from reference_services.kernel.system import Service
from reference_services.registry import load_system

BOOKSTORE = load_system("bookstore", {})
OPERATIONS = list(BOOKSTORE.operations())
GOOD_EXAMPLES = 15
BAD_EXAMPLES = 25

RULES_BEYOND_SCHEMA = ("list_product", "place_order")
"""Operations with rules between values, such as "closes after it opens", so that good types do not make good data."""

DECIDED = {200, 201, 202, 409}
"""Answers that a request gets only after it has passed every check of the HTTP side."""

pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")


@pytest.fixture(scope="module")
def shop(broker: EmbeddedBroker) -> Iterator[RunningGateway]:
    served = Settings(
        system="bookstore",
        broker=broker.url,
        broker_embedded=True,
        partitions=2,
        token_secret=TOKEN_SECRET,
        webhook_secret=WEBHOOK_SECRET,
    )
    with Deciding(BOOKSTORE, served), RunningGateway(served, system=BOOKSTORE) as gateway:
        gateway.wait_until_ready()
        open_shop(gateway.client)
        yield gateway


@pytest.fixture(scope="module")
def documents(shop: RunningGateway) -> dict[str, dict[str, Any]]:
    return {service.name: shop.client.get(f"/{service.name}/openapi.json").json() for service in BOOKSTORE.services}


@pytest.fixture(scope="module")
def known(shop: RunningGateway) -> dict[str, str]:
    """Names of things that are there, by the placeholder that stands for them."""
    cart = shop.client.post("/orders/carts", headers=keyed("ann")).json()
    return {"sku": SKU, "cart_id": cart["cart_id"], "order_id": place_order(shop.client).json()["order_id"]}


class Caller(requests.auth.AuthBase):
    """Adds what a caller of one operation knows and schemathesis cannot: a token or a signature."""

    def __init__(self, operation: Action | Query) -> None:
        self._signed = isinstance(operation, Action) and operation.signed
        self._token = mint(Principal("ann", operation.roles[0]), TOKEN_SECRET, 600)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._signed:
            self._sign(request)
        else:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    @staticmethod
    def _sign(request: requests.PreparedRequest) -> None:
        webhook_id, sent_at = uuid.uuid4().hex, datetime.now(UTC)
        body = request.body or b""
        text = body.decode(errors="replace") if isinstance(body, bytes) else body
        request.headers["webhook-id"] = webhook_id
        request.headers["webhook-timestamp"] = str(int(sent_at.timestamp()))
        request.headers["webhook-signature"] = Webhook(WEBHOOK_SECRET).sign(webhook_id, sent_at, text)


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )


def without_credentials(document: dict[str, Any]) -> dict[str, Any]:
    """``document`` without what the caller adds to every request, so that nothing is made bad that is then mended."""
    bare: dict[str, Any] = copy.deepcopy(document)
    del bare["components"]["securitySchemes"]
    for path in bare["paths"].values():
        for operation in path.values():
            del operation["security"]
            operation["parameters"] = [
                parameter for parameter in operation["parameters"] if not parameter["name"].startswith("webhook-")
            ]
    return bare


def with_plain_integers(value: Any) -> Any:
    """``value`` with 49 for 49.0: JSON Schema calls both integers, but the services take only the first."""
    if isinstance(value, dict):
        return {name: with_plain_integers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_plain_integers(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def named(operations: list[tuple[Service, Action | Query]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("service", "operation"), operations, ids=[operation.name for _, operation in operations]
    )


@named(OPERATIONS)
def test_good_requests_are_taken_and_answered_as_documented(
    documents: dict[str, dict[str, Any]],
    shop: RunningGateway,
    known: dict[str, str],
    service: Service,
    operation: Action | Query,
) -> None:
    schema = schemathesis.openapi.from_dict(documents[service.name])
    statuses: set[int] = set()
    beyond_schema = [positive_data_acceptance] if operation.name in RULES_BEYOND_SCHEMA else []

    @bounded(GOOD_EXAMPLES)
    @given(case=schema[operation.path][operation.method].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def keeps_to_its_document(case: schemathesis.Case) -> None:
        case.body = with_plain_integers(case.body)
        case.path_parameters = {name: known[name] for name in case.path_parameters}
        if isinstance(operation, Action) and not operation.signed:
            case.headers["Idempotency-Key"] = uuid.uuid4().hex
        answer = case.call_and_validate(
            f"{shop.url}/{service.name}", auth=Caller(operation), excluded_checks=beyond_schema
        )
        statuses.add(answer.status_code)

    keeps_to_its_document()
    assert statuses & DECIDED or operation.name in RULES_BEYOND_SCHEMA


@named([pair for pair in OPERATIONS if isinstance(pair[1], Action) or "{" in pair[1].path])
def test_bad_requests_are_refused_as_documented(
    documents: dict[str, dict[str, Any]], shop: RunningGateway, service: Service, operation: Action | Query
) -> None:
    schema = schemathesis.openapi.from_dict(without_credentials(documents[service.name]))

    @bounded(BAD_EXAMPLES)
    @given(case=schema[operation.path][operation.method].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def keeps_to_its_document(case: schemathesis.Case) -> None:
        case.call_and_validate(f"{shop.url}/{service.name}", auth=Caller(operation))

    keeps_to_its_document()


def test_documents_can_be_read_by_people_too(shop: RunningGateway) -> None:
    for service in BOOKSTORE.services:
        page = shop.client.get(f"/{service.name}/docs")

        assert page.status_code == 200
        assert f"/{service.name}/openapi.json" in page.text
        (script,) = re.findall(r'<script src="([^"]+)"', page.text)
        assert shop.client.get(script).status_code == 200, "it must work without the network, too"
