"""Which stretch of time charts show.

A rush takes minutes, what follows it may take a day: drawn on one axis, the rush would be a hair at the left edge.
So charts show the rush, and say so.
"""

from __future__ import annotations

from collections.abc import Sequence

from pandas import concat

from .run import Run
from .time_axis import TimeAxis

RUSH_MARGIN = 0.5
"""Shown after the last customer's arrival, as a share of the rush, so that one sees what they do and the rush end."""

TAIL_WORTH_CUTTING = 2.0
"""A part is shown alone if the whole is this many times as long."""


def whole_axis(runs: Sequence[Run]) -> TimeAxis:
    """Everything that happened in ``runs``, from the first request or event to the last."""
    instants = concat([run.requests["intended_s"] for run in runs] + [run.events["seconds"] for run in runs])
    if instants.empty:
        return TimeAxis.spanning(0.0, 1.0)
    return TimeAxis.spanning(float(instants.min()), float(instants.max()))


def rush_axis(runs: Sequence[Run]) -> TimeAxis:
    """From the first arrival of a customer to somewhat after the last, or everything if that is not much longer."""
    whole = whole_axis(runs)
    arrivals = concat([run.visits["intended_s"] for run in runs])
    if arrivals.empty:
        return whole
    start_s, last_s = float(arrivals.min()), float(arrivals.max())
    return _cut(whole, start_s, last_s + RUSH_MARGIN * (last_s - start_s))


def running_out_axis(rush: TimeAxis, ran_out_s: Sequence[float]) -> TimeAxis:
    """From before the opening until well after the last of the instants at which a gauge ran out, within ``rush``."""
    last_s = max(ran_out_s, default=0.0)
    return _cut(rush, -RUSH_MARGIN * last_s, (1 + RUSH_MARGIN) * last_s) if last_s > 0 else rush


def _cut(longer: TimeAxis, start_s: float, end_s: float) -> TimeAxis:
    """The axis from ``start_s`` to ``end_s``, or ``longer`` if that is not worth it."""
    if longer.end_s - longer.start_s < TAIL_WORTH_CUTTING * (end_s - start_s):
        return longer
    return TimeAxis.spanning(start_s, end_s)
