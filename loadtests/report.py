"""What a load generator says of itself: while it runs, as lines on its standard output, and at the end, as a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from scenarios.run_records import Schedule

from .schedule import combined, why_invalid


class Started(msgspec.Struct, frozen=True, tag=True):
    """The plan is made. ``origin_us`` is time 0, in microseconds since the epoch; ``planned`` visits are to come."""

    origin_us: int
    ends_us: int
    planned: int


class Progress(msgspec.Struct, frozen=True, tag=True):
    """How a run stands. ``elapsed_s`` counts from time 0 and is negative before the doors open.

    ``started`` visits have begun, ``done`` of them have ended; ``outcomes`` counts calls. The percentiles are response
    times from the intended start, over the calls since the last report; None without any.
    """

    elapsed_s: float
    planned: int
    started: int
    done: int
    dropped: int
    outcomes: dict[str, int]
    p50_ms: float | None
    p99_ms: float | None


class LoadReport(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What came of one load generator's share of a run.

    ``unfinished`` journeys were still under way at the end. ``stopped`` tells that the run was ended from outside.
    ``crashes`` are the first journeys that raised, one line each: a defect of the scenario, not of the service.
    """

    origin_us: int
    schedule: Schedule
    outcomes: dict[str, int]
    unfinished: int = 0
    stopped: bool = False
    crashes: tuple[str, ...] = ()

    @property
    def invalid(self) -> tuple[str, ...]:
        """Why the run proves nothing, one reason a line; empty if it is valid."""
        reasons = why_invalid(self.schedule)
        if self.stopped:
            reasons = ("the load was stopped before its end", *reasons)
        return (*reasons, *(f"a journey crashed: {crash}" for crash in self.crashes))


Line = Started | Progress | LoadReport
"""One line on the standard output of a load generator, as JSON tagged by ``type``."""


def write_report(path: Path, report: LoadReport) -> None:
    """Write the report of one load generator."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def read_report(folder: Path) -> LoadReport:
    """The reports of all load generators of a run in ``folder`` as one. Raises FileNotFoundError if there is none."""
    decode = msgspec.json.Decoder(LoadReport).decode
    reports = [decode(path.read_bytes()) for path in sorted(folder.glob("load-*.json"))]
    if not reports:
        raise FileNotFoundError(f"{folder}: no load generator has left its report here")
    return combined_report(reports)


def combined_report(shares: Iterable[LoadReport]) -> LoadReport:
    """The reports of several load generators that shared one plan, at least one, as one."""
    reports = tuple(shares)
    outcomes: Counter[str] = Counter()
    for report in reports:
        outcomes.update(report.outcomes)
    return LoadReport(
        origin_us=reports[0].origin_us,
        schedule=combined(report.schedule for report in reports),
        outcomes=dict(outcomes),
        unfinished=sum(report.unfinished for report in reports),
        stopped=any(report.stopped for report in reports),
        crashes=tuple(crash for report in reports for crash in report.crashes),
    )
