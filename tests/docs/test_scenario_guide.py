"""Every example in docs/writing-a-scenario.md runs, and every key of the model is explained there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.registry import terms_type
from scenarios import arrival_kinds, model, swarm
from scenarios.documents import read_document
from scenarios.faults.catalog import FAULTS
from scenarios.journeys import journeys_of
from scenarios.loading import load_scenario
from scenarios.model import Scenario
from simulations.search.swarm import draw_run
from simulations.simulation import SimulationResult, simulate

GUIDE = Path(__file__).parents[2] / "docs" / "writing-a-scenario.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = FENCE.findall(GUIDE.read_text(encoding="utf-8"))
WHOLE, *PARTS = [text for language, text in BLOCKS if language == "yaml"]

SHOWN = ("kill", "pause", "provider", "cut_link", "slow_link")
"""The kinds of faults that the guide shows; docs/faults.md has them all."""

ARRIVALS = (
    arrival_kinds.Constant,
    arrival_kinds.Ramp,
    arrival_kinds.Spike,
    arrival_kinds.Flash,
    arrival_kinds.Diurnal,
    arrival_kinds.Trace,
    arrival_kinds.TraceColumns,
)
PARTS_OF_THE_MODEL = (
    model.Scenario,
    model.JourneyShare,
    model.Objective,
    model.Topology,
    model.ServiceCosts,
    model.Delays,
    swarm.Swarm,
    swarm.SwarmWindow,
    *ARRIVALS,
)


def as_read(text: str, folder: Path) -> dict[str, Any]:
    """The mapping in an example, read as scenarios are."""
    path = folder / "example.yaml"
    path.write_text(text, encoding="utf-8")
    return read_document(path, "the guide")[0]


def loaded(document: dict[str, Any], folder: Path) -> Scenario:
    """The scenario in ``document``, with the guide's CSV file beside it."""
    (folder / "arrivals.csv").write_text(next(text for language, text in BLOCKS if language == "csv"), encoding="utf-8")
    path = folder / f"{document['name']}.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_scenario(path)


def a_minute_of(scenario: Scenario) -> SimulationResult:
    """What comes of it in virtual time, for a test that cannot wait for a day."""
    horizon_us = min(60_000_000, scenario.horizon_us)
    return simulate(scenario.model_copy(update={"horizon_us": horizon_us}), 1)


def test_the_whole_example_loads_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "my_sale.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    scenario = load_scenario(path)

    journeys = journeys_of(scenario.system)
    assert len(journeys.visits(scenario, 1)) > 400
    assert scenario.compressed().horizon_us == 60_000_000
    assert a_minute_of(scenario).events


@pytest.mark.parametrize("part", PARTS, ids=[f"{number}-{text.partition(':')[0]}" for number, text in enumerate(PARTS)])
def test_every_other_example_fits_into_the_whole_one(part: str, tmp_path: Path) -> None:
    base, changes = as_read(WHOLE, tmp_path), as_read(part, tmp_path)
    if "arrivals" in changes:
        base.pop("live")

    scenario = loaded({**base, **changes}, tmp_path)

    journeys_of(scenario.system).visits(scenario, 1)
    scenario.convert(("provider",), Misbehaviour)
    if scenario.live is not None:
        assert len(scenario.compressed().faults_in("live")) == len(scenario.compressed().faults)
        assert a_minute_of(scenario.compressed().fitted_to("simulated")[0]).events
    assert a_minute_of(scenario).events
    if scenario.check is not None:
        draw_run(scenario.for_check(), 1)


def test_every_key_of_the_model_is_explained() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    keys = {str(field.alias) for part in PARTS_OF_THE_MODEL for field in part.model_fields.values()}
    for struct in (
        Misbehaviour,
        terms_type("bookstore"),
        journeys_of("bookstore").Population,
        *(FAULTS[kind] for kind in SHOWN),
    ):
        keys |= {re.sub("_us$", "", field.name) for field in msgspec.structs.fields(struct)}

    assert sorted(key for key in keys | set(SHOWN) if not re.search(rf"\b{key}\b", text)) == []


def test_every_journey_is_named() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [name for name in journeys_of("bookstore").JOURNEYS if f"`{name}`" not in text] == []
