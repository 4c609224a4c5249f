"""What the benchmarks of live services count: at an easy rate, everything that is begun is complete and right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.live import BOOKINGS, CHECKOUTS, RIDES, Flow, Measured, figures_of, scenario_at
from loadtests.report import LoadReport
from reference_services.kernel.message import Message
from scenarios.arrivals import arrivals_of
from scenarios.loading import load_scenario
from scenarios.run_records import RequestRow, Schedule
from simulations.simulation import simulate

EASY_PER_S = 4


KEPT = Schedule(planned=3, sent=3, late_p99_us=900, dropped=0)
LATE = Schedule(planned=3, sent=2, late_p99_us=900, dropped=1)


class Requests:
    """Keeps the API calls of a run."""

    def __init__(self) -> None:
        self.rows: list[RequestRow] = []

    def event(self, message: Message[Any]) -> None:
        """Not kept."""

    def request(self, row: RequestRow) -> None:
        self.rows.append(row)

    def sample(self, *row: Any) -> None:
        """Not kept."""


@pytest.mark.parametrize("flow", [CHECKOUTS, BOOKINGS, RIDES], ids=lambda flow: flow.scenario)
def test_every_visit_completes_once(flow: Flow, tmp_path: Path) -> None:
    requests = Requests()
    scenario = load_scenario(scenario_at(flow.scenario, EASY_PER_S, tmp_path)).compressed()

    result = simulate(scenario, 1, sink=requests)

    begun = len(list(arrivals_of(scenario, 1)))
    assert sum(flow.completes(row) for row in requests.rows) == begun > 0
    assert [finding.name for finding in result.findings if finding.status != "held"] == []


@pytest.mark.parametrize(
    ("times_ms", "schedule", "failed", "doubts", "kept_up"),
    [
        ([20.0, 30.0, 40.0], KEPT, 0, [], True),
        ([20.0, 30.0, 900.0], KEPT, 0, [], False),
        ([], KEPT, 0, [], False),
        ([20.0, 30.0], KEPT, 1, ["1 call failed"], False),
        ([20.0, 30.0], LATE, 0, ["INVALID: 1 of 3 arrivals were dropped: too many journeys at once"], False),
    ],
)
def test_services_keep_up_only_if_everybody_was_served(
    times_ms: list[float], schedule: Schedule, failed: int, doubts: list[str], kept_up: bool
) -> None:
    report = LoadReport(origin_us=0, schedule=schedule, outcomes={"ok": 3, "error": failed, "unknown": 0})
    measured = Measured(CHECKOUTS, times_ms, 3, report)

    complete, p99 = figures_of(measured, 100, "idle")

    assert measured.keeps_up is kept_up
    assert complete.note == "; ".join([*doubts, f"{len(times_ms)} of 3 complete", "idle"])
    assert p99.note == "; ".join(doubts)
