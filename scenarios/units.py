"""Fits what people wrote to a typed struct: ``reservation_ttl: 10min`` becomes ``reservation_ttl_us=600_000_000``.

The unit is in the name of the struct's field, so a scenario does without: for a field ``x_us`` it has a key ``x`` with
a duration, for ``x_cents`` a key ``x`` with an amount of money; a field of type float takes ``4%`` as well as ``0.04``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from .problems import BadValues, Place, Problem, unknown
from .quantities import format_cents, format_duration, parse_cents, parse_duration, parse_share, shown

_Struct = TypeVar("_Struct", bound=msgspec.Struct)

UNITS: dict[str, Callable[[Any], int]] = {"_us": parse_duration, "_cents": parse_cents}
"""What a field's name ends in, and how a value with that unit is read."""

_FORMATS: dict[str, Callable[[int], str]] = {"_us": format_duration, "_cents": format_cents}

_BOUND = re.compile(r"Expected `\w+` (>=|>|<=|<) (\S+)")
_BOUND_WORDS = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_TYPE = re.compile(r"Expected `([^`]+)`")
_TYPE_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "object": "a mapping",
    "array": "a list",
}


def convert_with_units(mapping: Mapping[str, Any], struct_type: type[_Struct], place: Place = ()) -> _Struct:
    """``mapping`` as a ``struct_type``; ``place`` is where it stands in the scenario.

    Nested structs, lists and mappings are converted likewise. Raises `BadValues` for unknown keys (with the closest
    match), values that cannot be read, and values that the struct does not accept.
    """
    fitting = _Fitting()
    values = fitting.struct(mapping, _described(struct_type), place)
    if fitting.problems:
        raise BadValues(fitting.problems)
    try:
        return msgspec.convert(values, struct_type)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, BadValues):  # the struct itself knows better where inside it the trouble is
            raise BadValues(Problem((*place, *each.place), each.text) for each in error.__cause__.problems) from error
        raise BadValues([_explained(str(error), mapping, place)]) from error


@cache  # one entry for each of the few types that parts of a scenario have
def _described(struct_type: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(struct_type)


def written_with_units(struct: msgspec.Struct) -> dict[str, Any]:
    """A flat ``struct`` as `convert_with_units` reads it: ``ttl_us=600_000_000`` as ``ttl: 10min``."""
    return {_key(name): _written(name, value) for name, value in msgspec.to_builtins(struct).items()}


def written_default(field: msgspec.structs.FieldInfo) -> Any:
    """What a struct's field is if it is left out, as people would write it."""
    return _written(field.name, field.default)


def _written(field_name: str, value: Any) -> Any:
    unit = _unit(field_name)
    return _FORMATS[unit](value) if unit else value


class _Fitting:
    """One conversion: walks values and types side by side and collects what does not fit."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def struct(self, value: Any, kind: Any, place: Place) -> Any:
        """``value`` with the field names of the struct ``kind`` and its units resolved."""
        if not isinstance(value, Mapping):
            self.problems.append(Problem(place, f"{shown(value)} is not a mapping; write `key: value` lines under it"))
            return value
        fields = {_key(field.encode_name): field for field in kind.fields}
        values = {}
        for key, item in value.items():
            field = fields.get(key)
            if field is None:
                self.problems.append(Problem((*place, key), unknown(key, fields, "key")))
                continue
            values[field.encode_name] = self._value(item, field.type, _unit(field.encode_name), (*place, key))
        return values

    def _value(self, value: Any, kind: Any, unit: str, place: Place) -> Any:
        if isinstance(kind, inspect.UnionType):
            if value is None and kind.includes_none:
                return None
            kind = next(option for option in kind.types if not isinstance(option, inspect.NoneType))
        if isinstance(kind, inspect.StructType):
            return self.struct(value, kind, place)
        if isinstance(kind, inspect.DictType) and isinstance(value, Mapping):
            return {key: self._value(item, kind.value_type, unit, (*place, key)) for key, item in value.items()}
        if isinstance(kind, inspect.ListType | inspect.VarTupleType) and isinstance(value, list):
            return [self._value(item, kind.item_type, unit, (*place, at)) for at, item in enumerate(value)]
        return self._scalar(value, kind, unit, place)

    def _scalar(self, value: Any, kind: Any, unit: str, place: Place) -> Any:
        try:
            if unit:
                return UNITS[unit](value)
            if isinstance(kind, inspect.FloatType) and isinstance(value, str):
                return parse_share(value)
        except ValueError as error:
            self.problems.append(Problem(place, str(error)))
        return value


def _unit(field_name: str) -> str:
    return next((unit for unit in UNITS if field_name.endswith(unit)), "")


def _key(field_name: str) -> str:
    return field_name.removesuffix(_unit(field_name))


def _explained(text: str, mapping: Mapping[str, Any], place: Place) -> Problem:
    """What msgspec said about the converted values, in terms of what was written."""
    said, _, path = text.partition(" - at `$")
    value: Any = mapping
    unit = ""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        part = int(index) if index else _key(name)
        unit = _unit(name) if name else unit
        value = value[part]
        place = (*place, part)
    missing = re.fullmatch(r"Object missing required field `(\w+)`", said)
    if missing:
        return Problem(place, f"{_key(missing[1])!r} is missing; add it")
    bound = _BOUND.fullmatch(said)
    if bound:
        limit = _FORMATS[unit](int(bound[2])) if unit else bound[2]
        return Problem(place, f"{shown(value)} must be {_BOUND_WORDS[bound[1]]} {limit}")
    expected = _TYPE.match(said)
    if expected:
        words = _TYPE_WORDS.get(expected[1].removesuffix(" | null"), expected[1])
        return Problem(place, f"{shown(value)} is not {words}")
    return Problem(place, said)
