"""One seed of a search: drawn, played, judged."""

from __future__ import annotations

import msgspec

from reference_services.kernel.invariant import Finding
from scenarios.model import Scenario

from .playing import play, record
from .swarm import draw_run
from .tape import Tape, violated_by


class SeedOutcome(msgspec.Struct, frozen=True):
    """What came of one seed. ``violated`` names the invariants that broke, ``crashed`` the checkers that raised."""

    seed: int
    configuration: str
    history_sha256: str
    events: int
    wall_s: float
    reached: dict[str, int]
    violated: tuple[str, ...]
    crashed: tuple[str, ...]
    findings: tuple[Finding, ...]


def search_seed(scenario: Scenario, seed: int, plant: str = "") -> SeedOutcome:
    """Play ``scenario``, its variant for checks, as ``seed`` draws it."""
    drawn = draw_run(scenario, seed)
    result = play(drawn.scenario, seed, drawn.trouble, plant)
    return SeedOutcome(
        seed,
        drawn.in_words(),
        result.history_sha256,
        result.events,
        result.wall_s,
        result.reached,
        violated_by(result),
        tuple(finding.name for finding in result.findings if finding.status == "crashed"),
        tuple(finding for finding in result.findings if finding.status != "held"),
    )


def tape_of_seed(scenario: Scenario, seed: int, plant: str = "") -> Tape:
    """The same run on tape."""
    drawn = draw_run(scenario, seed)
    return record(drawn.scenario, seed, drawn.trouble, plant)[0]
