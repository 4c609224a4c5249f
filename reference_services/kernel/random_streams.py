"""Named random streams: one independent generator per (seed, purpose, entity).

Because every entity draws from a stream of its own, adding a customer or a station moves no other draw. Two designs
simulated under one seed therefore see the same customers (common random numbers) without any bookkeeping.
"""

from __future__ import annotations

import hashlib
import math
import random
from statistics import NormalDist

_NORMAL = NormalDist()

Z_99 = _NORMAL.inv_cdf(0.99)
"""The standard normal distribution's 99th percentile."""

SMALLEST = 2.0**-53
"""Stands for a draw of exactly 0, at which the quantile function has no value."""


def stream(seed: int, purpose: str, entity: str | int = "") -> random.Random:
    """A generator that depends on its three names only, not on the process, the platform or the order of calls.

    ``purpose`` says what is drawn (``arrivals``, ``provider.latency``), ``entity`` for whom (a customer's id).
    """
    return random.Random(int.from_bytes(_digest(seed, purpose, entity), "big"))


def uniform(seed: int, purpose: str, entity: str | int = "") -> float:
    """One draw from [0, 1) that depends on its three names only. Cheaper than a `stream` where one draw is enough."""
    return (int.from_bytes(_digest(seed, purpose, entity)[:7], "big") >> 3) / (1 << 53)


def lognormal_us(median_us: int, p99_us: int, seed: int, purpose: str, entity: str | int = "") -> int:
    """A draw from the lognormal distribution with that median and 99th percentile; always the median if they are equal.

    ln X is normal with mean ln(median) and deviation ln(p99 / median) / z(0.99), by the definition of its quantiles. So
    unless they are equal, the median must be positive.
    """
    if median_us == p99_us:
        return median_us
    deviation = math.log(p99_us / median_us) / Z_99
    z = _NORMAL.inv_cdf(uniform(seed, purpose, entity) or SMALLEST)
    return round(median_us * math.exp(deviation * z))


def _digest(seed: int, purpose: str, entity: str | int) -> bytes:
    return hashlib.blake2b(f"{seed}\x1f{purpose}\x1f{entity}".encode(), digest_size=16).digest()
