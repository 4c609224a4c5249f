"""The shapes that a rush can have, as a scenario writes them down. `arrivals` draws from them.

A flash decides when each customer of the population comes. The others are rates: they decide how many come, whatever
the size of the population.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .fields import AsList, Duration, Part, PositiveDuration, Rate, Share, Text


class Constant(Part):
    """The same rate from the opening on, for ``duration``."""

    kind: Literal["constant"]
    rate_per_s: Annotated[Rate, Field(examples=["50"])]
    duration_us: PositiveDuration = Field(examples=["10min"])


class Ramp(Part):
    """A rate that changes steadily from one value to another over ``duration``, beginning with the opening."""

    kind: Literal["ramp"]
    from_per_s: Annotated[Rate, Field(examples=["1"])]
    to_per_s: Annotated[Rate, Field(examples=["100"])]
    duration_us: PositiveDuration = Field(examples=["10min"])


class Spike(Part):
    """A base rate for ``duration``, replaced by the peak rate from ``at`` on for ``width``."""

    kind: Literal["spike"]
    base_per_s: Annotated[Rate, Field(examples=["20"])]
    peak_per_s: Annotated[Rate, Field(examples=["400"])]
    at_us: Duration = Field(examples=["2min"])
    width_us: PositiveDuration = Field(examples=["30s"])
    duration_us: PositiveDuration = Field(examples=["10min"])

    @model_validator(mode="after")
    def _inside(self) -> Spike:
        if self.at_us + self.width_us > self.duration_us:
            raise ValueError("the spike ends after the arrivals do; make `duration` at least `at` + `width`")
        return self


class Flash(Part):
    """Everybody comes for the opening: a jump at time 0 that decays exponentially with mean ``decay``.

    ``early_share`` of the customers come before, spread evenly over ``lead``. With ``within``, nobody comes later than
    that after the opening (the exponential distribution, truncated).
    """

    kind: Literal["flash"]
    decay_us: PositiveDuration = Field(examples=["90s"])
    early_share: Share = 0.0
    lead_us: Duration = 0
    within_us: PositiveDuration | None = None

    @model_validator(mode="after")
    def _time_to_be_early(self) -> Flash:
        if self.early_share and not self.lead_us:
            raise ValueError("`early_share` needs `lead`, the time before the opening in which they come")
        return self


class Diurnal(Part):
    """The rhythm of the day, for ``duration``: ``daily_total`` arrivals a day, shared out by the hour.

    ``hourly_weights`` begins with the hour after midnight, in the time zone of ``starts_at``; weights need not add up
    to anything. The rate is even within each hour.
    """

    kind: Literal["diurnal"]
    daily_total: Annotated[float, Field(gt=0, le=1e9, examples=["5000"])]
    hourly_weights: Annotated[tuple[Annotated[float, Field(ge=0, le=1e9)], ...], AsList]
    duration_us: PositiveDuration = 86_400_000_000

    @model_validator(mode="after")
    def _a_whole_day(self) -> Diurnal:
        if len(self.hourly_weights) != 24:
            raise ValueError(f"`hourly_weights` has {len(self.hourly_weights)} numbers; write 24, from midnight on")
        if sum(self.hourly_weights) < 1e-9:
            raise ValueError("`hourly_weights` are all 0; give at least one hour some weight")
        return self


class TraceColumns(Part):
    """Which columns of the CSV file to read.

    ``time`` holds RFC 3339 instants or seconds. Without ``count`` each row is one arrival; with it each row is that
    many, spread evenly until the next row.
    """

    time: Text = Field(examples=["started_at"])
    count: Text | None = None


class Trace(Part):
    """Arrivals that really happened, from a CSV file beside the scenario, in ascending order. Its first row is time 0.

    ``scale`` multiplies how many come; ``speed`` plays them that many times as fast.
    """

    kind: Literal["trace"]
    csv: Text = Field(examples=["data/arrivals.csv"])
    columns: TraceColumns = Field(examples=["{time: started_at}"])
    scale: Annotated[float, Field(gt=0, le=1000)] = 1.0
    speed: Annotated[float, Field(gt=0, le=1_000_000)] = 1.0


Arrivals = Annotated[Constant | Ramp | Spike | Flash | Diurnal | Trace, Field(discriminator="kind")]
