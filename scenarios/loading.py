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
from .problems import BadValues, ScenarioError, Source, closest
from .variants import VARIANTS, variant_document


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
    keys = [str(field.alias) for field in Scenario.model_fields.values()]
    variants: dict[str, Scenario] = {}
    for variant in VARIANTS:
        if getattr(scenario, variant.key) is None:
            continue
        try:
            smaller = variant_document(document, variant, keys)
        except BadValues as error:
            raise source.error(error.problems) from error
        variants[variant.key] = _validated(smaller, source.for_variant(variant.key), folder)
    return scenario.located(source, folder, variants)


def _validated(document: dict[str, Any], source: Source, folder: Path) -> Scenario:
    try:
        scenario = Scenario.model_validate(document).located(source, folder)
    except ValidationError as error:
        raise source.error(explain(error, document, Scenario)) from error
    problems = inconsistencies(scenario)
    if problems:
        raise source.error(problems)
    return scenario
