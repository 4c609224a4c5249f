"""The catalogue of planted bugs as a page to read, made from the bugs themselves."""

from __future__ import annotations

from collections.abc import Iterator

from .catalog import PLANTS
from .plant import Plant

COMMAND = "python -m simulations.planted"

HEAD = f"""# Planted bugs

What a search that is worth its time must find: bugs that real systems have shipped, each planted by swapping one part
of the sound system for a wrong one. `doorbuster check --plant NAME` searches with one of them in place and exits with
3 when it is found. Each is a module of `simulations/planted`, and this page is made from them: `{COMMAND}`
writes it anew. Whatever serves anybody never loads them.
"""


def page() -> str:
    """The whole page, in Markdown."""
    lines = [HEAD]
    for system in dict.fromkeys(plant.system for plant in PLANTS.values()):
        lines += _section(system, [plant for plant in PLANTS.values() if plant.system == system])
    return "\n".join(lines)


def _section(system: str, plants: list[Plant]) -> Iterator[str]:
    yield f"## In the {system}\n" if system else "## In the hosts, whatever the system\n"
    yield "| name | what is wrong | where it comes from | caught by |"
    yield "|---|---|---|---|"
    for plant in plants:
        yield f"| `{plant.name}` | {plant.summary} | {plant.origin} | {plant.caught_by} |"
    yield ""
