"""What a system asks to have drawn: levels, shares, occupied time and waits, and the sentence that says how it went.

A system offers these as plain data, which travels in ``run.json``; so reports draw stock, free slots or docked bikes
without knowing any system. Example, one gauge with one of its series::

    {"gauges": [{"title": "Stock", "unit": "units", "per": "sku", "runs_out": "available", "ran_out": "Sold out after",
                 "series": [{"name": "available",
                             "changes": [{"event": "StockReceived", "amount": "+units"},
                                         {"event": "StockReleased", "amount": "+units", "where": {"was": "held"}}]}]}],
     "headline": "Nothing was oversold: $committed of $received units sold"}

Wherever a field is named, dots lead into what it holds: ``plan.clinic_id``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Field = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
"""The path to a field of an event."""

Amount = Annotated[str, msgspec.Meta(pattern=r"^[+-]([A-Za-z_]\w*(\.[A-Za-z_]\w*)*|\d+)$")]
"""By how much an event moves a series: ``+units`` adds its field ``units``, ``-1`` takes one away."""

Measure = Literal["count", "money"]
"""What a gauge counts: things, or cents, which are told in the whole currency that its ``unit`` names."""


class BadPictures(ValueError):
    """The picture definitions of a run do not fit the contract; the text says where."""


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Some events of a history.

    ``event`` is a type name or the end of one (``StockReserved``); only events whose fields equal ``where`` are chosen,
    and of these only the ones that ``belongs_to`` another, if it is given.
    """

    event: str
    where: dict[Field, str | int | bool | list[str]] = {}
    belongs_to: Owner | None = None


class Owner(Chosen, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Events that others belong to. ``same`` pairs fields of those with the field of these that holds the same."""

    same: Annotated[dict[Field, Field], msgspec.Meta(min_length=1)]


class Change(Chosen, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Events that move a series."""

    amount: Amount


class GaugeSeries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level that rises and falls. One that is not ``drawn`` still can be named in the headline."""

    name: str
    changes: tuple[Change, ...]
    drawn: bool = True


class Gauge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Levels that belong together, drawn on top of each other if they are ``stacked``.

    ``per`` is the event field by which the level is also drawn apart (``sku``). ``runs_out`` names the series whose
    fall to zero is a key figure, under the label ``ran_out``. ``share_of`` names the series of which the others are
    shares: they are drawn in percent of it. ``told_by`` says which levels count, in each stretch of time and overall:
    those at its end, or the highest.
    """

    title: str
    unit: str
    series: Annotated[tuple[GaugeSeries, ...], msgspec.Meta(min_length=1)]
    per: str = ""
    runs_out: str = ""
    ran_out: str = "Ran out after"
    stacked: bool = True
    share_of: str = ""
    measure: Measure = "count"
    told_by: Literal["end", "peak"] = "end"

    def __post_init__(self) -> None:
        names = {series.name for series in self.series}
        for option in ("runs_out", "share_of"):
            named = getattr(self, option)
            if named and named not in names:
                raise ValueError(f"{option} names {named!r}, which is none of the series")

    def chief(self) -> GaugeSeries:
        """The series to draw where there is room for one only."""
        return next((series for series in self.series if series.name == self.runs_out), self.series[0])


class Booking(Chosen, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Events that say which time is kept under a ``key`` from now on, whatever was kept under it before.

    ``spans`` is a field that holds one span of time or a list of them, each with ``starts_us`` and ``ends_us`` (of the
    epoch, in microseconds); without it, nothing is kept any more.
    """

    key: Annotated[tuple[Field, ...], msgspec.Meta(min_length=1)]
    spans: Field | None = None


class Utilization(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of the time that each of many things (``per``) ``offered`` was ``used`` in the end, when it came."""

    title: str
    per: Field
    offered: Annotated[tuple[Booking, ...], msgspec.Meta(min_length=1)]
    used: Annotated[tuple[Booking, ...], msgspec.Meta(min_length=1)]


class Wait(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long after ``begins`` it ``ends``: the events that hold the same in the field ``same``.

    ``per`` is the field of the first event by which waits are told apart. ``between`` says what lies at either end:
    ``from request to visit``.
    """

    title: str
    unit: str
    between: str
    begins: Chosen
    ends: Chosen
    same: Field
    per: Field


class Pictures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a system asks for. ``headline`` may name series with a dollar sign; it is told if no invariant broke."""

    gauges: tuple[Gauge, ...] = ()
    utilizations: tuple[Utilization, ...] = ()
    waits: tuple[Wait, ...] = ()
    headline: str = ""


def read_pictures(document: dict[str, Any]) -> Pictures:
    """The definitions in a run's ``pictures``. Raises `BadPictures`."""
    try:
        return msgspec.convert(document, Pictures)
    except msgspec.ValidationError as error:
        raise BadPictures(f"pictures of the run: {error}") from error
