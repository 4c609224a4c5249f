"""Where time goes: how long after an event the event came that it caused, per pair of types.

An event's time is that of the command that led to it, so a hop holds the way through the broker, the wait in the
queue of the one who reacts, and for effects the outside world's answer.
"""

from __future__ import annotations

import msgspec
from pandas import DataFrame, Index

from .percentiles import percentiles


class Hop(msgspec.Struct, frozen=True):
    """Times from one type of event to another that it caused, in microseconds."""

    cause: str
    effect: str
    count: int
    median_us: float
    p99_us: float

    @property
    def label(self) -> str:
        """``OrderPlaced → StockReserved``"""
        return f"{self.cause} → {self.effect}"

    @property
    def spent_us(self) -> float:
        """Roughly how much time all passages together took."""
        return self.count * self.median_us


def hops_in(events: DataFrame) -> list[Hop]:
    """Every hop in a history (columns ``time_us, id, name, cause``), in order of first passage."""
    passages = _passages(events)
    if passages.empty:
        return []
    return [
        Hop(str(cause), str(effect), len(taken_us), *percentiles(taken_us.to_numpy(), [50, 99]))
        for (cause, effect), taken_us in passages.groupby(["cause_name", "name"], sort=False)["taken_us"]
    ]


def _passages(events: DataFrame) -> DataFrame:
    """One row per event with a known cause: both names and the microseconds in between."""
    known = events.drop_duplicates("id")
    effects = known[known["cause"] != ""]
    position = Index(known["id"]).get_indexer(Index(effects["cause"]))
    effects, position = effects[position >= 0], position[position >= 0]
    causes = known.iloc[position]
    return effects.assign(
        cause_name=causes["name"].to_numpy(),
        taken_us=effects["time_us"].to_numpy() - causes["time_us"].to_numpy(),
    )
