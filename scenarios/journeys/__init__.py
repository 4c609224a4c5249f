"""Journeys: what customers do, one module a system, played by both worlds.

A module offers ``Population`` (what a scenario may set), ``setup(scenario, seed)`` (the staff's journey that prepares
everything before the doors open) and ``visits(scenario, seed)`` (every customer's arrival, in order of time). What all
journeys are made of is in ``shared``.
"""

from __future__ import annotations

import importlib
from types import ModuleType


def journeys_of(system: str) -> ModuleType:
    """The journeys module of ``system``. Raises ModuleNotFoundError if nobody has written one."""
    return importlib.import_module(f"{__name__}.{system}")
