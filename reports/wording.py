"""How numbers are written for people: thousands with commas, durations in the unit that fits."""

from __future__ import annotations

import math
import re

MISSING = "–"
"""What stands in a table where there is no figure."""

HOURS_AT_MOST = 48
"""Durations are told in days from here on."""


def number(value: float | None) -> str:
    """A count or a rate: ``214,332``, ``12.5``."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 arrival``, ``20,000 arrivals``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def percent(share: float | None) -> str:
    """A share of 1 in percent, with more digits the closer it is to 0 or 100: ``0.03%``, ``99.97%``, ``42.1%``."""
    if share is None or not math.isfinite(share):
        return MISSING
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    return f"{share:.2%}" if min(share, 1 - share) < 0.01 else f"{share:.1%}"


def duration(duration_us: float | None) -> str:
    """A duration given in microseconds: ``0.4 ms``, ``312 ms``, ``1.25 s``, ``3 s``, ``4 min 12 s``, ``2 h 05 min``,
    and from two days on ``2 d 04 h``."""
    if duration_us is None or not math.isfinite(duration_us):
        return MISSING
    if duration_us < 0:
        return "−" + duration(-duration_us)
    milliseconds, seconds = duration_us / 1e3, duration_us / 1e6
    if duration_us % 1e6 == 0 and seconds < 60:
        return f"{seconds:.0f} s"
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    if seconds < 59.995:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    return _long_duration(round(seconds))


def seconds(duration_s: float | None) -> str:
    """A duration given in seconds, written as `duration` does."""
    return duration(None if duration_s is None else duration_s * 1e6)


def _long_duration(whole_s: int) -> str:
    minutes, rest_s = divmod(whole_s, 60)
    if minutes < 60:
        return f"{minutes} min" + (f" {rest_s:02} s" if rest_s else "")
    hours, minutes = divmod(minutes, 60)
    if hours >= HOURS_AT_MOST:
        days, hours = divmod(hours, 24)
        return f"{days} d" + (f" {hours:02} h" if hours else "")
    return f"{hours} h" + (f" {minutes:02} min" if minutes else "")


def listed(names: list[str]) -> str:
    """Names in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def natural_order(name: str) -> list[tuple[int, str]]:
    """The key by which names sort as one counts: ``room-2`` before ``room-10``."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def printable(text: str) -> str:
    """``text`` with a replacement character for each one that cannot be shown; names come from outside."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
