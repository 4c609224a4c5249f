"""What the provider's OpenAPI document says beyond what FastAPI sees; schemas come from the types that are decoded."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from ..kernel.outside import LedgerEntry, MessageReceipt, PaymentReport
from ..kernel.outside_http import PAYMENT_ID_PATTERN, AmountBody, AuthorizeBody, MessageBody
from .books import Notice
from .misbehaviour import Misbehaviour
from .reading import KEY_PATTERN

Document = dict[str, Any]

REF = "#/components/schemas/{name}"


class Status(msgspec.Struct, frozen=True):
    """How the process is."""

    status: str


class ProblemBody(msgspec.Struct, frozen=True, rename={"kind": "type"}):
    """What went wrong (RFC 9457)."""

    kind: str
    title: str
    status: int
    detail: str


_SPOKEN = (
    AmountBody,
    AuthorizeBody,
    MessageBody,
    MessageReceipt,
    Misbehaviour,
    PaymentReport,
    ProblemBody,
    Status,
    list[LedgerEntry],
    list[Notice],
)
_schemas, COMPONENTS = msgspec.json.schema_components(_SPOKEN, ref_template=REF)

PAYMENT_ID: Document = {
    "name": "payment_id",
    "in": "path",
    "required": True,
    "description": "A slash in it stands percent-encoded.",
    "schema": {"type": "string", "pattern": PAYMENT_ID_PATTERN},
}
REQUIRED_KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Same key, same answer.",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
}


def described(*parameters: Document, body: Any = None) -> Document:
    """The parameters and the body of an operation, for ``openapi_extra``."""
    document: Document = {"parameters": list(parameters)}
    if body is not None:
        document["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(body)}}}
    return document


def answers(answer: Any, *problems: int) -> dict[int | str, Document]:
    """The responses of an operation: 200 with ``answer``, and the statuses of the problems that may come instead."""
    responses: dict[int | str, Document] = {
        200: {"description": "Done", "content": {"application/json": {"schema": _schema(answer)}}}
    }
    for status in problems:
        responses[status] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": _schema(ProblemBody)}},
        }
    return responses


def _schema(spoken: Any) -> Document:
    schema: Document = _schemas[_SPOKEN.index(spoken)]
    return schema
