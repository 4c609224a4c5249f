"""How well a load generator keeps its own schedule. One that falls behind measures itself, not the service."""

from __future__ import annotations

from collections.abc import Iterable

from hdrh.histogram import HdrHistogram

from scenarios.run_records import LATE_P99_LIMIT_US, Schedule

LATE_MAX_US = 3_600_000_000
SIGNIFICANT_DIGITS = 3


class Punctuality:
    """Counts the arrivals of one generator and how late each began. Lateness is kept to three significant digits."""

    def __init__(self, planned: int) -> None:
        self._planned = planned
        self._dropped = 0
        self._late_us = HdrHistogram(1, LATE_MAX_US, SIGNIFICANT_DIGITS)

    def began(self, late_us: int) -> None:
        """An arrival began ``late_us`` microseconds after its planned instant."""
        self._late_us.record_value(min(max(late_us, 0), LATE_MAX_US))

    def dropped(self) -> None:
        """An arrival was given up, because too many journeys were under way."""
        self._dropped += 1

    def schedule(self) -> Schedule:
        """The count so far."""
        return Schedule(
            self._planned,
            self._late_us.get_total_count(),
            self._late_us.get_value_at_percentile(99),
            self._dropped,
        )


def combined(schedules: Iterable[Schedule]) -> Schedule:
    """The schedule of several generators that shared one plan: sums, and the latest of their percentiles."""
    shares = tuple(schedules)
    return Schedule(
        sum(share.planned for share in shares),
        sum(share.sent for share in shares),
        max((share.late_p99_us for share in shares), default=0),
        sum(share.dropped for share in shares),
    )


def why_invalid(schedule: Schedule) -> tuple[str, ...]:
    """Why a run with this schedule proves nothing, one reason a line; empty if the schedule was kept."""
    reasons = []
    if schedule.late_p99_us > LATE_P99_LIMIT_US:
        reasons.append(
            f"the load generator fell behind: the 99th percentile of its lateness is "
            f"{schedule.late_p99_us / 1_000:.0f} ms, more than {LATE_P99_LIMIT_US // 1_000} ms; "
            f"lower the arrival rate or spread it over more Locust workers"
        )
    if schedule.dropped:
        reasons.append(f"{schedule.dropped} of {schedule.planned} arrivals were dropped: too many journeys at once")
    missing = schedule.planned - schedule.sent - schedule.dropped
    if missing:
        reasons.append(f"{missing} of {schedule.planned} planned arrivals never began")
    return tuple(reasons)
