"""What a system asks to have drawn: gauges counted out of its events, and the sentence that says how it went.

A system offers these as plain data, which travels in ``run.json``; so reports draw stock, free slots or docked bikes
without knowing any system. Example, one gauge with one of its series::

    {"gauges": [{"title": "Stock", "unit": "units", "per": "sku", "runs_out": "available", "ran_out": "Sold out after",
                 "series": [{"name": "available",
                             "changes": [{"event": "StockReceived", "amount": "+units"},
                                         {"event": "StockReleased", "amount": "+units", "where": {"was": "held"}}]}]}],
     "headline": "Nothing was oversold: $committed of $received units sold"}
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Amount = Annotated[str, msgspec.Meta(pattern=r"^[+-]([A-Za-z_]\w*|\d+)$")]
"""By how much an event moves a series: ``+units`` adds its field ``units``, ``-1`` takes one away."""


class BadPictures(ValueError):
    """The picture definitions of a run do not fit the contract; the text says where."""


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One type of event that moves a series.

    ``event`` is a type name or the end of one (``StockReserved``); only events whose fields equal ``where`` count.
    """

    event: str
    amount: Amount
    where: dict[str, str | int | bool] = {}


class GaugeSeries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level that rises and falls. One that is not ``drawn`` still can be named in the headline."""

    name: str
    changes: tuple[Change, ...]
    drawn: bool = True


class Gauge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Levels that belong together, drawn on top of each other if they are ``stacked``.

    ``per`` is the event field by which the level is also drawn apart (``sku``). ``runs_out`` names the series whose
    fall to zero is a key figure, under the label ``ran_out``.
    """

    title: str
    unit: str
    series: Annotated[tuple[GaugeSeries, ...], msgspec.Meta(min_length=1)]
    per: str = ""
    runs_out: str = ""
    ran_out: str = "Ran out after"
    stacked: bool = True

    def __post_init__(self) -> None:
        if self.runs_out and self.runs_out not in {series.name for series in self.series}:
            raise ValueError(f"runs_out names {self.runs_out!r}, which is none of the series")

    def chief(self) -> GaugeSeries:
        """The series to draw where there is room for one only."""
        return next((series for series in self.series if series.name == self.runs_out), self.series[0])


class Pictures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a system asks for. ``headline`` may name series with a dollar sign; it is told if no invariant broke."""

    gauges: tuple[Gauge, ...] = ()
    headline: str = ""


def read_pictures(document: dict[str, Any]) -> Pictures:
    """The definitions in a run's ``pictures``. Raises `BadPictures`."""
    try:
        return msgspec.convert(document, Pictures)
    except msgspec.ValidationError as error:
        raise BadPictures(f"pictures of the run: {error}") from error
