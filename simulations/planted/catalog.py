"""Every planted bug by its name."""

from __future__ import annotations

from ..design import HONEST, Design
from . import bikeshare, bookstore, clinic, hosts
from .plant import Plant

PLANTS: dict[str, Plant] = {
    plant.name: plant for plant in (*bikeshare.PLANTS, *bookstore.PLANTS, *clinic.PLANTS, *hosts.PLANTS)
}


class UnknownPlant(LookupError):
    """There is no planted bug of that name; the text lists those that there are."""


def plants_in(system: str) -> tuple[Plant, ...]:
    """The bugs that can be planted in a system, its own first."""
    return tuple(plant for plant in PLANTS.values() if plant.system in ("", system))


def plant_named(name: str) -> Plant:
    """The planted bug of that name. Raises `UnknownPlant`."""
    if name not in PLANTS:
        raise UnknownPlant(f"there is no planted bug {name!r}; choose one of {', '.join(sorted(PLANTS))}")
    return PLANTS[name]


def design_of(name: str) -> Design:
    """The design with that bug in it; the honest one for an empty name. Raises `UnknownPlant`."""
    return plant_named(name).design if name else HONEST
