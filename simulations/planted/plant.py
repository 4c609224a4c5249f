"""What a planted bug is: one part of a sound system swapped for a wrong one that real systems have shipped."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from reference_services.kernel.decider import Decider
from reference_services.kernel.effect import Effect
from reference_services.kernel.operation import Action
from reference_services.kernel.policy import Policy
from reference_services.kernel.system import System

from ..design import Design

Part = type[Decider[Any]] | Policy | Effect | Action
"""What can be swapped in a system's wiring. A decider is given as its class: it takes over the sound one's terms."""

FIELDS: dict[type, str] = {Policy: "policies", Effect: "effects", Action: "operations"}
"""Where a service keeps its parts, by their type; deciders aside."""


class Plant(msgspec.Struct, frozen=True):
    """A planted bug: its name, where it comes from, which invariant must catch it, and the design that has it.

    ``system`` is the system that it is planted in; empty for a bug of the hosts, which every system can have.
    ``live`` tells whether it can also be planted in a system that is served for real.
    """

    name: str
    summary: str
    origin: str
    caught_by: str
    design: Design
    system: str = ""
    live: bool = False


def swapped(*parts: Part) -> Design:
    """The honest design with each of ``parts`` in the place of the system's own of the same name."""
    return Design(system=partial(with_parts, parts))


def with_parts(parts: tuple[Part, ...], system: System) -> System:
    """``system`` with each of ``parts`` in its place. Raises ValueError if it has none of that name."""
    for part in parts:
        system = _with_part(part, system)
    return system


def _with_part(part: Part, system: System) -> System:
    field = "deciders" if isinstance(part, type) else FIELDS[type(part)]
    services = []
    swaps = 0
    for service in system.services:
        before: tuple[Any, ...] = getattr(service, field)
        after = tuple(_in_place_of(found, part) if found.name == part.name else found for found in before)
        swaps += sum(one is not other for one, other in zip(before, after, strict=True))
        services.append(msgspec.structs.replace(service, **{field: after}))
    if swaps != 1:
        raise ValueError(f"{system.name} has {swaps} {field} named {part.name!r} instead of 1")
    return System(system.name, services, system.refusals)


def _in_place_of(sound: Any, part: Part) -> Any:
    """``part``; a decider's class as an instance that has what the sound one was made with."""
    if not isinstance(part, type):
        return part
    wrong = object.__new__(part)
    vars(wrong).update(vars(sound))
    return wrong
