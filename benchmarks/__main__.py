"""``python -m benchmarks [SUITE...]``: measure the suites named, or all, and print each figure beside its target."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial

from rich.console import Console

from . import checkers, linearizability, live, searching, simulated
from .figure import Figure, machine_load

SUITES: dict[str, Callable[[], Iterator[Figure]]] = {
    "checkers": checkers.figures,
    "linearizability": linearizability.figures,
    "simulated": simulated.figures,
    "searching": searching.figures,
    "live-checkouts": partial(live.figures, live.CHECKOUTS),
    "live-bookings": partial(live.figures, live.BOOKINGS),
    "live-rides": partial(live.figures, live.RIDES),
}


def main(names: list[str]) -> int:
    """Run the suites named, or all. Returns 2 for a name that does not exist."""
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        sys.stderr.write(f"there is no benchmark {unknown[0]!r}; choose from {', '.join(SUITES)}\n")
        return 2
    console = Console(highlight=False, soft_wrap=True)
    console.print(machine_load())
    for name in names or SUITES:
        console.print(f"\n[bold]{name}[/bold]")
        for figure in SUITES[name]():
            target = f"   target: {figure.target}" if figure.target else ""
            console.print(f"{figure.value:>12,.2f} {figure.unit:<20} {figure.name}{target}")
            if figure.note:
                console.print(f"{'':>34}[dim]{figure.note}[/dim]")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
