"""What journeys of all systems are made of: how people pause, how they read answers, and who comes."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Generator
from typing import Annotated, Any, TypeGuard

import msgspec

from reference_services.kernel.operation import ANYONE, Principal

from ..model import Scenario
from ..steps import Do, Got

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Duration = Annotated[int, msgspec.Meta(gt=0)]

PUBLIC = Principal("anyone", ANYONE)

PATIENCE_S = 10
"""How long a customer's phone waits for an answer before it asks how things stand."""


class SetupFailed(Exception):
    """The staff could not prepare everything, so nothing that comes after it proves anything; one line says why."""


class JourneyMix:
    """The journeys of a scenario, each with its weight. Raises `ScenarioError` for one that is not in ``known``."""

    def __init__(self, scenario: Scenario, known: Collection[str]) -> None:
        self._names = [journey.name for journey in scenario.journeys]
        self._weights = [journey.weight for journey in scenario.journeys]
        unknown = [name for name in self._names if name not in known]
        if unknown:
            text = f"there is no journey {unknown[0]!r}; choose from {', '.join(sorted(known))}"
            raise scenario.error(("journeys",), text)

    def draw(self, draw: random.Random) -> str:
        """The name of the journey that somebody goes on."""
        return draw.choices(self._names, self._weights)[0]


def must(do: Do) -> Generator[Any, Got | None, None]:
    """A step without which nothing else makes sense. Raises `SetupFailed` if it fails."""
    got = yield do
    if not succeeded(got):
        what = " ".join([do.operation, *do.path.values()])
        why = f"{got.outcome} {got.reason or got.status}" if got is not None else "nothing was asked"
        raise SetupFailed(f"the setup failed at {what}: {why}")


def succeeded(got: Got | None) -> TypeGuard[Got]:
    """Whether an answer came and says yes."""
    return got is not None and got.outcome == "ok"


def told(got: Got | None, member: str) -> TypeGuard[Got]:
    """Whether the answer says yes and tells ``member``; one that came before the decision does not."""
    return succeeded(got) and isinstance(got.body, dict) and member in got.body


def human_us(median_us: int, draw: random.Random) -> int:
    """How long somebody takes: lognormal, as human reaction times and commutes are."""
    return round(median_us * math.exp(draw.gauss(0, 0.6)))
