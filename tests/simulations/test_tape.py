"""A tape is the whole run: played again it makes the same history, and less of it is the same run with less in it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from scenarios.loading import from_document, load_scenario
from simulations.search.playing import play_tape
from simulations.search.searching import search_seed, tape_of_seed
from simulations.search.shrink import Shrinker
from simulations.search.swarm import draw_run
from simulations.search.tape import first_difference, read_tape, write_tape

CHECK = load_scenario("flash_sale").for_check()
SEEDS = range(1, 9)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_on_tape_comes_out_again_from_memory_and_from_disk(seed: int, tmp_path: Path) -> None:
    tape = tape_of_seed(CHECK, seed)
    assert tape.history_sha256 == search_seed(CHECK, seed).history_sha256, "recording must not change the run"
    write_tape(tmp_path / "tape.json", tape)
    for copy in (tape, read_tape(tmp_path / "tape.json")):
        again, _ = play_tape(copy)
        assert first_difference(tape.history, again.history) == ""
        assert again.history_sha256 == tape.history_sha256


def test_without_one_customer_everybody_elses_provider_draws_are_the_same() -> None:
    tape = tape_of_seed(CHECK, 2)
    absent = tape.requests[-1].customer
    fewer = msgspec.structs.replace(tape, requests=tuple(each for each in tape.requests if each.customer != absent))
    again, _ = play_tape(fewer)
    assert 0 < len(again.history) < len(tape.history)
    assert {each.id for each in again.history if each.id.startswith("cart/")} < {each.id for each in tape.history}


@pytest.mark.parametrize(("plant", "invariant"), [("decided-again", "decided-once"), ("stock-clamped", "no-oversell")])
def test_a_shrunk_tape_still_breaks_the_same_invariant_with_far_less(plant: str, invariant: str) -> None:
    tape = tape_of_seed(CHECK, 1, plant)
    shrunk = Shrinker(tape, invariant, budget_s=20).shrink()
    assert invariant in shrunk.violated
    assert len(shrunk.requests) * 20 < len(tape.requests)
    assert len(shrunk.faults) == 0
    assert play_tape(shrunk)[0].history_sha256 == shrunk.history_sha256


def test_the_first_difference_is_named() -> None:
    history = tape_of_seed(CHECK, 1).history[:3]
    altered = msgspec.structs.replace(history[1], digest="0" * 16)
    assert first_difference(history, history) == ""
    assert first_difference(history, (history[0], altered)) == f"message 2 of 3: {history[1].id} has another content"
    assert first_difference(history, history[:2]) == f"message 3 of 3: {history[2].id} never came"
    assert first_difference(history[:2], history) == f"after all 2 messages: {history[2].id} came, too"


def test_what_a_scenario_strikes_is_always_there_to_be_struck() -> None:
    faults = [
        {"kind": "pause", "target": "orders-3", "at": "2s", "for": "1s"},
        {"kind": "kill", "target": "gateway-2", "at": "3s"},
    ]
    processes = {"gateways": 2, "workers": {"orders": 3}}
    struck = from_document(CHECK.document() | {"faults": faults, "topology": processes})

    for seed in range(1, 9):
        topology = draw_run(struck, seed).scenario.topology
        assert (topology.gateways, topology.workers["orders"]) == (2, 3)


def test_each_seed_draws_its_own_swarm_and_always_the_same() -> None:
    drawn = [draw_run(CHECK, seed) for seed in range(1, 60)]
    assert [each.in_words() for each in drawn] == [draw_run(CHECK, seed).in_words() for seed in range(1, 60)]
    kinds = [frozenset(fault.kind for fault in each.trouble.faults) for each in drawn]
    assert len(set(kinds)) > 50, "no two alike"
    assert len(frozenset().union(*kinds)) > 20, "and all kinds are used"
    most = CHECK.swarm.most
    assert all(len(each.trouble.faults) <= most for each in drawn)
