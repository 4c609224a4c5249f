"""One scenario after its search: the total, and what was kept of a violation."""

from __future__ import annotations

import shlex
from typing import Any

import msgspec

from simulations.search.searching import SeedOutcome

from .evidence import Evidence, replay_command
from .rates import clean_seeds_needed
from .total import Breach, Total


class Checked(msgspec.Struct, frozen=True):
    """A searched scenario. ``name`` is what the user called it, ``evidence`` is there if something broke."""

    name: str
    total: Total
    wall_s: float
    evidence: Evidence | None = None

    def told(self, breach: Breach) -> str:
        """A breach in a few lines of plain text: the seed, what was seen, and how to see it again."""
        return f"Seed {breach.seed}: {breach.message}\nSee it again: {self.again(breach)}"

    def again(self, breach: Breach) -> str:
        """The command line that shows a breach again: its tape, if there is one of its seed, or its seed."""
        first, evidence = self.total.first, self.evidence
        if evidence is not None and first is not None and first.seed == breach.seed:
            return evidence.replay if breach.invariant in evidence.played.violated else replay_command(evidence.tape)
        plant = f" --plant {self.total.plant.name}" if self.total.plant else ""
        return f"doorbuster check {shlex.quote(self.name)} --seeds {breach.seed}-{breach.seed}{plant}"

    def document(self, *, hashes: bool = False) -> dict[str, Any]:
        """The search as JSON data; ``hashes`` adds each seed's history hash."""
        total, rate = self.total, self.total.rate
        document = {
            "scenario": total.scenario.name,
            "seeds": f"{total.seeds[0]}-{total.seeds[-1]}",
            "searched": total.searched,
            "plant": total.plant.name if total.plant else None,
            "verdict": total.verdict,
            "exit_code": total.code,
            "reasons": [] if total.first else total.why_invalid(),
            "events": total.events,
            "wall_s": round(self.wall_s, 3),
            "violations": total.violations,
            "rate": rate.estimate if rate else None,
            "interval": [rate.low, rate.high] if rate else None,
            "clean_seeds": self._clean_seeds(),
            "invariants": {name: self._seeds_that_broke(name) for name in total.checked},
            "crashed": total.crashed,
            "reached": total.reached,
            "missing_reach": list(total.missing_reach),
            "first": self._first(total.first) if total.first else None,
        }
        return document | ({"hashes": {str(seed): sha for seed, sha in total.hashes.items()}} if hashes else {})

    def _clean_seeds(self) -> dict[str, int] | None:
        """How many clean seeds make a fix believable: at the rate found, and at the low end of its interval."""
        rate = self.total.rate
        if rate is None or not self.total.violations:
            return None
        return {"at_rate": clean_seeds_needed(rate.estimate), "at_low_end": clean_seeds_needed(rate.low)}

    def _seeds_that_broke(self, invariant: str) -> int:
        breach = self.total.breaches.get(invariant)
        return breach.seeds if breach else 0

    def _first(self, first: SeedOutcome) -> dict[str, Any]:
        breach = self.total.breaches[self.total.invariant]
        document = {
            "seed": first.seed,
            "invariant": breach.invariant,
            "message": breach.message,
            "configuration": first.configuration,
            "history_sha256": first.history_sha256,
        }
        return document | (self.evidence.document() if self.evidence else {})
