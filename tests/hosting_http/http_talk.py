"""What is said to a gateway over HTTP, and how its problems are read."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from reference_services.hosting.tokens import mint
from reference_services.kernel.operation import Principal

TOKEN_SECRET = "a secret of at least thirty-two bytes"
WEBHOOK_SECRET = "whsec_dGhlIG1hY2hpbmUncyBzZWNyZXQ="


def bearer(subject: str, role: str, secret: str = TOKEN_SECRET, ttl_s: float = 600) -> dict[str, str]:
    """The header that speaks for ``subject``."""
    return {"Authorization": f"Bearer {mint(Principal(subject, role), secret, ttl_s)}"}


def keyed(subject: str, role: str = "customer", key: str = "", **more: str) -> dict[str, str]:
    """Headers of an action: who asks, and under which idempotency key (a fresh one by default)."""
    return {**bearer(subject, role), "Idempotency-Key": key or uuid.uuid4().hex, **more}


def machine_report(drink_id: str, result: str, webhook_id: str = "") -> tuple[bytes, dict[str, str]]:
    """Body and headers of a webhook by which the kiosk's machine reports."""
    body = json.dumps({"drink_id": drink_id, "result": result})
    return signed(body, webhook_id or uuid.uuid4().hex)


def signed(body: str, webhook_id: str, at: datetime | None = None) -> tuple[bytes, dict[str, str]]:
    """A body and the headers that sign it, as if sent ``at`` that instant (default: now)."""
    sent_at = at or datetime.now(UTC)
    return body.encode(), {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(WEBHOOK_SECRET).sign(webhook_id, sent_at, body),
    }


def assert_problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """``response`` is a whole problem document of that kind, and gives away nothing of the inside."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["type"] == f"urn:doorbuster:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    assert "Traceback" not in response.text
    return body
