"""What all the seeds of one search have shown together, and the verdict on that."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from reference_services.registry import linearizability_findings, load_checks
from reports import wording
from reports.verdict import INVALID, INVARIANT_BROKEN, LABELS, PASS
from scenarios.model import Scenario
from simulations.planted.plant import Plant
from simulations.search.searching import SeedOutcome

from .rates import Rate, violation_rate


@dataclass
class Breach:
    """How one invariant broke: under how many seeds, under which first, and what was seen then."""

    invariant: str
    seed: int
    message: str
    seeds: int = 1


class Total:
    """Adds up the outcomes of a search.

    With a ``plant`` only those seeds are violations under which the invariant breaks that has to catch it.
    """

    def __init__(self, scenario: Scenario, seeds: range, plant: Plant | None = None, *, stops: bool = True) -> None:
        self.scenario = scenario
        self.seeds = seeds
        self.plant = plant
        self.stops = stops
        """Whether the search stops at its first violation."""
        self.searched = 0
        self.events = 0
        self.violations = 0
        self.first: SeedOutcome | None = None
        self.breaches: dict[str, Breach] = {}
        self.crashed: dict[str, str] = {}
        self.hashes: dict[int, str] = {}
        self._reached: Counter[str] = Counter()

    def add(self, outcome: SeedOutcome) -> None:
        """One more seed."""
        self.searched += 1
        self.events += outcome.events
        self.hashes[outcome.seed] = outcome.history_sha256
        self._reached.update({name: int(count > 0) for name, count in outcome.reached.items()})
        for finding in outcome.findings:
            if finding.status == "crashed":
                self.crashed.setdefault(finding.name, f"seed {outcome.seed}: {finding.error}")
            elif finding.name in self.breaches:
                self.breaches[finding.name].seeds += 1
            else:
                message = wording.printable(finding.samples[0].message) if finding.samples else finding.statement
                self.breaches[finding.name] = Breach(finding.name, outcome.seed, message)
        if self._is_violation(outcome):
            self.violations += 1
            self.first = self.first or outcome

    @property
    def is_over(self) -> bool:
        """Whether there is no need to search on."""
        return self.stops and self.first is not None

    @property
    def invariant(self) -> str:
        """The invariant that the search was about: the plant's, or the first that broke. Needs a violation."""
        assert self.first is not None
        return self.plant.caught_by if self.plant is not None else self.first.violated[0]

    @property
    def checked(self) -> tuple[str, ...]:
        """The names of all rules that were checked."""
        scenario = self.scenario
        invariants, _ = load_checks(scenario.system, scenario.terms)
        of_clients = linearizability_findings(scenario.system, scenario.terms, ())
        names = [*(invariant.name for invariant in invariants), *(finding.name for finding in of_clients)]
        return tuple(dict.fromkeys([*filter(scenario.checks, names), *self.breaches, *self.crashed]))

    @property
    def rate(self) -> Rate | None:
        """How often a seed violates; None if not one was searched."""
        if not self.searched:
            return None
        return violation_rate(self.violations, self.searched, stopped_at_first=self.stops)

    @property
    def reached(self) -> dict[str, int]:
        """How many seeds reached each situation."""
        return dict(self._reached)

    @property
    def missing_reach(self) -> tuple[str, ...]:
        """What the scenario must reach, and no seed did."""
        return tuple(name for name in self.scenario.reach if not self._reached[name])

    @property
    def code(self) -> int:
        """The exit code of the search."""
        if self.first is not None:
            return INVARIANT_BROKEN
        return INVALID if self.why_invalid() else PASS

    @property
    def verdict(self) -> str:
        """The exit code in words."""
        return LABELS[self.code]

    def why_invalid(self) -> list[str]:
        """Why the search proves nothing if it has found nothing; empty if it does."""
        if not self.searched:
            return ["Not one seed ended in the time that there was; give it more --minutes."]
        reasons = [f"The checker {name} crashed under {error}" for name, error in self.crashed.items()]
        if self.plant is not None:
            reasons.append(self._why_not_found(self.plant))
        else:
            reasons.extend(f"The scenario must reach {name}; no seed did." for name in self.missing_reach)
        return reasons

    def _why_not_found(self, plant: Plant) -> str:
        seeds = wording.counted(self.searched, "seed")
        text = f"The plant was not found: {plant.caught_by}, which has to catch {plant.name}, held under {seeds}"
        others = wording.listed(list(self.breaches))
        return f"{text}; what broke: {others}." if others else f"{text}, and so did everything else."

    def _is_violation(self, outcome: SeedOutcome) -> bool:
        if self.plant is not None:
            return self.plant.caught_by in outcome.violated
        return bool(outcome.violated)
