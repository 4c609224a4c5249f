from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from scenarios.arrival_kinds import Constant, Flash
from scenarios.faults.kill import Kill
from scenarios.faults.pause import Pause
from scenarios.loading import from_document, list_scenarios, load_scenario
from scenarios.model import Scenario, ServiceCosts
from scenarios.problems import ScenarioError

FILE = Path(__file__).parent / "data" / "book_signing.yaml"
SECOND_US = 1_000_000


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(FILE)


class Guests(msgspec.Struct, forbid_unknown_fields=True):
    customers: int
    two_devices: float
    products: Annotated[int, msgspec.Meta(le=6)]


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


def test_durations_shares_and_instants_have_their_units(scenario: Scenario) -> None:
    assert scenario.opens_at_us == 1_772_449_200 * SECOND_US
    assert scenario.horizon_us == 88_200 * SECOND_US
    assert scenario.lead_us == 300 * SECOND_US
    assert isinstance(scenario.arrivals, Flash)
    assert scenario.arrivals.early_share == 0.05
    assert scenario.objectives[3].sell_out_max_us == 300 * SECOND_US


def test_terms_are_complete_and_json(scenario: Scenario) -> None:
    assert scenario.terms["reservation_ttl_us"] == 600 * SECOND_US
    assert scenario.terms["settlement_bound_us"] > 0
    assert json.loads(json.dumps(scenario.terms)) == scenario.terms


def test_free_parts_become_structs(scenario: Scenario) -> None:
    assert scenario.convert(("population",), Guests) == Guests(400, 0.1, 1)


def test_free_parts_that_do_not_fit_name_their_line(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario.convert(("provider",), Nothing)
    assert str(caught.value) == (
        f"{FILE}:31: provider.latency: unknown key 'latency'; there are none to choose from\n"
        f"{FILE}:32: provider.declines: unknown key 'declines'; there are none to choose from"
    )


def test_faults_are_typed(scenario: Scenario) -> None:
    assert scenario.typed_faults == (Kill("inventory", at_us=90 * SECOND_US),)
    assert scenario.compressed().typed_faults == scenario.typed_faults


def test_others_can_complain_with_the_line(scenario: Scenario) -> None:
    error = scenario.error(("journeys", 1, "name"), "unknown journey 'browse'")
    assert str(error) == f"{FILE}:24: journeys[1].name: unknown journey 'browse'"


def test_invariants_may_be_all_or_some(scenario: Scenario, tmp_path: Path) -> None:
    assert scenario.checks("no-oversell")
    file = tmp_path / FILE.name
    file.write_text(FILE.read_text().replace("invariants: all", "invariants: [no-oversell]"))
    some = load_scenario(file)
    assert some.checks("no-oversell")
    assert not some.checks("told-once")


def test_costs_and_workers_have_defaults(scenario: Scenario) -> None:
    assert scenario.costs_of("inventory").decide.p99_us == 200
    assert scenario.costs_of("inventory").policy.median_us == 100
    assert scenario.costs_of("inventory").http == ServiceCosts().http
    assert scenario.costs_of("orders") == ServiceCosts()
    assert scenario.topology.workers_of("inventory") == 2
    assert scenario.topology.workers_of("orders") == 1


def test_the_live_block_is_merged_over_the_rest(scenario: Scenario) -> None:
    live = scenario.compressed()
    assert live.horizon_us == 120 * SECOND_US
    assert isinstance(live.arrivals, Flash)
    assert live.arrivals.decay_us == 20 * SECOND_US
    assert live.arrivals.early_share == 0.05
    assert live.terms["reservation_ttl_us"] == 20 * SECOND_US
    assert [journey.name for journey in live.journeys] == ["buy"]
    assert live.provider == scenario.provider
    assert (live.name, live.system, live.live) == (scenario.name, scenario.system, None)


def test_the_live_variant_complains_about_its_own_lines(scenario: Scenario) -> None:
    live = scenario.compressed()
    assert str(live.error(("journeys", 0, "name"), "no")) == f"{FILE}:61: live.journeys[0].name: no"
    assert str(live.error(("provider", "declines"), "no")) == f"{FILE}:32: provider.declines: no"


def test_the_check_block_is_merged_over_the_rest_as_well(scenario: Scenario) -> None:
    check = scenario.for_check()
    assert check.horizon_us == 60 * SECOND_US
    assert isinstance(check.arrivals, Flash)
    assert (check.arrivals.decay_us, check.arrivals.early_share) == (5 * SECOND_US, 0.05)
    assert check.population.customers == 40
    assert check.typed_faults == (Pause("inventory", at_us=SECOND_US, for_us=SECOND_US),)
    assert check.swarm.faults == ("kill", "declines")
    assert check.swarm.most == 2
    assert check.swarm.window is not None
    assert (check.swarm.window.from_us, check.swarm.window.to_us) == (0, 20 * SECOND_US)
    assert (check.live, check.check) == (None, None)
    assert str(check.error(("faults", 0, "target"), "no")).startswith(f"{FILE}:69: check.faults[0].target")


def test_a_search_may_draw_every_kind_unless_it_is_told(scenario: Scenario) -> None:
    assert scenario.swarm.faults == ("all",)
    assert scenario.swarm.window is None


def test_another_kind_of_arrivals_replaces_the_whole_block(tmp_path: Path) -> None:
    file = tmp_path / FILE.name
    constant = "arrivals: {kind: constant, rate_per_s: 5, duration: 1min}"
    file.write_text(FILE.read_text().replace("arrivals: {decay: 20s, lead: 10s, within: 1min}", constant))
    assert isinstance(load_scenario(file).compressed().arrivals, Constant)


def test_without_a_live_block_there_is_no_live_variant(tmp_path: Path) -> None:
    file = tmp_path / FILE.name
    file.write_text(FILE.read_text().partition("live:")[0])
    with pytest.raises(ScenarioError, match="'live' is missing; say how long to run it for real"):
        load_scenario(file).compressed()
    with pytest.raises(ScenarioError, match="'check' is missing; say how long a checked run is"):
        load_scenario(file).for_check()


@pytest.mark.parametrize("variant", ["whole", "live", "check"])
def test_a_document_reads_back_as_the_same_scenario(scenario: Scenario, variant: str) -> None:
    before = {"whole": scenario, "live": scenario.compressed(), "check": scenario.for_check()}[variant]
    document = json.loads(json.dumps(before.document()))
    after = from_document(document)
    assert after.model_dump() == before.model_dump()
    assert after.document() == document


def test_a_document_that_is_damaged_is_told_without_lines() -> None:
    document = load_scenario(FILE).document() | {"horizon": "soon"}
    with pytest.raises(ScenarioError) as caught:
        from_document(document, "run.json")
    assert str(caught.value) == "run.json: horizon: 'soon' is not a duration; write e.g. 90s, 10min, 24h"


def test_yaml_keeps_text_as_text(tmp_path: Path) -> None:
    file = tmp_path / FILE.name
    odd = "population:\n  customers: 400\n  a: no\n  b: 010\n  c: 12:30\n  d: 1e3\n  e: true\n  f: ~\n  g: 2026-03-02\n"
    start, end = FILE.read_text().index("population:"), FILE.read_text().index("arrivals:")
    content = FILE.read_text()[:start] + odd + FILE.read_text()[end:]
    file.write_text(content)
    found = load_scenario(file).population.model_extra
    assert found == {"a": "no", "b": "010", "c": "12:30", "d": 1000.0, "e": True, "f": None, "g": "2026-03-02"}


def test_every_scenario_that_comes_with_doorbuster_is_sound() -> None:
    names = list_scenarios()
    assert names
    for name in names:
        assert load_scenario(name).name == name
