"""The planted bugs, listed."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from simulations.planted.catalog import PLANTS

from ..console import output


def planted_document() -> list[dict[str, Any]]:
    """Every planted bug as JSON data.

    ``system`` is None for a bug that every system can have, and ``live`` tells whether it can be served, too.
    """
    return [
        {
            "name": plant.name,
            "origin": plant.origin,
            "invariant": plant.caught_by,
            "summary": plant.summary,
            "system": plant.system or None,
            "live": plant.live,
        }
        for plant in PLANTS.values()
    ]


def print_planted() -> None:
    """Every planted bug, for people."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for column in ("plant", "system", "live", "must be caught by", "what it does", "origin"):
        table.add_column(column)
    for plant in PLANTS.values():
        live = "yes" if plant.live else ""
        table.add_row(plant.name, plant.system or "any", live, plant.caught_by, plant.summary, plant.origin)
    output.print(table)
