"""Plans: the same visits wherever in time the opening is, shared out so that each is played once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from loadtests.plan import PREPARATION_US, LoadPlan, Share, Variant, opening_after, plan_run, scenario_for
from scenarios.steps import Do

OPENING_US = 1_800_000_000_000_000
VARIANTS: tuple[Variant, ...] = ("whole", "live", "check")


@pytest.fixture(scope="module")
def plan() -> LoadPlan:
    return plan_run(scenario_for("flash_sale", "live"), 7, OPENING_US)


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_the_shares_together_are_every_visit_once(plan: LoadPlan, of: int) -> None:
    shares = [plan.visits_of(Share(index, of)) for index in range(of)]
    together = Counter(id(visit) for share in shares for visit in share)
    assert together == Counter(id(visit) for visit in plan.visits)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert all(earlier.arrives_us <= later.arrives_us for share in shares for earlier, later in pairwise(share))


def test_who_comes_when_depends_on_the_seed_and_not_on_the_opening(plan: LoadPlan) -> None:
    def arrivals(seed: int, opening_us: int) -> list[tuple[int, str]]:
        visits = plan_run(scenario_for("flash_sale", "live"), seed, opening_us).visits
        return [(visit.arrives_us, visit.customer) for visit in visits]

    assert arrivals(7, OPENING_US + 1_234_567) == [(visit.arrives_us, visit.customer) for visit in plan.visits]
    assert arrivals(8, OPENING_US) != arrivals(7, OPENING_US)


def test_the_staff_prepares_a_sale_that_opens_at_the_opening(plan: LoadPlan) -> None:
    first = next(plan.setup())
    assert isinstance(first, Do)
    opens_at = datetime.fromisoformat(first.body["sale_opens"])
    assert opens_at == datetime.fromtimestamp(OPENING_US / 1e6, UTC)


def test_there_is_time_to_prepare_before_anybody_comes() -> None:
    scenario = scenario_for("flash_sale", "live")
    now_us = 1_700_000_000_000_000
    plan = plan_run(scenario, 7, opening_after(now_us, scenario))
    assert plan.first_arrival_us >= now_us + PREPARATION_US
    assert plan.ends_us == plan.origin_us + scenario.horizon_us


def test_a_scenario_has_three_sizes() -> None:
    customers = {variant: scenario_for("flash_sale", variant).population.customers for variant in VARIANTS}
    assert customers["whole"] > customers["live"] > customers["check"]
