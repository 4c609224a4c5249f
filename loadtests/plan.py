"""What one load run does, worked out before it begins: who comes when, what the staff prepares, when it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from reference_services.kernel.system import System
from reference_services.registry import load_sequential_models, load_system
from scenarios.journeys import journeys_of
from scenarios.loading import load_scenario
from scenarios.model import Scenario
from scenarios.steps import Journey, Visit

Variant = Literal["live", "check", "whole"]
"""``live``: the scenario as compressed to run for real; ``check``: as made small for a search over seeds; ``whole``: as
it is, however long that takes."""

PREPARATION_US = 3_000_000
"""Time for planning and for the staff's setup, before the scenario's own lead begins."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Share:
    """Which part of the visits one of several load generators takes: every ``of``-th, beginning with ``index``."""

    index: int = 0
    of: int = 1


@dataclass(frozen=True)
class LoadPlan:
    """A load run on the clock. ``origin_us`` (time 0, the opening) and ``ends_us`` are microseconds since the epoch.

    ``visits`` are in order of arrival. Calls of the operations ``watched`` are kept whole.
    """

    system: System
    seed: int
    origin_us: int
    ends_us: int
    setup: Callable[[], Journey]
    visits: Sequence[Visit]
    watched: frozenset[str] = frozenset()

    @property
    def first_arrival_us(self) -> int:
        """When the first visit is due; the end of the run if nobody comes."""
        return self.origin_us + self.visits[0].arrives_us if self.visits else self.ends_us

    def visits_of(self, share: Share) -> Sequence[Visit]:
        """The visits of one load generator. All shares together are all visits, each once."""
        return self.visits[share.index :: share.of]


def scenario_for(name_or_path: str, variant: Variant) -> Scenario:
    """The scenario, as it runs in that variant. Raises `scenarios.problems.ScenarioError`."""
    scenario = load_scenario(name_or_path)
    match variant:
        case "live":
            return scenario.compressed()
        case "check":
            return scenario.for_check()
        case "whole":
            return scenario


def opening_after(now_us: int, scenario: Scenario) -> int:
    """The earliest opening for a run that is started at ``now_us``: there must be time to prepare, then the lead."""
    return now_us + PREPARATION_US + scenario.lead_us


def plan_run(scenario: Scenario, seed: int, origin_us: int) -> LoadPlan:
    """Plan a run of ``scenario`` whose opening is at ``origin_us``, wherever in time the scenario itself puts it."""
    opens_at = _EPOCH + timedelta(microseconds=origin_us)
    dated = scenario.model_copy(update={"starts_at": opens_at})
    journeys = journeys_of(dated.system)
    models = load_sequential_models(dated.system, dated.terms)
    return LoadPlan(
        load_system(dated.system, dated.terms),
        seed,
        origin_us,
        origin_us + dated.horizon_us,
        lambda: journeys.setup(dated, seed),
        sorted(journeys.visits(dated, seed), key=lambda visit: visit.arrives_us),
        models.operations if models is not None else frozenset(),
    )
