"""How the broker and its clients are tuned, as far as it matters to what can go wrong."""

from __future__ import annotations

import msgspec


class Tuning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Times of groups, commits and buffers. The defaults are those of `hosting.streams`.

    A member that is silent for ``session_us`` is given up; one that was given up learns it within ``heartbeat_us``.
    A rebalance takes ``rebalance_us`` when everybody answers. What is done with is committed every ``commit_us``.
    Producers wait ``linger_us`` for more before they send; what waits is lost in a crash. A consumer holds at most
    ``prefetch`` messages of a partition in hand. Taking over a partition takes ``restore_us``.
    """

    session_us: int = 3_000_000
    heartbeat_us: int = 750_000
    rebalance_us: int = 100_000
    commit_us: int = 1_000_000
    linger_us: int = 0
    prefetch: int = 4_096
    restore_us: int = 50_000
