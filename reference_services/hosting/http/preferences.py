"""The ``Prefer: wait`` header (RFC 7240, section 4.3)."""

from __future__ import annotations

import re

WAIT = re.compile(r"""\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?:;.*)?""", re.IGNORECASE | re.ASCII)


def preferred_wait(prefer: str, longest_s: int) -> int | None:
    """How many seconds the caller is willing to wait, at most ``longest_s``; None if it did not say.

    Preferences that cannot be read are ignored, as the RFC wants it; of several waits the first counts.
    """
    for preference in prefer.split(","):
        match = WAIT.fullmatch(preference)
        if match is not None:
            return min(int(match[1]), longest_s)
    return None
