"""What an HTTP answer means: done, refused by a business rule, failed, or nobody knows."""

from __future__ import annotations

from typing import Any

import msgspec

from reference_services.kernel.system import System
from scenarios.steps import Got

PROBLEM_JSON = "application/problem+json"
UNREADABLE = "unreadable-answer"


class AnswerReader:
    """Reads the answers of one system, whose business refusals it knows."""

    def __init__(self, system: System) -> None:
        self._refusals = frozenset(kind.slug for kind in system.refusals.values())

    def read(self, status: int, content_type: str, payload: bytes) -> Got:
        """The meaning of an answer.

        2xx is ``ok``, also 202: accepted, but not settled yet. Problem details (RFC 9457) whose slug is one of the
        system's refusals are ``refused``. Everything else, and a body that is not the JSON it should be, is ``error``.
        """
        try:
            body = msgspec.json.decode(payload) if payload else None
        except msgspec.DecodeError:
            body, slug = None, UNREADABLE
        else:
            slug = _slug_of(body) if content_type.startswith(PROBLEM_JSON) else ""
        if 200 <= status < 300 and slug != UNREADABLE:
            return Got(status, "ok", body)
        if slug in self._refusals:
            return Got(status, "refused", body, slug)
        return Got(status, "error", body, slug or f"http-{status}")


def _slug_of(problem: Any) -> str:
    kind = problem.get("type") if isinstance(problem, dict) else None
    return kind.rpartition(":")[2] if isinstance(kind, str) else UNREADABLE
