"""How names, instants and money look at the HTTP edge: RFC 3339 and decimals there, integers everywhere else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_AMOUNT = re.compile(r"([0-9]{1,9})\.([0-9]{2})")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)

NAME_PATTERN = r"[A-Za-z0-9_~:@-][A-Za-z0-9._~:@-]{0,127}"
"""What a thing may be called that stands in a path; anything else names nothing."""


def whole(pattern: str) -> str:
    """``pattern`` as a schema needs it to match nothing but a whole text: a bare ``$`` lets a line break follow."""
    return rf"^{pattern}$(?!\n)"


@lru_cache(maxsize=4096)  # a sale's few instants are shown in every answer
def rfc3339(time_us: int) -> str:
    """The instant as text, e.g. ``2026-09-01T10:00:00.000000Z``."""
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_us(text: str) -> int:
    """The instant that RFC 3339 ``text`` names, in microseconds.

    Raises ValueError, also for instants before 1970 or after 9999 (UTC). An offset is required.
    """
    if _INSTANT.fullmatch(text) is None:  # fromisoformat takes more than RFC 3339 allows, a NUL at the end included
        raise ValueError(f"{text!r} is not an instant; write e.g. 2026-09-01T10:00:00Z")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an instant: {error}") from error
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; write e.g. 2026-09-01T10:00:00Z")
    time_us = (moment - _EPOCH) // timedelta(microseconds=1)
    if not 0 <= time_us <= _LATEST_US:
        raise ValueError(f"{text!r} is not between the years 1970 and 9999")
    return time_us


@lru_cache(maxsize=4096)  # so are a shop's few prices
def decimal_of(amount_cents: int) -> str:
    """The amount as a decimal, e.g. ``19.99``."""
    return f"{amount_cents // 100}.{amount_cents % 100:02d}"


def cents_of(text: str) -> int:
    """The amount that a decimal names. Raises ValueError; two digits after the point are required."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an amount; write e.g. 19.99")
    return int(match[1]) * 100 + int(match[2])
