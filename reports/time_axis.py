"""A stretch of time cut into buckets of a round length."""

from __future__ import annotations

import math

import msgspec
import numpy
from numpy.typing import NDArray

BUCKETS_AT_MOST = 120
BUCKET_STEPS_S = (
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400,
)  # fmt: skip

Floats = NDArray[numpy.float64]


class TimeAxis(msgspec.Struct, frozen=True):
    """Time from ``start_s`` on in ``buckets`` of ``bucket_s`` seconds each; time 0 is the scenario's."""

    start_s: float
    bucket_s: float
    buckets: int

    @classmethod
    def spanning(cls, start_s: float, end_s: float, buckets_at_most: int = BUCKETS_AT_MOST) -> TimeAxis:
        """The axis that holds ``start_s`` to ``end_s`` in at most ``buckets_at_most`` buckets of a round length."""
        length_s = max(end_s - start_s, BUCKET_STEPS_S[0])
        fitting = [step for step in BUCKET_STEPS_S if length_s / step <= buckets_at_most - 1]
        bucket_s = fitting[0] if fitting else math.ceil(length_s / buckets_at_most / 86_400 + 1) * 86_400
        first = math.floor(start_s / bucket_s)
        return cls(first * bucket_s, bucket_s, math.floor(end_s / bucket_s) - first + 1)

    @property
    def end_s(self) -> float:
        """The end of the last bucket."""
        return self.start_s + self.buckets * self.bucket_s

    @property
    def edges_s(self) -> Floats:
        """The ``buckets + 1`` borders between buckets."""
        return numpy.linspace(self.start_s, self.end_s, self.buckets + 1)

    @property
    def middles_s(self) -> Floats:
        """The middle of each bucket."""
        return numpy.convolve(self.edges_s, [0.5, 0.5], "valid")

    def bucket_of(self, seconds: Floats) -> NDArray[numpy.int64]:
        """The bucket that holds each instant; -1 for instants outside."""
        first = round(self.start_s / self.bucket_s)
        found = numpy.floor(seconds / self.bucket_s).astype(numpy.int64) - first
        return numpy.where((found >= 0) & (found < self.buckets), found, -1)

    def counts(self, seconds: Floats) -> Floats:
        """How many instants fall into each bucket."""
        found = self.bucket_of(seconds)
        return numpy.bincount(found[found >= 0], minlength=self.buckets).astype(numpy.float64)

    def rates(self, seconds: Floats) -> Floats:
        """How many instants a second fall into each bucket."""
        return self.counts(seconds) / self.bucket_s
