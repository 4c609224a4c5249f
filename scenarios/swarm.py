"""What a search over seeds may let go wrong, beyond what the scenario itself lists.

Each run has a few kinds of faults and not the others: a run in which everything fails reaches less than many runs in
which something does. Source: Groce et al., "Swarm Testing" (ISSTA 2012).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from .fields import ALL, AsList, Duration, OrAll, Part, PositiveDuration, Text


class SwarmWindow(Part):
    """Between when faults strike and heal, after the opening."""

    from_us: Duration = 0
    to_us: PositiveDuration = Field(examples=["40s"])

    @model_validator(mode="after")
    def _ordered(self) -> SwarmWindow:
        if self.to_us <= self.from_us:
            raise ValueError("`to` must be later than `from`")
        return self


class Swarm(Part):
    """Which faults are drawn: of these kinds (or all), at most so many a run, within this window.

    Without a window it is the first half of the run, which leaves the other half for healing.
    """

    faults: Annotated[tuple[Text, ...], AsList, OrAll, Field(min_length=1)] = (ALL,)
    most: Annotated[int, Field(ge=0, le=1_000)] = 4
    window: SwarmWindow | None = None
