"""How much of the time that was offered was used: spans of time that events put into books, laid over a time axis."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import msgspec
import numpy

from . import wording
from .happenings import Happened, Happenings, field_of
from .pictures import BadPictures, Booking, Utilization
from .time_axis import Floats, TimeAxis

Spans = dict[str, list[tuple[float, float]]]
"""By what they are of, spans of time in seconds from time 0."""


class Books(msgspec.Struct, frozen=True):
    """What was offered and what was used of it when all was over, per thing."""

    utilization: Utilization
    offered: Spans
    used: Spans

    @property
    def names(self) -> list[str]:
        """All things that offered time, in order of their names."""
        return sorted(self.offered, key=wording.natural_order)

    def shares(self, names: Collection[str], axis: TimeAxis) -> Floats:
        """The used share of the time that ``names`` offered in each bucket, of 1; NaN where they offered none."""
        used_s, offered_s = (self._seconds(spans, names, axis) for spans in (self.used, self.offered))
        return numpy.divide(used_s, offered_s, out=numpy.full_like(offered_s, numpy.nan), where=offered_s > 0)

    def share(self, names: Collection[str], axis: TimeAxis) -> float:
        """The used share of the time that ``names`` offered within ``axis``, of 1; NaN if they offered none."""
        used_s, offered_s = (self._seconds(spans, names, axis).sum() for spans in (self.used, self.offered))
        return float(used_s / offered_s) if offered_s else math.nan

    def _seconds(self, spans: Spans, names: Collection[str], axis: TimeAxis) -> Floats:
        per_name = (_seconds_in_buckets(spans.get(name, []), axis) for name in names)
        return sum(per_name, numpy.zeros(axis.buckets))


def keep_books(utilization: Utilization, happenings: Happenings, origin_us: int) -> Books:
    """What is kept in the end under each key. Raises `BadPictures` for what is no span of time."""
    return Books(
        utilization,
        _kept(utilization.offered, utilization.per, happenings, origin_us),
        _kept(utilization.used, utilization.per, happenings, origin_us),
    )


def _kept(bookings: tuple[Booking, ...], per: str, happenings: Happenings, origin_us: int) -> Spans:
    kept: dict[tuple[Any, ...], tuple[str, list[tuple[float, float]]]] = {}
    for happened, booking in happenings.of_any(bookings):
        name = wording.printable(str(field_of(happened, per)))
        kept[tuple(field_of(happened, path) for path in booking.key)] = name, _spans(booking, happened, origin_us)
    spans: Spans = {}
    for name, of_key in kept.values():
        spans.setdefault(name, []).extend(of_key)
    return spans


def _spans(booking: Booking, happened: Happened, origin_us: int) -> list[tuple[float, float]]:
    if booking.spans is None:
        return []
    held = field_of(happened, booking.spans)
    try:
        return [
            ((each["starts_us"] - origin_us) / 1e6, (each["ends_us"] - origin_us) / 1e6)
            for each in (held if isinstance(held, list) else [held])
        ]
    except (TypeError, KeyError) as error:
        raise BadPictures(
            f"pictures of the run: {booking.event} has no spans of time in its field {booking.spans!r}"
        ) from error


def _seconds_in_buckets(spans: list[tuple[float, float]], axis: TimeAxis) -> Floats:
    """How much of each bucket the spans cover; what two of them cover counts twice."""
    starts_s, ends_s = numpy.array(spans, dtype=float).reshape(-1, 2).T
    covered_by = (numpy.clip(axis.edges_s[:, None], starts_s, ends_s) - starts_s).sum(axis=1)
    return numpy.diff(covered_by)
