"""Puts evenly spaced visits on a server, each of them one look at the booth.

python constant_load.py BASE_URL RATE_PER_S DURATION_S FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import locust  # noqa: F401  # before all others, as it replaces blocking calls of the standard library
from booth import BOOTH, LOOK, SECRET

from loadtests.clock import Clock
from loadtests.generator import Target
from loadtests.plan import LoadPlan
from loadtests.runner import run_plan
from scenarios.steps import Journey, Visit

BEGIN_IN_US = 1_500_000
PATIENCE_US = 20_000_000


def visitor() -> Journey:
    yield LOOK


def no_setup() -> Journey:
    yield from ()


def main(base_url: str, rate_per_s: int, duration_s: int, folder: Path) -> None:
    clock = Clock()
    origin_us = clock.now_us() + BEGIN_IN_US
    ends_us = origin_us + duration_s * 1_000_000 + PATIENCE_US
    visits = [
        Visit(index * 1_000_000 // rate_per_s, f"visitor-{index}", "visitor", visitor)
        for index in range(rate_per_s * duration_s)
    ]
    plan = LoadPlan(BOOTH, 1, origin_us, ends_us, no_setup, visits)
    run_plan(plan, Target(base_url, SECRET), folder, clock=clock)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
