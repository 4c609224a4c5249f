"""The city in which the bikes of a scenario are: where its stations lie, and which are near."""

from __future__ import annotations

import math
import random
from functools import cache

GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
CENTRE = (38.9, -77.03)
CITY_RADIUS_DEGREES = 0.05


def a_place(stations: int, centre_share: float, draw: random.Random, *, central: bool | None = None) -> int:
    """A station anywhere, in the centre, or outside of it; those with low numbers are central."""
    edge = max(1, min(stations - 1, round(stations * centre_share)))
    if central is None:
        return draw.randrange(stations)
    return draw.randrange(edge) if central else draw.randrange(edge, stations)


@cache
def around(index: int, stations: int) -> tuple[int, ...]:
    """All stations, by their distance from this one."""
    here = position(index, stations)
    return tuple(sorted(range(stations), key=lambda other: (math.dist(here, position(other, stations)), other)))


def position(index: int, stations: int) -> tuple[float, float]:
    """Latitude and longitude of a station, ever further from the centre: a sunflower's seeds (Vogel 1979)."""
    radius = CITY_RADIUS_DEGREES * math.sqrt((index + 0.5) / stations)
    angle = index * GOLDEN_ANGLE
    return CENTRE[0] + radius * math.sin(angle), CENTRE[1] + radius * math.cos(angle)


def station_name(index: int) -> str:
    """The name of the station with that number, from 0."""
    return f"station-{index + 1:03d}"


def bike_name(number: int) -> str:
    """The name of the bike with that number, from 0."""
    return f"bike-{number + 1:04d}"
