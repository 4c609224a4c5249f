"""What every run has in common, whichever world it takes place in: its folder, its papers, its verdict."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reference_services.registry import load_pictures
from scenarios.faults.fault import Fault
from scenarios.model import Scenario
from scenarios.run_folder import new_run_path
from scenarios.run_records import Machine, RunInfo, Versions, World

from .errors import Mendable, NothingProved

MADE_WITH = ("aiokafka", "fastapi", "faust-streaming", "locust", "msgspec", "simpy", "uvicorn")
"""The distributions whose versions a run folder keeps: those on which its figures depend."""


def run_info(
    scenario: Scenario,
    *,
    world: World,
    verb: str,
    seed: int,
    origin_us: int,
    settings: Mapping[str, Any],
    started_at: datetime | None = None,
    left_out: Iterable[Fault] = (),
) -> RunInfo:
    """The papers of a run, which begins now unless ``started_at`` says when.

    ``settings`` are the other options of the command line, by name; ``left_out`` is what cannot go wrong in ``world``.
    """
    return RunInfo(
        scenario=scenario.name,
        named=scenario.named,
        title=scenario.title,
        system=scenario.system,
        world=world,
        verb=verb,
        seed=seed,
        started_at=started_at or datetime.now(UTC),
        origin_us=origin_us,
        versions=Versions.here(MADE_WITH),
        machine=Machine.here(),
        settings=dict(settings),
        scenario_document=scenario.document(),
        pictures=load_pictures(scenario.system),
        left_out=tuple(fault.label for fault in left_out),
    )


@contextmanager
def run_folder(root: Path, scenario: Scenario, verb: str) -> Iterator[Path]:
    """A new folder for a run under ``root``.

    If the run is interrupted or fails, nothing of it stays, unless it raised `NothingProved`: then its logs tell why.
    Raises `Mendable` if there can be no folder.
    """
    made_above = [folder for folder in (root / scenario.name, root) if not folder.exists()]
    try:
        folder = new_run_path(root, scenario.name, verb, datetime.now().astimezone())
    except OSError as error:
        raise Mendable(f"--out {root}: no folder can be made there: {error.strerror}") from error
    try:
        yield folder
    except NothingProved:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for above in made_above:
            with suppress(OSError):  # somebody else keeps a run there by now
                above.rmdir()
        raise
