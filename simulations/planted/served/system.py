"""The wiring of the planted system: that of the sound one, with the bug that ``DOORBUSTER_PLANT`` names.

Only a process whose settings name this package as its system ever gets here.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec

from reference_services.kernel.system import System
from reference_services.registry import load_system, terms_type

from ..catalog import plant_named
from . import VARIABLE

PLANT = plant_named(os.environ.get(VARIABLE, ""))
Terms = terms_type(PLANT.system)


def build(terms: Any) -> System:
    """The system with the bug in it."""
    return PLANT.design.system(load_system(PLANT.system, msgspec.to_builtins(terms)))
