"""The field types that the scenario's model is made of: how each is read from YAML and written back to JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from .quantities import format_duration, parse_duration, parse_instant, parse_share


def _parse_positive_duration(value: Any) -> int:
    duration_us = parse_duration(value)
    if not duration_us:
        raise ValueError("must be longer than nothing; write e.g. 90s, 10min, 24h")
    return duration_us


_AsText = PlainSerializer(format_duration, return_type=str)

Duration = Annotated[int, BeforeValidator(parse_duration), _AsText]
"""Microseconds, from ``90s`` and the like; may be 0."""

PositiveDuration = Annotated[int, BeforeValidator(_parse_positive_duration), _AsText]
"""Microseconds, from ``90s`` and the like; more than 0."""

Share = Annotated[float, BeforeValidator(parse_share)]
"""Part of a whole, from 0 to 1; ``4%`` is accepted too."""

Instant = Annotated[datetime, BeforeValidator(parse_instant)]
"""A moment with a time zone, from RFC 3339."""

Rate = Annotated[float, Field(ge=0, le=1_000_000)]
"""Arrivals per second."""

Count = Annotated[int, Field(ge=1, le=10_000_000)]
"""How many, at least one."""

Text = Annotated[str, Field(min_length=1)]
"""Text that is not empty."""

AsList = Field(strict=False)
"""For tuples: YAML and JSON have lists."""


ALL = "all"
"""Written instead of a list: every one that there is."""

OrAll = BeforeValidator(lambda value: [ALL] if value == ALL else value)
"""For tuples of names: ``all`` is written without a list around it."""


class Part(BaseModel):
    """A part of a scenario: nothing unknown in it, nothing converted silently, nothing changed later.

    A field ``x_us`` is written ``x`` in a scenario, because the value there carries its unit.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        alias_generator=lambda name: name.removesuffix("_us"),
    )
