"""What the benchmarks of live services count: at an easy rate, everything that is begun is complete and right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.live import BOOKINGS, CHECKOUTS, RIDES, Flow, scenario_at
from reference_services.kernel.message import Message
from scenarios.arrivals import arrivals_of
from scenarios.loading import load_scenario
from scenarios.run_records import RequestRow
from simulations.simulation import simulate

EASY_PER_S = 4


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
