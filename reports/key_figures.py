"""The figures by which one run is told: who came, how fast they were answered, how it came out, what broke."""

from __future__ import annotations

import msgspec
from pandas import DataFrame

from scenarios.objectives import FAILURES

from .percentiles import percentiles
from .request_charts import busiest_second
from .run import Run

SLOWEST_SHOWN = 8


class Latency(msgspec.Struct, frozen=True):
    """Response times from the intended start, in microseconds."""

    p50_us: float
    p95_us: float
    p99_us: float
    max_us: float

    @classmethod
    def of(cls, requests: DataFrame) -> Latency | None:
        """The percentiles of ``requests``; None if there are none."""
        if requests.empty:
            return None
        response_us = requests["response_us"].to_numpy()
        p50_us, p95_us, p99_us = percentiles(response_us, [50, 95, 99])
        return cls(p50_us, p95_us, p99_us, float(response_us.max()))


class Shares(msgspec.Struct, frozen=True):
    """Requests and what came of them, as shares of 1."""

    requests: int
    ok: float
    refused: float
    failed: float

    @classmethod
    def of(cls, requests: DataFrame) -> Shares:
        """The shares among ``requests``; NaN each if there are none."""
        outcomes = requests["outcome"]
        return cls(
            len(outcomes),
            float((outcomes == "ok").mean()),
            float((outcomes == "refused").mean()),
            float(outcomes.isin(FAILURES).mean()),
        )


class RanOut(msgspec.Struct, frozen=True):
    """When a gauge first fell to zero, in seconds from time 0; None if it never did."""

    label: str
    after_s: float | None


class KeyFigures(msgspec.Struct, frozen=True):
    """One run in figures."""

    customers: int
    busiest_second: int
    """Arrivals in the second in which most came."""
    shares: Shares
    latency: Latency | None
    ran_out: tuple[RanOut, ...]
    events: int
    violations: int


class OperationFigures(msgspec.Struct, frozen=True):
    """One API call in figures."""

    name: str
    shares: Shares
    latency: Latency | None


class SlowRequest(msgspec.Struct, frozen=True):
    """One request that took long; ``intended_s`` counts from time 0."""

    customer: str
    operation: str
    intended_s: float
    response_us: int
    outcome: str
    reason: str


def key_figures(run: Run) -> KeyFigures:
    """The figures of ``run``."""
    visits = run.visits
    return KeyFigures(
        customers=int(visits.index.get_level_values("customer").nunique()),
        busiest_second=busiest_second(visits["intended_s"])[1] if len(visits) else 0,
        shares=Shares.of(run.requests),
        latency=Latency.of(run.requests),
        ran_out=tuple(
            RanOut(counted.gauge.ran_out, counted.ran_out_s) for counted in run.gauges if counted.gauge.runs_out
        ),
        events=run.findings.events,
        violations=sum(finding.violations for finding in run.findings.invariants),
    )


def operations_of(run: Run) -> list[OperationFigures]:
    """Every operation that was called, the most called first."""
    return [
        OperationFigures(name, Shares.of(called), Latency.of(called))
        for name in run.requests["operation"].value_counts().index
        for called in [run.requests[run.requests["operation"] == name]]
    ]


def slowest_requests(run: Run) -> list[SlowRequest]:
    """The requests that took longest."""
    slowest = run.requests.nlargest(SLOWEST_SHOWN, "response_us")
    columns = ["customer", "operation", "intended_s", "response_us", "outcome", "reason"]
    return [SlowRequest(*row) for row in slowest[columns].itertuples(index=False)]
