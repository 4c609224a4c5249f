"""Loads scenarios from YAML. Whatever is wrong with one is told with the line and the fix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .consistency import inconsistencies
from .documents import read_document
from .explanations import explain
from .model import SCENARIOS_FOLDER, Scenario
from .problems import Problem, ScenarioError, Source, closest, unknown

_NOT_IN_LIVE = {
    "name": "is the same when run for real; leave it out",
    "system": "is the same when run for real; leave it out",
    "live": "cannot be inside itself; leave it out",
    "horizon": "is called `duration` here: how long the real run goes on after the opening",
}
"""What a ``live`` block does not have, and what to do about it."""


def list_scenarios() -> tuple[str, ...]:
    """The names of the scenarios that come with Doorbuster, in alphabetical order."""
    return tuple(sorted(file.stem for file in SCENARIOS_FOLDER.glob("*.yaml")))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """The scenario of that name, or in the YAML file at that path.

    Raises `ScenarioError`, one line a problem: ``flash_sale.yaml:23: arrivals.decay: '90x' is not a duration; ...``.
    """
    path = _find(name_or_path)
    shown_name = path.name if path.parent == SCENARIOS_FOLDER else str(path)
    document, source = read_document(path, shown_name)
    scenario = _build(document, source, path.parent)
    if scenario.name != path.stem:
        raise scenario.error(("name",), f"{scenario.name!r} must be the name of the file, {path.stem!r}")
    return scenario


def from_document(document: Mapping[str, Any], name: str = "scenario") -> Scenario:
    """The scenario in JSON data that `Scenario.document` made; ``name`` is what errors call its source.

    Raises `ScenarioError`.
    """
    return _build(dict(document), Source(name, {}), SCENARIOS_FOLDER)


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml") and len(path.parts) == 1:
        path = SCENARIOS_FOLDER / f"{path}.yaml"
    if path.is_file():
        return path
    names = list_scenarios()
    meant = closest(path.stem, names)
    advice = f"did you mean {meant!r}?" if meant else f"choose one of {', '.join(names)}, or give the path of a file"
    raise ScenarioError(f"there is no scenario {str(name_or_path)!r}; {advice}")


def _build(document: dict[str, Any], source: Source, folder: Path) -> Scenario:
    scenario = _validated(document, source, folder)
    if scenario.live is None:
        return scenario
    compressed = _validated(_live_document(document, scenario.live, source), source.for_live(), folder)
    return scenario.located(source, folder, compressed)


def _validated(document: dict[str, Any], source: Source, folder: Path) -> Scenario:
    try:
        scenario = Scenario.model_validate(document).located(source, folder)
    except ValidationError as error:
        raise source.error(explain(error, document, Scenario)) from error
    problems = inconsistencies(scenario)
    if problems:
        raise source.error(problems)
    return scenario


def _live_document(document: Mapping[str, Any], live: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """The document that the real run follows: ``live`` merged over the rest, with its ``duration`` as the horizon."""
    known = {"duration", *(str(field.alias) for field in Scenario.model_fields.values())} - _NOT_IN_LIVE.keys()
    problems = [
        Problem(("live", key), _NOT_IN_LIVE.get(key) or unknown(key, known, "key")) for key in live if key not in known
    ]
    if "duration" not in live and not problems:
        problems.append(Problem(("live",), "'duration' is missing; add e.g. duration: 2min"))
    if problems:
        raise source.error(problems)
    base = {key: value for key, value in document.items() if key != "live"}
    overrides = {key: value for key, value in live.items() if key != "duration"}
    return {**_merged(base, overrides), "horizon": live["duration"]}


def _merged(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """``overrides`` over ``base``, key by key. Lists are replaced whole, and so is what changes its ``kind``."""
    result = dict(base)
    for key, value in overrides.items():
        result[key] = _merged(base[key], value) if _mergeable(base.get(key), value) else value
    return result


def _mergeable(before: Any, value: Any) -> bool:
    if not (isinstance(before, Mapping) and isinstance(value, Mapping)):
        return False
    return bool(value.get("kind", before.get("kind")) == before.get("kind"))
