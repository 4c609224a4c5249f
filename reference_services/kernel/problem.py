"""Problems as the API reports them: RFC 9457 with a stable type per kind."""

from __future__ import annotations

import msgspec


class ProblemKind(msgspec.Struct, frozen=True):
    """A kind of problem: its slug is the stable part of the ``type`` URI."""

    slug: str
    status: int
    title: str


class Problem(Exception):
    """A request that cannot be served, and why. ``detail`` tells the caller what to change."""

    def __init__(self, kind: ProblemKind, detail: str = "", **extensions: object) -> None:
        super().__init__(detail or kind.title)
        self.kind = kind
        self.detail = detail
        self.extensions = extensions

    def body(self) -> dict[str, object]:
        """The problem document, members as RFC 9457 names them."""
        return {
            "type": f"urn:doorbuster:problem:{self.kind.slug}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            **self.extensions,
        }


MALFORMED = ProblemKind("malformed-request", 400, "The request cannot be read")
MISSING_IDEMPOTENCY_KEY = ProblemKind("idempotency-key-missing", 400, "Send an Idempotency-Key header")
UNAUTHENTICATED = ProblemKind("unauthenticated", 401, "A valid bearer token is needed")
FORBIDDEN = ProblemKind("forbidden", 403, "This token may not do that")
NOT_FOUND = ProblemKind("not-found", 404, "There is no such thing")
METHOD_NOT_ALLOWED = ProblemKind("method-not-allowed", 405, "This method does not apply here")
STILL_IN_FLIGHT = ProblemKind("request-in-flight", 409, "The first request with this key is still being decided")
TOO_LARGE = ProblemKind("body-too-large", 413, "The body is too large")
UNPROCESSABLE = ProblemKind("unprocessable", 422, "A value is not acceptable")
KEY_REUSED = ProblemKind("idempotency-key-reused", 422, "This Idempotency-Key was used with another request")
OVERLOADED = ProblemKind("overloaded", 503, "Too many requests are being decided; try again later")
UNREACHABLE = ProblemKind("log-unreachable", 503, "The event log does not answer")
NOT_READY = ProblemKind("not-ready", 503, "The service is still catching up")
