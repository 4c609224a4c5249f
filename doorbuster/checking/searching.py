"""Searches the seeds of one scenario in processes of their own."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import cache, partial

from scenarios.loading import load_scenario
from scenarios.model import Scenario
from simulations.search.searching import SeedOutcome, search_seed

from ..pool import spread

SEEDS_AT_ONCE = 4
"""Seeds that a process takes at once: a fraction of a second of work, beside which handing it out costs nothing."""


def search(
    name: str, seeds: Sequence[int], plant: str = "", *, jobs: int, until_s: float
) -> Generator[SeedOutcome, None, None]:
    """Play the scenario ``name``, a name or a path, under each of ``seeds``; outcomes come in the order of the seeds.

    Ends early at ``until_s`` on the clock of `time.monotonic`. ``jobs`` is how many processes do it, 0 for one a core.
    Raises as `doorbuster.pool.spread`. Close the generator to stop early.
    """
    with closing(spread(partial(_search_batch, name, plant), _batches(seeds), jobs=jobs, until_s=until_s)) as batches:
        for outcomes in batches:
            yield from outcomes


def _batches(seeds: Sequence[int]) -> Iterator[Sequence[int]]:
    return (seeds[start : start + SEEDS_AT_ONCE] for start in range(0, len(seeds), SEEDS_AT_ONCE))


def _search_batch(name: str, plant: str, seeds: Sequence[int]) -> list[SeedOutcome]:
    return [_search_one(name, plant, seed) for seed in seeds]


def _search_one(name: str, plant: str, seed: int) -> SeedOutcome:
    try:
        return search_seed(_scenario(name), seed, plant)
    except Exception as error:
        error.add_note(f"This was seed {seed} of {name}.")
        raise


@cache
def _scenario(name: str) -> Scenario:
    return load_scenario(name).for_check()
