"""Reads requests off the wire: bounded bodies decoded from their raw bytes, keys and names checked."""

from __future__ import annotations

import re
from typing import Generic, TypeVar
from urllib.parse import unquote

import msgspec
from starlette.requests import ClientDisconnect, Request

from ..kernel.edge import whole
from ..kernel.outside_http import IDEMPOTENCY_KEY, PAYMENT_ID_PATTERN
from ..kernel.problem import MALFORMED, MISSING_IDEMPOTENCY_KEY, TOO_LARGE, UNPROCESSABLE, Problem

MOST_BODY_BYTES = 32 * 1024
KEY_PATTERN = whole(r"[!-~]{1,255}")

Body = TypeVar("Body")

_key = re.compile(KEY_PATTERN)
_payment_id = re.compile(PAYMENT_ID_PATTERN)


class BodyReader(Generic[Body]):
    """Reads bodies of one type."""

    def __init__(self, body_type: type[Body]) -> None:
        self._decoder = msgspec.json.Decoder(body_type)

    async def read(self, request: Request) -> Body:
        """The body. Raises `Problem`: 400 if it is not JSON, 413 if it is too large, 422 if it does not fit."""
        raw = await _raw_body(request)
        try:
            return self._decoder.decode(raw)
        except msgspec.ValidationError as error:
            raise Problem(UNPROCESSABLE, str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Problem(MALFORMED, f"the body is not JSON: {error}") from error


def idempotency_key(request: Request) -> str:
    """The request's Idempotency-Key. Raises `Problem` (400) if there is none, or one with spaces or beyond ASCII."""
    key = request.headers.get(IDEMPOTENCY_KEY, "")
    if not key:
        raise Problem(MISSING_IDEMPOTENCY_KEY, "one key for one intention; repeat it when you repeat the request")
    if not _key.fullmatch(key):
        raise Problem(MALFORMED, "an Idempotency-Key has 1 to 255 visible ASCII characters")
    return key


def payment_in_path(request: Request) -> str:
    """The payment that the path names. Raises `Problem` (422) for what cannot be a name."""
    return payment_name(unquote(request.path_params["payment_id"]))


def payment_name(name: str) -> str:
    """``name``, if a payment may have it. Raises `Problem` (422)."""
    if not _payment_id.fullmatch(name):
        raise Problem(UNPROCESSABLE, f"a payment_id matches {PAYMENT_ID_PATTERN}")
    return name


async def _raw_body(request: Request) -> bytes:
    chunks = bytearray()
    try:
        async for chunk in request.stream():
            chunks += chunk
            if len(chunks) > MOST_BODY_BYTES:
                raise Problem(TOO_LARGE, f"send at most {MOST_BODY_BYTES} bytes")
    except ClientDisconnect as error:
        raise Problem(MALFORMED, "the body ended early") from error
    return bytes(chunks)
