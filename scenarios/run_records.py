"""What a run folder holds besides its events: records that both worlds write and reports read."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Literal

import msgspec
import psutil

from reference_services.kernel.history import AnswerOutcome
from reference_services.kernel.invariant import Finding

FORMAT_VERSION = 2
"""Version of the run folder's format. Raise it whenever an older reader would misread a newer folder."""

World = Literal["simulated", "live"]

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with a time zone; RFC 3339 in JSON."""


class Versions(msgspec.Struct, frozen=True):
    """What the run was made with; ``packages`` maps the name of a distribution to its version."""

    doorbuster: str
    python: str
    packages: dict[str, str] = {}

    @classmethod
    def here(cls, packages: Iterable[str] = ()) -> Versions:
        """The versions in this process; distributions that are not installed are left out."""
        found = {name: _version(name) for name in packages}
        return cls(
            _version("doorbuster") or "unknown",
            platform.python_version(),
            {name: number for name, number in found.items() if number},
        )


class Machine(msgspec.Struct, frozen=True):
    """Where the run took place."""

    system: str
    architecture: str
    processors: int
    memory_bytes: int

    @classmethod
    def here(cls) -> Machine:
        """This machine."""
        return cls(
            platform.system(),
            platform.machine(),
            os.cpu_count() or 1,
            int(psutil.virtual_memory().total),
        )


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which run this is: enough to make it again.

    ``scenario`` is the scenario's name, ``named`` what its user called it: that name, or the path of its file.
    ``origin_us`` is the instant that is time 0 of the scenario (the opening), in microseconds since the epoch; every
    other instant in the folder is on the same scale. ``scenario_document`` is the scenario as resolved for this run,
    as JSON; ``settings`` is whatever else was asked for on the command line; ``pictures`` is what the system asks
    reports to draw of it (see ``reports/pictures.py``); ``left_out`` names the faults that the scenario wants and this
    world cannot do.
    """

    scenario: str
    named: str
    title: str
    system: str
    world: World
    verb: str
    seed: int
    started_at: Instant
    origin_us: int
    versions: Versions
    machine: Machine
    settings: dict[str, Any] = {}
    scenario_document: dict[str, Any] = {}
    pictures: dict[str, Any] = {}
    left_out: tuple[str, ...] = ()
    format_version: int = FORMAT_VERSION


class RequestRow(msgspec.Struct, frozen=True, gc=False):
    """One API call as the client saw it. Instants are microseconds since the epoch.

    ``intended_us`` is when the open-model schedule wanted it sent: response time counts from there, so that a stalled
    generator cannot hide a stalled server. ``visit_us`` is when the visit to which the call belongs was planned to
    begin: it tells one visit of a customer from the next. ``status`` is the HTTP status, 0 without an answer.
    """

    customer: str
    journey: str
    visit_us: int
    operation: str
    intended_us: int
    started_us: int
    ended_us: int
    outcome: AnswerOutcome
    status: int
    reason: str = ""
    command_id: str = ""


LATE_P99_LIMIT_US = 100_000
"""A run is INVALID if one arrival in a hundred begins later than this after its planned instant.

Response times count from the planned instant, so lateness of the generator is in them; at 100 ms it would be a fifth
of an objective of 500 ms, and no longer noise."""


class Schedule(msgspec.Struct, frozen=True):
    """How well the load generator kept its schedule. A run whose generator fell behind proves nothing.

    ``planned`` arrivals, ``sent`` of them begun, ``dropped`` given up; ``late_p99_us`` is the 99th percentile of actual
    minus intended start.
    """

    planned: int
    sent: int
    late_p99_us: int
    dropped: int


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What the checkers found. ``reached`` counts situations; ``crashed`` says why a run ended early, or is empty."""

    invariants: tuple[Finding, ...]
    reached: Mapping[str, int]
    history_sha256: str
    events: int
    wall_s: float
    schedule: Schedule
    crashed: str = ""


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
