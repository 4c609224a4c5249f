"""Arrivals are counted by visits: whoever comes twice has arrived twice."""

from __future__ import annotations

from pathlib import Path

from synthetic_sale import OPENING_US, SECOND_US, Sale, held, run_info

from reports.key_figures import key_figures
from reports.run import Run
from reports.spans import rush_axis
from scenarios.run_folder import RequestRow, RunFolderWriter


def call(visit_s: float, intended_s: float, customer: str = "ann", journey: str = "shopper") -> RequestRow:
    visit_us, intended_us = (OPENING_US + round(at_s * SECOND_US) for at_s in (visit_s, intended_s))
    answered_us = intended_us + 20_000
    return RequestRow(customer, journey, visit_us, "look", intended_us, intended_us, answered_us, "ok", 200)


def run_of(folder: Path, *calls: RequestRow) -> Run:
    with RunFolderWriter(folder, run_info(Sale())) as writer:
        for row in calls:
            writer.request(row)
        writer.findings(held())
    return Run(folder)


def test_a_customer_who_comes_again_has_arrived_again(tmp_path: Path) -> None:
    run = run_of(
        tmp_path / "run",
        call(1.0, 1.0),
        call(1.0, 9.0),
        call(5.2, 5.2),
        call(5.4, 5.4, customer="bob"),
        call(5.8, 5.9, customer="cy"),
    )

    assert sorted(run.visits["intended_s"]) == [1.0, 5.2, 5.4, 5.9]
    figures = key_figures(run)
    assert (figures.customers, figures.busiest_second) == (3, 3)


def test_the_rush_lasts_until_the_last_of_them(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", call(1.0, 1.0), call(60.0, 60.0), call(1.0, 3_600.0))

    assert 60.0 < rush_axis([run]).end_s < 120.0
