"""How often a process looks for garbage that refers to itself."""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 50_000, 50, 50
"""Thresholds of `gc.set_threshold`. The defaults look through all that is kept again and again while state grows. What
services drop is freed by reference counting at once, so looking rarely costs little memory and saves time."""


def collect_rarely() -> None:
    """Tune this process's garbage collector for a service that keeps much and drops in no cycles."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)
