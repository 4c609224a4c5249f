"""Shrinks a tape to the fewest customers, requests and faults that still break the same invariant.

Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 2002), on one kind
of thing after the other, coarse to fine. It works because nothing on a tape moves anything else: all draws are named
for what they are about, so a run without one customer is the same run without that customer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from scenarios.quantities import format_duration, parse_duration

from ..kafka.tuning import Tuning
from ..network import Asked
from .playing import play_tape, rerun
from .tape import Tape, violated_by

Thing = TypeVar("Thing")

ROUNDS = 4
"""How often everything is tried again; after the second time hardly anything is left to take away."""

Tried = Callable[[int, int], None]
"""Told how many runs have been tried and how many requests are left."""


class Shrinker:
    """Takes away from a tape whatever can be taken away within ``budget_s`` seconds."""

    def __init__(self, tape: Tape, invariant: str, budget_s: float, tried: Tried | None = None) -> None:
        self._tape = tape
        self._invariant = invariant
        self._ends = time.monotonic() + budget_s
        self._tried = tried
        self._runs = 0

    def shrink(self) -> Tape:
        """The smallest tape found, played once more so that its history stands on it."""
        for _ in range(ROUNDS):
            before = self._size()
            self._shorter()
            self._fewer_customers()
            self._fewer("faults", self._tape.faults)
            self._calmer_provider()
            self._fewer("requests", self._tape.requests)
            self._plainer_topology()
            if self._size() == before or self._is_over():
                break
        return play_tape(self._tape)[0]

    def _shorter(self) -> None:
        """An earlier end, as far as what breaks does not need the time."""
        while not self._is_over():
            before = self._tape
            horizon = before.scenario["horizon"]
            self._accept(self._with(scenario={**before.scenario, "horizon": _half(horizon)}))
            if self._tape is before:
                return

    def _fewer_customers(self) -> None:
        by_customer: dict[str, list[Asked]] = {}
        for asked in self._tape.requests:
            by_customer.setdefault(asked.customer, []).append(asked)
        kept = self._smallest(
            list(by_customer.values()),
            lambda groups: self._with(requests=_in_order([asked for group in groups for asked in group])),
        )
        self._tape = self._with(requests=_in_order([asked for group in kept for asked in group]))

    def _fewer(self, field: str, things: Sequence[Any]) -> None:
        kept = self._smallest(things, lambda fewer: self._with(**{field: tuple(fewer)}))
        self._tape = self._with(**{field: tuple(kept)})

    def _calmer_provider(self) -> None:
        """Everything that the provider does wrong by the scenario itself, not by a fault: is it needed?"""
        provider = self._tape.scenario.get("provider", {})
        wrongs = [name for name, value in provider.items() if name.endswith("_share") and value]
        needed = self._smallest(wrongs, self._with_wrongs)
        self._tape = self._with_wrongs(needed)

    def _with_wrongs(self, names: Sequence[str]) -> Tape:
        scenario = self._tape.scenario
        provider = {
            name: value
            for name, value in scenario.get("provider", {}).items()
            if not name.endswith("_share") or name in names
        }
        return self._with(scenario={**scenario, "provider": provider})

    def _plainer_topology(self) -> None:
        """One of everything and no tuning, as far as it still breaks."""
        self._accept(self._with_topology({"gateways": 1}))
        self._accept(self._with_topology({"partitions": 1}))
        for service in self._tape.scenario["topology"]["workers"]:
            workers = self._tape.scenario["topology"]["workers"]
            self._accept(self._with_topology({"workers": {**workers, service: 1}}))
        self._accept(self._with(tuning=Tuning()))

    def _with_topology(self, change: Mapping[str, Any]) -> Tape:
        scenario = self._tape.scenario
        return self._with(scenario={**scenario, "topology": {**scenario["topology"], **change}})

    def _smallest(self, things: Sequence[Thing], tape_with: Callable[[Sequence[Thing]], Tape]) -> list[Thing]:
        """The algorithm ddmin: fewer and fewer of ``things``, in ever smaller chunks."""
        kept = list(things)
        if not kept or self._breaks(tape_with([])):
            return []
        chunks = 2
        while len(kept) >= 2 and not self._is_over():
            size = -(-len(kept) // chunks)
            for start in range(0, len(kept), size):
                rest = kept[:start] + kept[start + size :]
                if self._breaks(tape_with(rest)):
                    kept, chunks = rest, max(2, chunks - 1)
                    break
            else:
                if chunks >= len(kept):
                    break
                chunks = min(len(kept), 2 * chunks)
        return kept

    def _accept(self, tape: Tape) -> None:
        if tape != self._tape and self._breaks(tape):
            self._tape = tape

    def _breaks(self, tape: Tape) -> bool:
        """Whether the same invariant breaks; not, once time is over."""
        if self._is_over():
            return False
        self._runs += 1
        if self._tried is not None:
            self._tried(self._runs, len(tape.requests))
        try:
            return self._invariant in violated_by(rerun(tape))
        except Exception:  # too much was taken away for this to be a run at all: that is not the bug we look for
            return False

    def _with(self, **changes: Any) -> Tape:
        return msgspec.structs.replace(self._tape, **changes)

    def _size(self) -> tuple[int, int]:
        return len(self._tape.requests), len(self._tape.faults)

    def _is_over(self) -> bool:
        return time.monotonic() > self._ends


def _half(horizon: str) -> str:
    return format_duration(max(1, parse_duration(horizon) // 2))


def _in_order(requests: Sequence[Asked]) -> tuple[Asked, ...]:
    return tuple(sorted(requests, key=attrgetter("time_us")))
