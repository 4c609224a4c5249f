"""The catalogue of faults as a page to read, made from the faults themselves."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator

import msgspec

from ..units import UNITS, written_default
from .catalog import FAULTS
from .fault import Fault

COMMAND = "python -m scenarios.faults"

HEAD = f"""# Faults

Everything that can go wrong in a scenario, besides the payment provider's everyday misbehaviour. Each kind is a module
of `scenarios/faults`, and this page is made from them: `{COMMAND}` writes it anew. How faults are written
in a scenario is in [writing a scenario](writing-a-scenario.md#what-goes-wrong).

Every fault has `at`, when it strikes after the opening, and heals by itself, most of them after `for`. A `target` is a
process (`orders-1`, `gateway-1`) or a service, which means the first of its workers. `between` is a connection: first
who connects (a service, which means all of its workers, or `gateway`), then to whom (`provider` or `broker`; these two
can be targets as well, but only where a scenario runs for real). A scenario that lists a fault where it cannot happen
is refused with the line. What only happens for real belongs under `live`; a simulation of that variant goes without it,
and says so. Colours are those of the fault in pictures.
"""


def page() -> str:
    """The whole page, in Markdown."""
    lines = [HEAD, *_table(), "", *(line for fault in FAULTS.values() for line in _section(fault))]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table() -> Iterator[str]:
    yield "| kind | what it does | where | colour |"
    yield "|---|---|---|---|"
    for kind, fault in FAULTS.items():
        worlds = ", ".join(sorted(fault.worlds, reverse=True))
        yield f"| [`{kind}`](#{kind}) | {fault.summary} | {worlds} | `{fault.colour}` |"


def _section(fault: type[Fault]) -> Iterator[str]:
    yield f"## {fault.kind}\n"
    yield _as_markdown(inspect.getdoc(sys.modules[fault.__module__])) + "\n"
    yield _as_markdown(inspect.getdoc(fault)) + "\n"
    yield f"Knobs: {', '.join(_knobs(fault))}.\n"


def _knobs(fault: type[Fault]) -> Iterator[str]:
    for field in msgspec.structs.fields(fault):
        name = _written(field.name)
        default = "" if field.required else f" ({written_default(field)})"
        yield f"`{name}`{default}"


def _as_markdown(text: str | None) -> str:
    """A docstring with its knobs named as in a scenario, and its code marked as Markdown does."""
    code = re.sub(r"``(.+?)``", lambda found: f"`{_written(found[1])}`", text or "")
    return re.sub(r"`(?:scenarios|reference_services)\.[\w.]*\.(\w+)`", r"`\1`", code)


def _written(name: str) -> str:
    return next((name.removesuffix(unit) for unit in UNITS if name.endswith(unit)), name)
