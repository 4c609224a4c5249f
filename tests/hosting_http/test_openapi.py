"""The documents say what the services do: schemathesis calls every operation with good and bad data, and compares."""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import schemathesis
from http_talk import TOKEN_SECRET, WEBHOOK_SECRET
from hypothesis import HealthCheck, Phase, given, settings
from premises import SYSTEMS, Premises, Serve
from running_gateway import RunningGateway
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from standardwebhooks import Webhook

from reference_services.hosting.tokens import mint
from reference_services.kernel.operation import Action, Principal, Query
from reference_services.kernel.system import Service
from reference_services.registry import system_names

GOOD_EXAMPLES = 15
BAD_EXAMPLES = 25

RULES_BEYOND_SCHEMA = ("list_product", "place_order", "take_payment_report")
"""Operations with rules between values, such as "closes after it opens", so that good types do not make good data."""

DECIDED = {200, 201, 202, 402, 409}
"""Answers that a request gets only after it has passed every check of the HTTP side."""

TAKEN = schemathesis.Config.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "402", "404", "409"]}}}
)
"""What good data may be answered: it is taken, what it names is not there, or a business rule refuses it."""


@dataclass(frozen=True)
class Asked:
    """One operation that is asked for, and whose it is."""

    system: str
    service: Service
    operation: Action | Query

    def url(self, gateway: RunningGateway) -> str:
        return f"{gateway.url}/{self.service.name}"

    def document(self, gateway: RunningGateway) -> dict[str, Any]:
        """What the service says of itself."""
        document: dict[str, Any] = gateway.client.get(f"/{self.service.name}/openapi.json").json()
        return document


ASKED = [Asked(name, *pair) for name, system in SYSTEMS.items() for pair in system.operations()]


class Caller(requests.auth.AuthBase):
    """Adds what a caller of one operation knows and schemathesis cannot: a token or a signature."""

    def __init__(self, operation: Action | Query, premises: Premises) -> None:
        self._signed = isinstance(operation, Action) and operation.signed
        role = operation.roles[0]
        self._token = mint(Principal(premises.callers.get(role, "ann"), role), TOKEN_SECRET, 600)

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


def with_said(value: Any, said: dict[str, Any]) -> Any:
    """``value`` with what is ``said`` under each member's name, in place of what was drawn."""
    if isinstance(value, dict):
        return {name: said.get(name, with_said(member, said)) for name, member in value.items()}
    return value


def named(asked: list[Asked]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("asked", asked, ids=[f"{each.system}:{each.operation.name}" for each in asked])


def test_no_system_is_left_out() -> None:
    assert set(SYSTEMS) == set(system_names())


@named(ASKED)
def test_good_requests_are_taken_and_answered_as_documented(served: Serve, asked: Asked) -> None:
    gateway, _, premises = served(asked.system)
    operation = asked.operation
    schema = schemathesis.openapi.from_dict(asked.document(gateway), config=TAKEN)
    statuses: set[int] = set()
    beyond_schema = [positive_data_acceptance] if operation.name in RULES_BEYOND_SCHEMA else []

    @bounded(GOOD_EXAMPLES)
    @given(case=schema[operation.path][operation.method].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def keeps_to_its_document(case: schemathesis.Case) -> None:
        case.body = with_said(with_plain_integers(case.body), premises.said)
        case.query = with_said(case.query, premises.said)
        case.path_parameters = {name: premises.known[name] for name in case.path_parameters}
        if isinstance(operation, Action) and not operation.signed:
            case.headers["Idempotency-Key"] = uuid.uuid4().hex
        answer = case.call_and_validate(
            asked.url(gateway), auth=Caller(operation, premises), excluded_checks=beyond_schema
        )
        statuses.add(answer.status_code)

    keeps_to_its_document()
    assert statuses & DECIDED or operation.name in RULES_BEYOND_SCHEMA


@named([each for each in ASKED if isinstance(each.operation, Action) or "{" in each.operation.path])
def test_bad_requests_are_refused_as_documented(served: Serve, asked: Asked) -> None:
    gateway, _, premises = served(asked.system)
    operation = asked.operation
    schema = schemathesis.openapi.from_dict(without_credentials(asked.document(gateway)))

    @bounded(BAD_EXAMPLES)
    @given(case=schema[operation.path][operation.method].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def keeps_to_its_document(case: schemathesis.Case) -> None:
        case.call_and_validate(asked.url(gateway), auth=Caller(operation, premises))

    keeps_to_its_document()


@pytest.mark.parametrize("name", SYSTEMS)
def test_documents_can_be_read_by_people_too(served: Serve, name: str) -> None:
    gateway, _, _ = served(name)
    for service in SYSTEMS[name].services:
        page = gateway.client.get(f"/{service.name}/docs")

        assert page.status_code == 200
        assert f"/{service.name}/openapi.json" in page.text
