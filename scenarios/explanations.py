"""What pydantic says about a document, in words that tell where it is wrong and what to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .problems import Place, Problem, closest, unknown
from .quantities import shown

_MAPPING = "is not a mapping; write `key: value` lines under it"
_LIST = "is not a list; begin each entry with a dash"
_NOT = {
    "int_type": "is not a whole number",
    "float_type": "is not a number",
    "finite_number": "is not a finite number",
    "bool_type": "is not true or false",
    "string_type": "is not text; put it in quotes",
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "tuple_type": _LIST,
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def explain(error: ValidationError, document: Mapping[str, Any], model: type[BaseModel]) -> list[Problem]:
    """One problem for each thing that ``model`` has against ``document``.

    A key that is missing only because it is misspelled is told once, as the misspelled key.
    """
    schema = _Schema(model)
    found = [(schema.locate(details["loc"]), details) for details in error.errors(include_url=False)]
    meant = {
        (*place[:-1], closest(str(place[-1]), keys))
        for (place, keys, _), details in found
        if details["type"] == "extra_forbidden"
    }
    return [
        _problem(place, keys, example, details, document)
        for (place, keys, example), details in found
        if not (details["type"] == "missing" and place in meant) and not _follows_from_others(details)
    ]


class _Schema:
    """The JSON schema of a model: which keys there are in each place, and examples for them."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._root = model.model_json_schema(by_alias=True)
        self._definitions: dict[str, Any] = self._root.get("$defs", {})

    def locate(self, location: tuple[int | str, ...]) -> tuple[Place, list[str], str]:
        """Where pydantic's ``location`` is in the document, the keys known beside it, and an example for its value.

        Pydantic's location also has the tags of unions, which are nowhere in the document.
        """
        place: Place = ()
        keys: list[str] = []
        node = self._resolved(self._root)
        for step in location:
            if "discriminator" in node:
                node = self._resolved({"$ref": node["discriminator"]["mapping"][step]})
                continue
            place = (*place, step)
            keys = list(node.get("properties", {}))
            node = self._resolved(self._inside(node, step))
        return place, keys, next(iter(node.get("examples", ())), "")

    @staticmethod
    def _inside(node: Mapping[str, Any], step: int | str) -> Any:
        if isinstance(step, int):
            return node.get("items", {})
        return node.get("properties", {}).get(step) or node.get("additionalProperties") or {}

    def _resolved(self, node: Any) -> dict[str, Any]:
        if not isinstance(node, dict):
            return {}
        for option in node.get("anyOf", ()):
            if option.get("type") != "null":
                return self._resolved(option)
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            return {**self._resolved(self._definitions[name]), **node}
        return node


def _follows_from_others(details: ErrorDetails) -> bool:
    """A list all of whose entries are wrong counts as empty too; that is no second problem."""
    return details["type"] == "too_short" and bool(details["input"])


def _problem(
    place: Place, keys: list[str], example: str, details: ErrorDetails, document: Mapping[str, Any]
) -> Problem:
    kind = details["type"]
    if kind == "missing":
        written = f"e.g. {place[-1]}: {example}" if example else "add it"
        return Problem(place[:-1], f"{place[-1]!r} is missing; add {written}")
    if kind == "extra_forbidden":
        return Problem(place, unknown(str(place[-1]), keys, "key"))
    if kind == "union_tag_invalid":
        place = (*place, "kind")
    return Problem(_part_in(document, place), _text(kind, details))


def _part_in(document: Mapping[str, Any], place: Place) -> Place:
    """As much of ``place`` as there is in ``document``: a bare duration, for one, has no parts of its own."""
    part: Any = document
    for depth, step in enumerate(place):
        try:
            part = part[step]
        except (TypeError, LookupError):
            return place[:depth]
    return place


def _text(kind: str, details: ErrorDetails) -> str:
    value, context = shown(details["input"]), details.get("ctx", {})
    if kind in _NOT:
        return f"{value} {_NOT[kind]}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{value} must be {words} {context[name]:g}"
    match kind:
        case "value_error":
            return str(context["error"])
        case "union_tag_invalid":
            return unknown(context["tag"], _listed(context["expected_tags"]), "kind")
        case "literal_error":
            return unknown(str(details["input"]), _listed(context["expected"]), "value")
        case "union_tag_not_found":
            return "'kind' is missing; say which kind it is"
        case "too_short" | "string_too_short":
            return "must not be empty"
        case "string_pattern_mismatch":
            return f"{value} is not a name; write small letters, digits and underscores"
    return f"{value}: {details['msg']}"


def _listed(quoted: str) -> Iterator[str]:
    """The names in pydantic's ``'a', 'b' or 'c'``."""
    return (name for name in quoted.split("'")[1::2])
