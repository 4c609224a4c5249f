"""Named streams of random numbers: independent of each other, of the order of asking, and of the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_services.kernel.random_streams import stream, uniform

NAMES = [(1, "arrivals", ""), (1, "arrivals", "1"), (1, "arrivals1", ""), (11, "arrivals", ""), (1, "provider", "1")]
PROGRAM = """
from reference_services.kernel.random_streams import stream, uniform
print([stream(7, "arrivals", customer).random() for customer in range(3)], uniform(7, "declines", "o-1"))
"""


def draws(seed: int, purpose: str, entity: str | int = "") -> list[float]:
    draw = stream(seed, purpose, entity)
    return [draw.random() for _ in range(5)]


@pytest.mark.parametrize("names", NAMES)
def test_one_name_is_one_stream(names: tuple[int, str, str]) -> None:
    assert draws(*names) == draws(*names)
    assert uniform(*names) == uniform(*names)


def test_different_names_are_different_streams() -> None:
    assert len({draws(*names)[0] for names in NAMES}) == len(NAMES)
    assert len({uniform(*names) for names in NAMES}) == len(NAMES)


def test_a_number_names_the_same_entity_as_its_digits() -> None:
    assert draws(1, "arrivals", 5) == draws(1, "arrivals", "5")


def test_one_more_customer_moves_nobody_elses_draws() -> None:
    def visit(customers: list[int]) -> dict[int, float]:
        streams = {customer: stream(1, "customer", customer) for customer in customers}
        return {customer: streams[customer].random() for customer in customers}

    few, many = visit([1, 2, 3]), visit([9, 3, 2, 1])

    assert {customer: many[customer] for customer in few} == few


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_draws_are_the_same_in_every_process(project_root: Path, hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(project_root)}

    printed = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    ).stdout

    expected = [stream(7, "arrivals", customer).random() for customer in range(3)]
    assert printed == f"{expected} {uniform(7, 'declines', 'o-1')}\n"


def test_draws_never_change() -> None:
    """A stored seed must tell the same story tomorrow."""
    assert stream(7, "arrivals", 1).randrange(10**9) == 813_294_243
    assert f"{uniform(7, 'arrivals', 1):.12f}" == "0.824030490491"


@given(st.integers(), st.text())
def test_a_uniform_draw_is_in_the_unit_interval(seed: int, purpose: str) -> None:
    assert 0 <= uniform(seed, purpose) < 1


def test_uniform_draws_are_spread_evenly() -> None:
    values = sorted(uniform(1, "evenness", entity) for entity in range(2_000))

    distance = max(abs(value - rank / 2_000) for rank, value in enumerate(values))

    assert distance < 1.63 / 2_000**0.5, "Kolmogorov-Smirnov at 1%"
