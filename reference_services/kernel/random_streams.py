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
    digest = hashlib.blake2b(f"{seed}\x1f{purpose}\x1f{entity}".encode(), digest_size=16).digest()
    return random.Random(int.from_bytes(digest, "big"))
