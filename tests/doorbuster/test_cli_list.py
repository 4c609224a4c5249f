"""``doorbuster list``."""

from __future__ import annotations

from command_lines import CommandLine

from reference_services.registry import system_names
from scenarios.loading import list_scenarios, load_scenario


def test_it_lists_every_scenario_and_system_for_people(command_line: CommandLine) -> None:
    result = command_line("list")

    assert result.exit_code == 0
    for name in list_scenarios():
        row = next(line for line in result.stdout.splitlines() if line.startswith(name))
        assert load_scenario(name).title in row
    assert all(system in result.stdout for system in system_names())


def test_it_lists_every_scenario_and_system_for_programs(command_line: CommandLine) -> None:
    document = command_line.json("list")

    assert [scenario["name"] for scenario in document["scenarios"]] == list(list_scenarios())
    assert document["systems"] == list(system_names())


def test_it_tells_how_long_a_scenario_lasts_and_who_comes(command_line: CommandLine) -> None:
    sale = next(each for each in command_line.json("list")["scenarios"] if each["name"] == "flash_sale")

    scenario = load_scenario("flash_sale")
    assert sale == {
        "name": "flash_sale",
        "title": scenario.title,
        "system": "bookstore",
        "customers": scenario.population.customers,
        "horizon_s": scenario.horizon_us / 1e6,
        "live_customers": scenario.compressed().population.customers,
        "live_s": scenario.compressed().horizon_us / 1e6,
    }


def test_rates_decide_themselves_how_many_come(command_line: CommandLine) -> None:
    steady = next(each for each in command_line.json("list")["scenarios"] if each["name"] == "steady_checkouts")

    assert steady["customers"] is None
