"""Draws the architecture of systems: ``python -m reference_services.diagrams [SYSTEM...]``.

Writes ``docs/architecture/<system>/``; with ``--check`` writes nothing and exits with 1 if what is there differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..registry import UnknownSystem, load_system, system_names
from .pages import COMMAND, pages

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture"
UP_TO_DATE, STALE, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the pages. Returns the exit code."""
    options = _parser().parse_args(arguments)
    names = options.systems or system_names()
    try:
        wanted = {
            options.out / name / file: text for name in names for file, text in pages(load_system(name, {})).items()
        }
    except UnknownSystem as error:
        sys.stderr.write(f"diagrams: {error}\n")
        return USAGE
    if not options.check:
        for path, text in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return UP_TO_DATE
    stale = list(_stale(wanted))
    for path in stale:
        sys.stderr.write(f"diagrams: {path} is not what the wiring says; run: {COMMAND}\n")
    return STALE if stale else UP_TO_DATE


def _stale(wanted: dict[Path, str]) -> Iterator[Path]:
    for path, text in wanted.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            yield path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND, description="Draws the components, event flows, life cycles and messages of systems."
    )
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help="names of systems; all of them by default")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something is out of date")
    parser.add_argument("--out", type=Path, default=ARCHITECTURE, metavar="FOLDER", help="where the folders go")
    return parser


if __name__ == "__main__":
    sys.exit(main())
