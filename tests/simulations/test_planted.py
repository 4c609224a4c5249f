"""Every planted bug is found, by the invariant that must find it; and nobody else ever meets one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reference_services.bookstore.order_messages import OrderPlaced
from reference_services.kernel.policy import Policy
from reference_services.registry import linearizability_findings, load_checks, load_system, system_names
from scenarios.loading import load_scenario
from simulations.planted import bikeshare, bookstore, clinic, hosts
from simulations.planted.catalog import PLANTS, UnknownPlant, design_of, plants_in
from simulations.planted.page import COMMAND, page
from simulations.planted.plant import Plant, swapped
from simulations.search.searching import search_seed

ROOT = Path(__file__).parents[2]
SALE = load_scenario("flash_sale").for_check()
SEARCHED = {
    "": SALE,
    "bookstore": SALE,
    "bikeshare": load_scenario("bike_day").for_check(),
    "clinic": load_scenario("clinic_week").for_check(),
}
"""What is searched for the bugs of a system, and for those of the hosts."""

FOLDERS = (bikeshare, bookstore, clinic, hosts)

BEGIN_AT = {
    "ack-on-exception": 24,
    "answered-before-append": 22,
    "commit-before-append": 13,
    "commit-of-the-latest": 13,
    "freed-slot-forgotten": 40,
    "limit-from-a-view": 52,
    "reactions-forgotten": 13,
    "receipt-fire-and-forget": 83,
}
"""Where to begin for bugs that only a rare run shows: the first seed that finds them. The others take a few seeds."""

SEEDS = 100
"""How many seeds a bug may take from there on, so that one more draw in the swarm does not turn this file red."""

SERVING = (
    "reference_services.hosting.worker",
    "reference_services.hosting.gateway",
    "doorbuster.judging",
    "doorbuster.live.run",
    "doorbuster.loading",
    "doorbuster.main",
    "doorbuster.services",
    "doorbuster.simulated",
    "doorbuster.sweep",
    "doorbuster.verbs.load",
    "doorbuster.verbs.rehearse",
    "doorbuster.verbs.serve",
    "doorbuster.verbs.simulate",
    "simulations.simulation",
)
"""What serves, loads and rehearses, with all that it imports."""

every_plant = pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)


@every_plant
def test_a_planted_bug_is_found_by_the_invariant_that_names_it(plant: Plant) -> None:
    first = BEGIN_AT.get(plant.name, 1)
    found = (seed for seed in range(first, first + SEEDS) if _breaks(plant, seed, plant.name))
    seed = next(found, None)
    assert seed is not None, f"{plant.caught_by} held under seeds {first} to {first + SEEDS - 1}"
    assert not _breaks(plant, seed, ""), f"seed {seed} breaks {plant.caught_by} without the bug, too"


def _breaks(plant: Plant, seed: int, planted: str) -> bool:
    return plant.caught_by in search_seed(SEARCHED[plant.system], seed, planted).violated


@every_plant
def test_a_planted_bug_says_what_it_is(plant: Plant) -> None:
    assert plant.summary.endswith(".")
    assert plant.origin
    assert plant.system in ("", *system_names())
    searched = SEARCHED[plant.system]
    invariants, _ = load_checks(searched.system, searched.terms)
    told_by_clients = linearizability_findings(searched.system, searched.terms, ())
    assert plant.caught_by in {each.name for each in (*invariants, *told_by_clients)}


def test_no_two_planted_bugs_share_a_name() -> None:
    assert len(PLANTS) == sum(len(folder.PLANTS) for folder in FOLDERS) >= 38


def test_every_module_of_bugs_is_in_the_catalogue() -> None:
    folders = [Path(package.__file__).parent for package in FOLDERS]
    modules = {path.stem.replace("_", "-") for folder in folders for path in folder.glob("*.py")}
    assert set(PLANTS) == modules - {"--init--", "forgetful-table"}


def test_a_system_has_its_own_bugs_and_those_of_the_hosts() -> None:
    assert set(plants_in("bookstore")) == {*bookstore.PLANTS, *hosts.PLANTS}
    assert set(plants_in("bikeshare")) == {*bikeshare.PLANTS, *hosts.PLANTS}
    assert set(plants_in("clinic")) == {*clinic.PLANTS, *hosts.PLANTS}


def test_an_unknown_bug_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownPlant, match=r"no planted bug 'stock-doubled'.*stock-clamped"):
        design_of("stock-doubled")


def test_a_part_that_stands_in_for_nothing_is_refused() -> None:
    stranger = Policy("water-the-plants", OrderPlaced, lambda event: ())
    with pytest.raises(ValueError, match="bookstore has 0 policies named 'water-the-plants' instead of 1"):
        swapped(stranger).system(load_system("bookstore", {}))


def test_a_swapped_decider_goes_by_the_terms_of_the_sound_one() -> None:
    sound = load_system("bookstore", {"reservation_ttl_us": 7_000_000})
    planted = design_of("hold-never-expires").system(sound)
    (honest,), (patient,) = sound.service("inventory").deciders, planted.service("inventory").deciders
    assert type(patient) is not type(honest)
    assert vars(patient) == vars(honest)
    assert 7_000_000 in vars(patient).values()


def test_nothing_that_serves_anybody_loads_a_planted_bug() -> None:
    program = f"import importlib, sys\nfor name in {SERVING!r}: importlib.import_module(name)\n"
    program += "print([name for name in sys.modules if name.startswith('simulations.planted')])"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_page_is_up_to_date() -> None:
    committed = (ROOT / "docs" / "planted-bugs.md").read_text(encoding="utf-8")
    assert committed == page(), f"run: {COMMAND}"
