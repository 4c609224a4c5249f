"""Quantities as people write them in a scenario, and the integers and shares that they stand for.

Durations are ``250ms``, ``90s``, ``10min``, ``1h30min``, ``24h``, ``2d`` and become microseconds; money is ``19.99``
and becomes cents; a share of a whole is ``4%`` or ``0.04``. The functions that read raise ValueError with a text that
shows how to write it instead.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

UNITS_US = {
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "min": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
"""Microseconds in each unit of a duration, the longest first."""

LONGEST_US = 3_660 * UNITS_US["d"]
"""Ten years: a longer duration is a slip of the pen."""

FIRST_YEAR, LAST_YEAR = 1981, 8999
"""Years that an instant may be in: whatever comes ten years before it or some decades after can be written, too."""

_PART = r"(\d+(?:\.\d+)?)\s*(d|h|min|s|ms|us)\s*"
_DURATION = re.compile(rf"(?:{_PART})+", re.ASCII)
_PARTS = re.compile(_PART, re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_duration(value: Any) -> int:
    """A duration in microseconds. Accepts text as above and a bare 0."""
    if type(value) is int and value == 0:
        return 0
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a duration; write e.g. 90s, 10min, 24h")
    exact = sum(Decimal(number) * UNITS_US[unit] for number, unit in _PARTS.findall(value))
    if exact > LONGEST_US:
        raise ValueError(f"{shown(value)} is longer than ten years; write e.g. 90s, 10min, 24h")
    if exact != int(exact):
        raise ValueError(f"{shown(value)} is finer than a microsecond; write e.g. 250us, 90s, 10min")
    return int(exact)


def format_duration(duration_us: int) -> str:
    """The shortest exact text for a duration of whole microseconds, e.g. ``1h30min``."""
    parts = []
    rest = duration_us
    for unit, unit_us in UNITS_US.items():
        count, rest = divmod(rest, unit_us)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_instant(value: Any) -> datetime:
    """An instant with a time zone, from RFC 3339."""
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError(f"{shown(value)} is not an instant with a time zone; write e.g. 2026-03-02T12:00:00Z")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        between = f"between {FIRST_YEAR} and {LAST_YEAR}"
        raise ValueError(f"{shown(value)} is not in a year {between}; write e.g. 2026-03-02T12:00:00Z")
    return instant


def epoch_us(instant: datetime) -> int:
    """Microseconds since the Unix epoch, exactly."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def parse_cents(value: Any) -> int:
    """An amount of money in cents."""
    amount = _decimal(value)
    if amount is None or amount < 0 or amount * 100 != int(amount * 100):
        raise ValueError(f"{shown(value)} is not an amount of money; write e.g. 19.99")
    return int(amount * 100)


def format_cents(cents: int) -> str:
    """An amount of cents as people write it, e.g. ``19.99``."""
    return f"{Decimal(cents) / 100:.2f}"


def parse_share(value: Any) -> float:
    """A share of a whole, from 0 to 1."""
    percent = isinstance(value, str) and value.endswith("%")
    share = _decimal(value[:-1] if percent else value)
    if share is None:
        raise ValueError(f"{shown(value)} is not a share; write e.g. 4% or 0.04")
    share = share / 100 if percent else share
    if not 0 <= share <= 1:
        raise ValueError(f"{shown(value)} is not between 0 and 1; write e.g. 4% or 0.04")
    return float(share)


def shown(value: Any) -> str:
    """``value`` as an error message quotes it: on one line, and not too long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _decimal(value: Any) -> Decimal | None:
    """``value`` exactly as written; None if it is not a finite number. YAML's floats print as they were written."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
