"""Wall clocks and instants: the local time of a clinic, whose clocks go forward once a year and back once.

Instants are microseconds since the epoch, everywhere. Local time exists where people read or write it, and where a
calendar says "Mondays from 8 to 17": such a day has 23 or 25 hours twice a year.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


class BadZone(ValueError):
    """There is no time zone of that name."""


class NoSuchTime(ValueError):
    """The text names no instant: it cannot be read, the clocks skip it, or it comes twice and the offset is missing."""


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises `BadZone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadZone(f"there is no time zone {name!r}; write e.g. Europe/Berlin") from error


def local_instant_us(text: str, zone: ZoneInfo) -> int:
    """The instant that ``text``, ISO 8601 with or without an offset, names on the clocks of ``zone``.

    Raises `NoSuchTime`, also for an offset that ``zone`` does not have then.
    """
    written = _read(text)
    if not 1971 <= written.year <= 9998:
        raise NoSuchTime(f"{text!r} is not between the years 1971 and 9998")
    if written.tzinfo is not None:
        there = written.astimezone(zone)
        if there.utcoffset() != written.utcoffset():
            raise NoSuchTime(f"{text!r}: at that instant the clocks in {zone.key} show {there.isoformat()}")
        return _instant_us(written)
    first, second = written.replace(tzinfo=zone, fold=0), written.replace(tzinfo=zone, fold=1)
    if _instant_us(first) == _instant_us(second):
        return _instant_us(first)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != written:
        raise NoSuchTime(f"{text!r} does not exist in {zone.key}: the clocks go forward over it")
    raise NoSuchTime(f"{text!r} comes twice in {zone.key}; write {first.isoformat()} or {second.isoformat()}")


def _read(text: str) -> datetime:
    try:
        if _WRITTEN.fullmatch(text) is not None:
            return datetime.fromisoformat(text)
    except ValueError as error:
        raise NoSuchTime(f"{text!r} is not a time: {error}") from error
    raise NoSuchTime(f"{text!r} is not a time; write e.g. 2026-10-26T09:15")


def local_text(time_us: int, zone: ZoneInfo) -> str:
    """The instant on the clocks of ``zone``, with the offset, e.g. ``2026-10-26T09:15:00+01:00``."""
    return local(time_us, zone).isoformat()


def local(time_us: int, zone: ZoneInfo) -> datetime:
    """The instant on the clocks of ``zone``."""
    return (_EPOCH + timedelta(microseconds=time_us)).astimezone(zone)


def wall_instant_us(wall: datetime, zone: ZoneInfo) -> int:
    """The instant at which the clocks of ``zone`` show ``wall`` (without a zone), for opening hours.

    A time that comes twice is the first; one that is skipped is as long after the change as it would have been (RFC
    5545, section 3.3.5).
    """
    return _instant_us(wall.replace(tzinfo=zone, fold=0))


def _instant_us(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND
