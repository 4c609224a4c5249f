"""How requests to the outside travel over HTTP: the paths and bodies of a call, and how its answer is read back.

Data only. Whoever calls brings a client of its own; the payment provider serves the very same paths and bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec

from .edge import whole
from .outside import (
    MOST_CENTS,
    Authorize,
    Capture,
    LookUp,
    MessageReceipt,
    OutsideAnswer,
    OutsideRequest,
    PaymentReport,
    Refund,
    SendMessage,
    Void,
)

PAYMENTS_PATH = "/payments"
PAYMENT_PATH = "/payments/{payment_id}"
CAPTURE_PATH = "/payments/{payment_id}/capture"
VOID_PATH = "/payments/{payment_id}/void"
REFUNDS_PATH = "/payments/{payment_id}/refunds"
MESSAGES_PATH = "/messages"

IDEMPOTENCY_KEY = "idempotency-key"

PAYMENT_ID_PATTERN = whole(r"[A-Za-z0-9_~:@-][A-Za-z0-9._~:@/-]{0,199}")
"""What a payment may be called. A slash is allowed and stands percent-encoded in a path."""

PaymentId = Annotated[str, msgspec.Meta(pattern=PAYMENT_ID_PATTERN)]
AmountCents = Annotated[int, msgspec.Meta(ge=1, le=MOST_CENTS)]
ShortText = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

TRY_AGAIN_STATUSES = frozenset({408, 409, 425, 429})
"""Answers below 500 that say nothing against the request itself: too slow, in flight, too early, too many."""

QUOTED_BYTES = 200
"""How much of an unexpected answer an error quotes."""


class OutsideUnavailable(Exception):
    """No usable answer came, so the request may or may not have been done. Try again with the same idempotency key."""


class OutsideRejected(Exception):
    """The outside will never accept this request as it is; to try again is useless."""


class HttpCall(msgspec.Struct, frozen=True):
    """One HTTP request. ``path`` is percent-encoded already and must be sent as it is; ``body`` is JSON or empty."""

    method: Literal["GET", "POST"]
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class AuthorizeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /payments``."""

    payment_id: PaymentId
    amount_cents: AmountCents
    card_token: ShortText
    capture: Literal["automatic", "manual"] = "automatic"


class AmountBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /payments/{payment_id}/capture`` and ``/refunds``."""

    amount_cents: AmountCents


class MessageBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /messages``."""

    recipient: ShortText
    kind: ShortText
    text: Annotated[str, msgspec.Meta(max_length=4_000)]


_reports = msgspec.json.Decoder(PaymentReport)
_receipts = msgspec.json.Decoder(MessageReceipt)


def to_http(request: OutsideRequest) -> HttpCall:
    """The HTTP call that asks for ``request``."""
    match request:
        case Authorize(key, payment_id, amount_cents, card_token, capture):
            return _post(key, PAYMENTS_PATH, AuthorizeBody(payment_id, amount_cents, card_token, capture))
        case Capture(key, payment_id, amount_cents):
            return _post(key, _path(CAPTURE_PATH, payment_id), AmountBody(amount_cents))
        case Void(key, payment_id):
            return HttpCall("POST", _path(VOID_PATH, payment_id), {IDEMPOTENCY_KEY: key})
        case Refund(key, payment_id, amount_cents):
            return _post(key, _path(REFUNDS_PATH, payment_id), AmountBody(amount_cents))
        case LookUp(key, payment_id):
            return HttpCall("GET", _path(PAYMENT_PATH, payment_id), {IDEMPOTENCY_KEY: key})
        case SendMessage(key, recipient, kind, text):
            return _post(key, MESSAGES_PATH, MessageBody(recipient, kind, text))
        case _:
            raise TypeError(f"{type(request).__name__} does not travel over HTTP")


def parse_answer(request: OutsideRequest, status: int, body: bytes) -> OutsideAnswer:
    """What the outside answered to ``request``.

    Raises `OutsideUnavailable` if it makes sense to try again, `OutsideRejected` if it does not.
    """
    if status >= 500 or status in TRY_AGAIN_STATUSES:
        raise OutsideUnavailable(_unexpected(status, body))
    if not 200 <= status < 300:
        raise OutsideRejected(_unexpected(status, body))
    try:
        answer = _receipts.decode(body) if isinstance(request, SendMessage) else _reports.decode(body)
    except msgspec.DecodeError as error:
        raise OutsideUnavailable(f"the answer cannot be read ({error}): {_unexpected(status, body)}") from error
    if isinstance(answer, PaymentReport) and answer.payment_id != getattr(request, "payment_id", ""):
        raise OutsideUnavailable(f"the answer is about another payment, {answer.payment_id}")
    return answer


def _post(idempotency_key: str, path: str, body: msgspec.Struct) -> HttpCall:
    headers = {IDEMPOTENCY_KEY: idempotency_key, "content-type": "application/json"}
    return HttpCall("POST", path, headers, msgspec.json.encode(body))


def _path(template: str, payment_id: str) -> str:
    return template.replace("{payment_id}", quote(payment_id, safe=""))


def _unexpected(status: int, body: bytes) -> str:
    return f"status {status}: {body[:QUOTED_BYTES].decode(errors='replace')}"
