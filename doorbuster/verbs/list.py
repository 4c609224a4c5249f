"""``doorbuster list``: what there is to rehearse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from ..console import Format, output, print_json
from ..options import IdleSeed, OutputFormat

if TYPE_CHECKING:
    from scenarios.model import Scenario

EXAMPLE = "doorbuster list --format json"


def list_scenarios(seed: IdleSeed = 0, output_format: OutputFormat = Format.TEXT) -> None:
    """List the scenarios that come with Doorbuster, and the systems that they rehearse."""
    from reference_services.registry import system_names
    from scenarios import loading

    scenarios = [_document(loading.load_scenario(name)) for name in loading.list_scenarios()]
    if output_format is Format.JSON:
        print_json({"scenarios": scenarios, "systems": list(system_names())})
        return
    output.print(_table(scenarios))
    output.print()
    output.print(f"Systems: {', '.join(system_names())}")
    output.print(f"Try one: doorbuster rehearse {scenarios[0]['name']}")


def _document(scenario: Scenario) -> dict[str, Any]:
    live = scenario.compressed() if scenario.live is not None else None
    return {
        "name": scenario.name,
        "title": scenario.title,
        "system": scenario.system,
        "customers": _customers(scenario),
        "horizon_s": scenario.horizon_us / 1e6,
        "live_customers": _customers(live) if live else None,
        "live_s": live.horizon_us / 1e6 if live else None,
    }


def _customers(scenario: Scenario) -> int | None:
    """How many come; None if that is left to the arrivals' rate."""
    from scenarios.arrival_kinds import Flash

    return scenario.population.customers if isinstance(scenario.arrivals, Flash) else None


def _table(documents: list[dict[str, Any]]) -> Table:
    from reports import wording

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for column in ("scenario", "title", "system"):
        table.add_column(column)
    for column in ("customers", "lasts", "live customers", "lasts"):
        table.add_column(column, justify="right")
    for each in documents:
        table.add_row(
            each["name"],
            each["title"],
            each["system"],
            _count(each["customers"]),
            wording.seconds(each["horizon_s"]),
            _count(each["live_customers"]) if each["live_s"] else wording.MISSING,
            wording.seconds(each["live_s"]),
        )
    return table


def _count(customers: int | None) -> str:
    return "as they come" if customers is None else f"{customers:,}"
