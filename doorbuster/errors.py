"""Turns the errors that a user can mend into one line and exit code 2; what nobody can mend proves nothing."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

USAGE = 2
"""Exit code for a bad scenario or bad arguments; verdicts have the others (see ``reports/verdict.py``)."""

INVALID = 4
"""Exit code for what proves nothing, as ``reports/verdict.py`` has it; importing that takes too long for ``--help``."""

MENDABLE = (
    ("scenarios.problems", "ScenarioError"),
    ("scenarios.run_folder", "NotARunFolder"),
    ("reports.pictures", "BadPictures"),
    ("reference_services.registry", "UnknownSystem"),
    ("reference_services.registry", "BadTerms"),
    ("reference_services.hosting.settings", "BadSettings"),
    ("reference_services.hosting.topology", "BadTopology"),
    ("reference_services.hosting.broker", "TopicMismatch"),
    ("simulations.search.tape", "NotATape"),
    ("simulations.planted.catalog", "UnknownPlant"),
)
"""What other packages raise for the user to mend: modules and names, because importing them all takes seconds."""

PROVING_NOTHING = (("scenarios.journeys.shared", "SetupFailed"),)
"""What other packages raise when a run cannot be had."""

OF_THE_USERS_FILES = (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.ENOTDIR, errno.EEXIST)
"""What the system says about files and folders that the user can do something about."""


class Mendable(Exception):
    """The user has to change something; the text says what, in one line."""


class NothingProved(Exception):
    """A run could not be had or cannot be judged, through no fault of its user; the text says why, in one line."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print what the user has to change, without a traceback, and exit with `USAGE` or `INVALID`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, (NothingProved, *_kinds_loaded(PROVING_NOTHING))):
            _exit(" ".join([str(error), *getattr(error, "__notes__", ())]), INVALID)
        text = _mending(error)
        if not text:
            raise
        _exit(text, USAGE)


def _mending(error: Exception) -> str:
    """What the user has to change because of ``error``; empty if that is not for the user to mend."""
    if isinstance(error, Mendable) or any(isinstance(error, kind) for kind in _kinds_loaded(MENDABLE)):
        return str(error)
    if isinstance(error, OSError) and error.filename and error.errno in OF_THE_USERS_FILES:
        return f"{error.filename}: {error.strerror}"
    return ""


def _kinds_loaded(kinds: Iterable[tuple[str, str]]) -> Iterator[type[Exception]]:
    """Those of ``kinds`` that can have been raised: a verb has imported their modules."""
    for module, name in kinds:
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _exit(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"doorbuster: {message}\n")
    raise typer.Exit(code)
