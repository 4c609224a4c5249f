"""OpenAPI 3.1 of one service, made from its operations; schemas come from the same types that decode the requests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from ...kernel.edge import NAME_PATTERN, whole
from ...kernel.operation import ANYONE, Action, Query
from ...kernel.system import Service, System
from .actions import KEY_PATTERN, Pending

Document = dict[str, Any]
Operation = Action | Query

VERSION = "1"
SCHEMA_REF = "#/components/schemas/{name}"
BEARER: Document = {"bearer": []}
SIGNATURE: Document = {"webhookSignature": []}

SECURITY_SCHEMES: Document = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "HS256: sub, role, exp"},
    "webhookSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks, over the raw body",
    },
}


class ProblemBody(msgspec.Struct, frozen=True, rename={"kind": "type"}):
    """What went wrong (RFC 9457). ``reason`` names the business rule, where one said no."""

    kind: str
    title: str
    status: int
    detail: str
    reason: str | msgspec.UnsetType = msgspec.UNSET


def openapi_document(system: System, service: Service) -> Document:
    """The OpenAPI document of ``service``, its paths relative to where it is mounted."""
    schemas = _Schemas(service)
    paths: Document = {}
    for operation in service.operations:
        described = _describe(operation, service, schemas, _refusal_statuses(system))
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{system.name}: {service.name}", "summary": service.summary, "version": VERSION},
        "servers": [{"url": f"/{service.name}"}],
        "tags": [{"name": service.name, "description": service.summary}],
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": SECURITY_SCHEMES},
    }


class _Schemas:
    """The schema of each type that a service's operations speak of."""

    def __init__(self, service: Service) -> None:
        self._types = [ProblemBody, Pending, *_spoken_types(service.operations)]
        self._schemas, self.components = msgspec.json.schema_components(self._types, ref_template=SCHEMA_REF)

    def of(self, wanted: Any) -> Document:
        """The schema of a type, mostly a reference."""
        schema: Document = self._schemas[self._types.index(wanted)]
        return schema


def _spoken_types(operations: Iterable[Operation]) -> list[Any]:
    types: list[Any] = []
    for operation in operations:
        body = operation.body if isinstance(operation, Action) else None
        types += [spoken for spoken in (operation.answer, body) if spoken is not None and spoken not in types]
    return types


def _describe(operation: Operation, service: Service, schemas: _Schemas, refusals: frozenset[int]) -> Document:
    described: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"For: {', '.join(operation.roles)}.",
        "tags": [service.name],
        "security": _security(operation),
        "parameters": [
            *_path_parameters(operation.path),
            *_query_parameters(operation),
            *_header_parameters(operation),
        ],
        "responses": {
            **_successes(operation, schemas),
            **{str(status): _problem(status, schemas) for status in _problem_statuses(operation, refusals)},
        },
    }
    if isinstance(operation, Action) and operation.body is not None:
        described["requestBody"] = {"required": True, "content": _json(schemas.of(operation.body))}
    return described


def _security(operation: Operation) -> list[Document]:
    if isinstance(operation, Action) and operation.signed:
        return [SIGNATURE]
    return [BEARER, {}] if ANYONE in operation.roles else [BEARER]


def _path_parameters(path: str) -> list[Document]:
    return [
        _parameter("path", name, {"type": "string", "pattern": whole(NAME_PATTERN)})
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(operation: Operation) -> list[Document]:
    if not isinstance(operation, Query) or operation.parameters is None:
        return []
    _, components = msgspec.json.schema_components([operation.parameters])
    schema = components[operation.parameters.__name__]
    required = schema.get("required", ())
    return [_parameter("query", name, of, required=name in required) for name, of in schema["properties"].items()]


def _header_parameters(operation: Operation) -> list[Document]:
    text = {"type": "string"}
    if isinstance(operation, Action) and operation.signed:
        return [_parameter("header", name, text) for name in ("webhook-id", "webhook-timestamp")]
    prefer = "wait=N: answer when the outcome is settled, or after N seconds (RFC 7240)"
    parameters = [_parameter("header", "Prefer", text, prefer, required=False)]
    if isinstance(operation, Action):
        key = {"type": "string", "pattern": whole(KEY_PATTERN)}
        meaning = "a new one for each request; the same again to repeat one whose answer got lost"
        required = operation.method == "POST"
        parameters.append(_parameter("header", "Idempotency-Key", key, meaning, required=required))
    return parameters


def _parameter(place: str, name: str, schema: Document, description: str = "", *, required: bool = True) -> Document:
    return {"in": place, "name": name, "required": required, "schema": schema, "description": description}


def _successes(operation: Operation, schemas: _Schemas) -> Document:
    answer = schemas.of(operation.answer)
    if isinstance(operation, Query):
        return {"200": {"description": "What was asked for", "content": _json(answer)}}
    if operation.signed:
        return {"202": {"description": "Taken in durably", "content": _json(answer)}}
    pending = {"anyOf": [answer, schemas.of(Pending)]}
    return {
        "201" if operation.created else "200": {"description": "Done", "content": _json(answer)},
        "202": {"description": "Taken in; more is to come, ask at Location", "content": _json(pending)},
    }


def _problem_statuses(operation: Operation, refusals: frozenset[int]) -> list[int]:
    statuses = {401, 404, 500, 503}
    if isinstance(operation, Query):
        return sorted(statuses | {403} | ({400, 422} if operation.parameters is not None else set()))
    statuses |= {400, 409, 422}
    if operation.body is not None:
        statuses |= {413, 415}
    if not operation.signed:
        statuses |= {403} | refusals
    return sorted(statuses)


def _refusal_statuses(system: System) -> frozenset[int]:
    return frozenset(kind.status for kind in system.refusals.values())


def _problem(status: int, schemas: _Schemas) -> Document:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {"schema": schemas.of(ProblemBody)}},
    }


def _json(schema: Document) -> Document:
    return {"application/json": {"schema": schema}}
