"""Finds systems by name. A system is a folder beside this file whose ``system.py`` offers ``Terms`` and ``build``.

A name with a dot in it is the full name of a package elsewhere that has the same parts, e.g. ``tests.area.tiny``.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from .kernel.client_history import ClientCall, SequentialModels, check_client_history
from .kernel.invariant import Coverage, Finding, Invariant
from .kernel.system import System


class UnknownSystem(LookupError):
    """There is no system of that name; the text lists those that there are."""


class BadTerms(ValueError):
    """The business terms do not fit the system; the text says which and why."""


@cache
def system_names() -> tuple[str, ...]:
    """The systems that there are, in alphabetical order."""
    folders = (found.parent.name for found in Path(__file__).parent.glob("*/system.py"))
    return tuple(sorted(name for name in folders if name != "kernel"))  # the kernel's is the wiring that all share


def terms_type(name: str) -> type[msgspec.Struct]:
    """The business terms that a system takes: a frozen struct whose defaults are the real-life values."""
    terms: type[msgspec.Struct] = _module(name, "system").Terms
    return terms


def load_terms(name: str, terms: Mapping[str, Any]) -> Any:
    """The system's terms with ``terms`` in place of some defaults. Raises `BadTerms`."""
    try:
        return msgspec.convert(dict(terms), terms_type(name))
    except msgspec.ValidationError as error:
        raise BadTerms(f"{name}: {error}") from error


def load_system(name: str, terms: Mapping[str, Any]) -> System:
    """Build the system ``name`` under ``terms``. Raises `UnknownSystem` or `BadTerms`."""
    system: System = _module(name, "system").build(load_terms(name, terms))
    return system


def load_checks(name: str, terms: Mapping[str, Any]) -> tuple[tuple[Invariant, ...], Coverage]:
    """Fresh invariants and coverage marks of the system ``name``, for checking one history under ``terms``."""
    invariants = _module(name, "invariants")
    loaded = load_terms(name, terms)
    return invariants.invariants(loaded), invariants.coverage(loaded)


def load_sequential_models(
    name: str, terms: Mapping[str, Any], clock_error_us: int | None = None
) -> SequentialModels | None:
    """How the client history of the system ``name`` is checked for linearizability; None if it has no such models.

    ``clock_error_us`` is how far any two clocks of the run may be apart; None if no clock is to be believed.
    """
    system = _module(name, "system")
    if find_spec(f"{system.__package__}.sequential_models") is None:
        return None
    loaded: SequentialModels = _module(name, "sequential_models").sequential_models(
        load_terms(name, terms), clock_error_us
    )
    return loaded


def linearizability_findings(
    name: str, terms: Mapping[str, Any], calls: Iterable[ClientCall], clock_error_us: int | None = None
) -> list[Finding]:
    """What the clients of the system ``name`` saw that no order of events explains: one finding per rule.

    ``calls`` are all that the clients made; empty for a system without sequential models.
    """
    models = load_sequential_models(name, terms, clock_error_us)
    return check_client_history(models, calls) if models is not None else []


def load_pictures(name: str) -> dict[str, Any]:
    """What reports draw of the system ``name``, as data."""
    pictures: dict[str, Any] = _module(name, "pictures").PICTURES
    return pictures


def _module(name: str, part: str) -> Any:
    if "." in name:
        return _elsewhere(name, part)
    if name not in system_names():
        raise UnknownSystem(f"there is no system {name!r}; choose one of {', '.join(system_names())}")
    return importlib.import_module(f"{__package__}.{name}.{part}")


def _elsewhere(name: str, part: str) -> Any:
    try:
        return importlib.import_module(f"{name}.{part}")
    except ModuleNotFoundError as error:
        raise UnknownSystem(f"there is no system {name!r}: {error}") from error
