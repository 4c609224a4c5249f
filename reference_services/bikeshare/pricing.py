"""pricing: what a ride costs, as a pure function of the plan, the times, and the free time that full stations gave.

A plan travels with the trip from its start, so that whatever happens to the rider's pass meanwhile changes no fare.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from .terms import Terms

PlanName = Literal["single", "day", "monthly"]
PLAN_NAMES: tuple[PlanName, ...] = ("single", "day", "monthly")


class Plan(msgspec.Struct, frozen=True):
    """What a pass costs and what a ride on it costs: ``included_us`` are free, then each started step is charged."""

    name: PlanName
    price_cents: int
    included_us: int
    overage_step_us: int
    overage_cents: int


def plans(terms: Terms) -> dict[PlanName, Plan]:
    """The plans on offer, by name."""
    step_us = terms.overage_step_us
    free_us = terms.pass_included_us
    return {
        "single": Plan(
            "single", terms.single_price_cents, terms.single_included_us, step_us, terms.single_overage_cents
        ),
        "day": Plan("day", terms.day_price_cents, free_us, step_us, terms.day_overage_cents),
        "monthly": Plan("monthly", terms.monthly_price_cents, free_us, step_us, terms.monthly_overage_cents),
    }


def fare_cents(plan: Plan, started_at_us: int, ended_at_us: int, bonus_us: int = 0) -> int:
    """The fare beyond the pass: each started step of the time that is neither included nor a bonus.

    ``bonus_us`` is the free time that full stations gave. Raises ValueError if the ride ends before it starts.
    """
    ridden_us = ended_at_us - started_at_us
    if ridden_us < 0:
        raise ValueError(f"the ride ends {-ridden_us} us before it starts")
    overage_us = ridden_us - plan.included_us - bonus_us
    started_steps = -(-max(0, overage_us) // plan.overage_step_us)
    return started_steps * plan.overage_cents
