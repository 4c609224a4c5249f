"""Speed of the checkers alone: histories of whole runs, shown to fresh checkers until a million events are through."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from reference_services.kernel.invariant import Checker
from reference_services.kernel.message import Message
from reference_services.registry import load_checks
from scenarios.loading import load_scenario
from scenarios.model import Scenario
from scenarios.run_records import RequestRow
from simulations.simulation import simulate

from .figure import Figure

EVENTS = 1_000_000
SEED = 7

SCENARIOS = {"flash_sale": "most orders come too late", "steady_checkouts": "most orders are sold"}
"""Histories of two kinds: what a checker has to do for an order depends on how far the order comes."""


class _History:
    """Keeps the messages of a simulated run, and nothing else of it."""

    def __init__(self) -> None:
        self.messages: list[Message[Any]] = []

    def event(self, message: Message[Any]) -> None:
        self.messages.append(message)

    def request(self, row: RequestRow) -> None:
        """Not wanted here."""

    def sample(self, time_us: int, metric: str, label: str, value: float) -> None:
        """Not wanted here."""


def figures() -> Iterator[Figure]:
    """One figure a scenario, in the variant that also runs for real."""
    for name, kind in SCENARIOS.items():
        scenario = load_scenario(name).compressed()
        history = _History()
        result = simulate(scenario, SEED, history)
        cpu_s, violations = _check(scenario, history.messages, result.end_us)
        yield Figure(
            f"safety checkers alone, 1M events of {name}",
            cpu_s,
            "s",
            "under 5",
            f"{kind}; {len(history.messages):,} events over and over, {violations} violations",
        )


def _check(scenario: Scenario, messages: list[Message[Any]], end_us: int) -> tuple[float, int]:
    """Processor time of all checkers and marks for a million events, in seconds, and the violations that they saw."""
    spent_s, seen, violations = 0.0, 0, 0
    while seen < EVENTS:
        checker = Checker(*load_checks(scenario.system, scenario.terms))
        observe = checker.observe
        began_s = time.process_time()
        for message in messages:
            observe(message)
        findings = checker.finish(end_us)
        spent_s += time.process_time() - began_s
        seen += checker.messages_seen
        violations += sum(finding.violations for finding in findings)
    return spent_s * EVENTS / seen, violations
