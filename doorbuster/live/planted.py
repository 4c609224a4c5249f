"""Runs a scenario for real on services with a bug planted in them, to see whether the checkers find it there, too."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from reference_services.hosting.settings import Settings
from scenarios.model import Scenario
from simulations.planted import served
from simulations.planted.plant import Plant

from ..errors import Mendable
from .run import LiveRun

SERVED = served.__name__


class PlantedLiveRun(LiveRun):
    """A live run whose services have the bug of that name. Raises `Mendable` for one that cannot be served."""

    def __init__(self, name: str, scenario: Scenario, seed: int, plant: Plant) -> None:
        if not plant.live or plant.system != scenario.system:
            raise Mendable(
                f"{plant.name} cannot be planted in a served {scenario.system}; --list-planted tells which can"
            )
        super().__init__(name, scenario, seed)
        self._plant = plant

    def into(self, folder: Path, services_folder: Path, *, verb: str, settings: Mapping[str, Any]) -> None:
        """Run it as any other live run, with the bug in every process that is started meanwhile."""
        with _environment(served.VARIABLE, self._plant.name):
            super().into(folder, services_folder, verb=verb, settings=settings)

    def _settings(self) -> Settings:
        return msgspec.structs.replace(super()._settings(), system=SERVED)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
