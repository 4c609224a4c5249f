"""Variants of a scenario: the same, made smaller for a purpose by a block of overrides.

``live`` compresses it so that it can run for real in minutes, ``check`` makes it small enough to be played under
thousands of seeds. A block is merged over the rest key by key, and its ``duration`` takes the place of ``horizon``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from .problems import BadValues, Problem, unknown

HORIZON = "horizon"
DURATION = "duration"
SWARM = "swarm"


class VariantKind(msgspec.Struct, frozen=True):
    """A block that a scenario may have: its key, when it counts, and what to say if it is asked for but not there."""

    key: str
    when: str
    advice: str
    without: tuple[str, ...] = ()


LIVE = VariantKind(
    "live", "when run for real", "say how long to run it for real, e.g. live: {duration: 2min}", (SWARM,)
)
CHECK = VariantKind("check", "when checked", "say how long a checked run is, e.g. check: {duration: 3min}")
VARIANTS = (LIVE, CHECK)


def variant_document(document: Mapping[str, Any], variant: VariantKind, keys: Iterable[str]) -> dict[str, Any]:
    """The document that ``variant`` follows; ``keys`` are those that a scenario has. Raises `BadValues`."""
    overrides = document[variant.key]
    refused = _refused(variant)
    known = {DURATION, *keys} - refused.keys()
    problems = [
        Problem((variant.key, key), refused.get(key) or unknown(key, known, "key"))
        for key in overrides
        if key not in known
    ]
    if DURATION not in overrides and not problems:
        problems.append(Problem((variant.key,), f"{DURATION!r} is missing; add e.g. {DURATION}: 2min"))
    if problems:
        raise BadValues(problems)
    blocks = {each.key for each in VARIANTS}
    base = {key: value for key, value in document.items() if key not in blocks}
    changes = {key: value for key, value in overrides.items() if key != DURATION}
    return {**_merged(base, changes), HORIZON: overrides[DURATION]}


def _refused(variant: VariantKind) -> dict[str, str]:
    """What a block of this kind does not have, and what to do about it."""
    return {
        "name": f"is the same {variant.when}; leave it out",
        "system": f"is the same {variant.when}; leave it out",
        **{each.key: "belongs at the top level; leave it out" for each in VARIANTS},
        variant.key: "cannot be inside itself; leave it out",
        HORIZON: f"is called `{DURATION}` here: how long the run goes on after the opening",
        **dict.fromkeys(variant.without, f"does not matter {variant.when}; leave it out"),
    }


def _merged(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """``overrides`` over ``base``, key by key. Lists are replaced whole, and so is what changes its ``kind``."""
    result = dict(base)
    for key, value in overrides.items():
        result[key] = _merged(base[key], value) if _mergeable(base.get(key), value) else value
    return result


def _mergeable(before: Any, value: Any) -> bool:
    if not (isinstance(before, Mapping) and isinstance(value, Mapping)):
        return False
    return bool(value.get("kind", before.get("kind")) == before.get("kind"))
