"""Looks for a planted bug in services that run for real, with the checkers that find it in virtual time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from reports.verdict import INVALID, INVARIANT_BROKEN, LABELS
from scenarios.loading import load_scenario
from scenarios.run_folder import RunFolderReader
from simulations.planted.plant import Plant

from ..console import output, print_json, say
from ..errors import Mendable
from ..judging import judge_folder
from ..live.planted import PlantedLiveRun
from ..runs import run_folder


def check_live(names: list[str], plant: Plant | None, seed: int, out: Path, *, as_json: bool) -> int:
    """Run the scenario once with ``plant`` in its services; tells the exit code.

    Raises `Mendable` unless there is exactly one scenario and a plant that can be served.
    """
    if plant is None or len(names) != 1:
        raise Mendable("--live takes one scenario and --plant NAME, e.g. short_sale --plant stock-clamped --live")
    scenario = load_scenario(names[0]).compressed()
    began_s = time.monotonic()
    with run_folder(out, scenario, "check") as folder:
        run = PlantedLiveRun(names[0], scenario, seed, plant)
        run.into(folder, folder / "services", verb="check", settings={"plant": plant.name, "live": True})
        judge_folder(folder, with_report=True)
    document = _document(folder, plant) | {"wall_s": round(time.monotonic() - began_s, 1)}
    if as_json:
        print_json(document)
    else:
        _tell(document)
    return int(document["exit_code"])


def _document(folder: Path, plant: Plant) -> dict[str, Any]:
    reader = RunFolderReader(folder)
    broken = {found.name: found for found in reader.findings.invariants if found.status == "broken"}
    found = broken.get(plant.caught_by)
    code = INVARIANT_BROKEN if found is not None else INVALID
    return {
        "scenario": reader.run.scenario,
        "world": "live",
        "seed": reader.run.seed,
        "plant": plant.name,
        "invariant": plant.caught_by,
        "found": found is not None,
        "message": found.samples[0].message if found is not None else "",
        "broken": {name: each.violations for name, each in broken.items()},
        "verdict": LABELS[code],
        "exit_code": code,
        "folder": str(folder),
    }


def _tell(document: dict[str, Any]) -> None:
    where = f"{document['scenario']}, live, seed {document['seed']}"
    if document["found"]:
        output.print(f"{document['plant']} is found by {document['invariant']} ({where}): {document['message']}")
    else:
        others = ", ".join(document["broken"]) or "nothing"
        output.print(f"{document['plant']} is not found by {document['invariant']} ({where}); {others} broke")
    say(f"Report: {document['folder']}/report.html")
