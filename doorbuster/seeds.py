"""Ranges of seeds as the command line takes them."""

from __future__ import annotations

import re

from .errors import Mendable

MOST_SEEDS = 100_000

_RANGE = re.compile(r"(\d+)-(\d+)", re.ASCII)


def parse_seeds(text: str) -> range:
    """The seeds that ``text`` names, ends included. Raises `Mendable`."""
    match = _RANGE.fullmatch(text)
    if match is None:
        raise Mendable(f"--seeds {text}: write the first and the last seed, e.g. --seeds 1-20")
    first, last = int(match[1]), int(match[2])
    if first > last:
        raise Mendable(f"--seeds {text}: the first is larger than the last; write --seeds {last}-{first}")
    if last - first >= MOST_SEEDS:
        raise Mendable(f"--seeds {text}: more than {MOST_SEEDS:,} seeds; split them up")
    return range(first, last + 1)
