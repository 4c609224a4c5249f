"""Named random streams: one independent generator per (seed, purpose, entity).

Because every entity draws from a stream of its own, adding a customer or a station moves no other draw. Two designs
simulated under one seed therefore see the same customers (common random numbers) without any bookkeeping.
"""

from __future__ import annotations

import hashlib
import random


def stream(seed: int, purpose: str, entity: str | int = "") -> random.Random:
    """A generator that depends on its three names only, not on the process, the platform or the order of calls.

    ``purpose`` says what is drawn (``arrivals``, ``provider.latency``), ``entity`` for whom (a customer's id).
    """
    return random.Random(int.from_bytes(_digest(seed, purpose, entity), "big"))


def uniform(seed: int, purpose: str, entity: str | int = "") -> float:
    """One draw from [0, 1) that depends on its three names only. Cheaper than a `stream` where one draw is enough."""
    return (int.from_bytes(_digest(seed, purpose, entity)[:7], "big") >> 3) / (1 << 53)


def _digest(seed: int, purpose: str, entity: str | int) -> bytes:
    return hashlib.blake2b(f"{seed}\x1f{purpose}\x1f{entity}".encode(), digest_size=16).digest()
