"""How a story is worded: names and values of fields as plain words, ids cut short, instants from the opening on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from reference_services.kernel.edge import decimal_of, instant_us
from scenarios.quantities import format_duration

_HEX = re.compile(r"(?<![0-9a-f])(?=[0-9]*[a-f])[0-9a-f]{12,}(?![0-9a-z])")
_MICROSECONDS = re.compile(r"(\d+) us\b")
_CENTS = re.compile(r"(?<![\w./:-])(\d+)(?: cents)?(?![\w./:-]| us\b)")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")

LEAST_DIGITS = 4
INSTANTS_FROM_US = 10**14
"""What ends in ``_us`` and is at least this large is an instant, not a duration; 10**14 us are three years."""

SECRETS = ("_token", "_code", "_secret")
"""Fields with such names are for the machines that need them, not for pages."""

LISTED_MAX = 3
"""So many items of a list are told; the rest are counted."""


class Wording:
    """The words of one story: all its ids are cut to the same length, the least at which they differ."""

    def __init__(self, opens_at_us: int, texts: Iterable[str]) -> None:
        self._opens_at_us = opens_at_us
        ids = {found for text in texts for found in _HEX.findall(text)}
        self._digits = next(
            (digits for digits in range(LEAST_DIGITS, 64) if len({each[:digits] for each in ids}) == len(ids)), 64
        )

    def after_opening_us(self, time_us: int) -> int:
        """An instant of the run in microseconds after the opening."""
        return time_us - self._opens_at_us

    def short(self, text: str) -> str:
        """``text`` with every derived id in it cut short: ``o-48bf0a…`` becomes ``o-48bf…``."""
        return _HEX.sub(lambda found: found[0][: self._digits] + "…", text)

    def tidy(self, text: str) -> str:
        """A checker's message for people: units, amounts and instants as they read them."""
        if " cents" in text:  # then so is every other number in it
            text = _CENTS.sub(lambda found: decimal_of(int(found[1])), text)
        text = _MICROSECONDS.sub(lambda found: duration(int(found[1])), text)
        return self.short(self._instants(text))

    def instant(self, time_us: int) -> str:
        """An instant as minutes and seconds from the opening: ``0:21.043``, ``−0:03.2`` before it."""
        return clock(time_us - self._opens_at_us)

    def _instants(self, text: str) -> str:
        return _INSTANT.sub(lambda found: self.instant(instant_us(found[0])), text)

    def sentence(self, data: Any) -> str:
        """The fields of a message, in one sentence; empty if it has none worth telling."""
        parts = list(self._parts(_fields(data)))
        text = ", ".join(sorted(parts, key=lambda part: not part[0].isdigit()))
        return as_sentence(text) if text else ""

    def rows(self, state: Any) -> dict[str, str]:
        """A state, flat: one row a field, and one for each entry of a mapping or a list in it."""
        rows: dict[str, str] = {}
        for name, value in _fields(state).items():
            if name.endswith(SECRETS):
                continue
            if isinstance(value, Mapping):
                rows[words(name)] = str(len(value))
                rows |= {
                    f"{words(name)} {self.short(str(key))}": self._value(name, each) for key, each in value.items()
                }
            elif isinstance(value, tuple | list | frozenset | set):
                rows[words(name)] = self._value(name, value) or "none"
            else:
                rows[words(_unitless(name))] = self._value(name, value) or "–"
        return rows

    def _parts(self, fields: Mapping[str, Any]) -> Iterator[str]:
        for name, value in fields.items():
            told = self._value(name, value)
            if told and not name.endswith(SECRETS):
                yield self._told(name, value, told)

    def _told(self, name: str, value: Any, told: str) -> str:
        said = words(_unitless(name))
        if isinstance(value, bool):
            return said if value else f"not {said}"
        if isinstance(value, int) and name.endswith("s") and not name.endswith(("_us", "_cents")):
            return f"{told} {said}" if value != 1 else f"{told} {said.removesuffix('s')}"
        if name.endswith("_us") and isinstance(value, int) and value >= INSTANTS_FROM_US:
            return f"{said.removesuffix(' at')} at {told}"
        said = said.removesuffix(" id")
        return told if told.startswith(f"{said}-") else f"{said} {told}"

    def _value(self, name: str, value: Any) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int):
            return self._number(name, value)
        if isinstance(value, str):
            return self.short(self._instants(value))
        if isinstance(value, tuple | list | frozenset | set):
            told = [self._value(name, each) for each in list(value)[:LISTED_MAX]]
            more = len(value) - len(told)
            return "; ".join(filter(None, told)) + (f" and {more} more" if more else "")
        if isinstance(value, Mapping):
            return ", ".join(f"{self.short(str(key))}: {self._value(name, each)}" for key, each in value.items())
        if isinstance(value, msgspec.Struct):
            return "(" + ", ".join(self._parts(_fields(value))) + ")"
        return str(value)

    def _number(self, name: str, value: int) -> str:
        if name.endswith("_cents"):
            return decimal_of(value) if value >= 0 else f"−{decimal_of(-value)}"
        if name.endswith("_us"):
            if not value:
                return ""  # by custom, an instant that is not set
            return self.instant(value) if value >= INSTANTS_FROM_US else duration(value)
        return f"{value:,}"


def words(name: str) -> str:
    """The name of a field or type as words: ``order_id`` becomes ``order id``, ``OrderPlaced`` ``order placed``."""
    return " ".join(found.lower() for found in _WORDS.findall(name))


def duration(duration_us: int) -> str:
    """A duration to the millisecond: ``3.2 s``, ``4 min 03 s``; exact where it is short."""
    if duration_us < 1_000:
        return f"{duration_us} µs"
    if duration_us < 1_000_000:
        return f"{duration_us / 1e3:.4g} ms"
    if duration_us < 60_000_000:
        return f"{duration_us / 1e6:.3f}".rstrip("0").rstrip(".") + " s"
    return re.sub(r"(\d+)([a-z]+)", r"\1 \2 ", format_duration(duration_us // 1_000_000 * 1_000_000)).strip()


def as_sentence(text: str) -> str:
    """``text`` with a full stop, and a capital unless it begins with a name such as ``sku-4``."""
    first = text.partition(" ")[0].rstrip(".,:;")
    text = (text[:1].upper() + text[1:] if first.isalpha() else text).rstrip(".")
    return text if text.endswith("…") else f"{text}."


def clock(after_us: int) -> str:
    """An instant relative to the opening: ``0:21.043``, ``1:02:03.5``."""
    sign, after_ms = ("−", -after_us) if after_us < 0 else ("", after_us)
    seconds, milliseconds = divmod(round(after_ms / 1_000), 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f"{milliseconds:03}".rstrip("0") or "0"
    first = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{sign}{first}:{seconds:02}.{fraction}"


def _fields(data: Any) -> Mapping[str, Any]:
    if isinstance(data, Mapping):
        return data
    if isinstance(data, msgspec.Struct):
        return {name: getattr(data, name) for name in data.__struct_fields__}
    return {"": data} if data is not None else {}


def _unitless(name: str) -> str:
    return name.removesuffix("_us").removesuffix("_cents")
