"""What is wrong with a scenario, said so that it can be put right: the file, the line, the place, the fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import msgspec

Place = tuple[str | int, ...]
"""Where in a document: keys and list positions from the outside in, e.g. ``("journeys", 0, "weight")``."""


class ScenarioError(Exception):
    """A scenario cannot be used. The text has one line per problem; each says what to change."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong, and where."""

    place: Place
    text: str


class BadValues(ValueError):
    """Values that do not fit, before it is known from which line of which file they come."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{dotted(problem.place)}: {problem.text}" for problem in self.problems))


class Source:
    """Where a scenario was written down: the file's name and the line of every place in it.

    A variant has the same file, but whatever the block of that name (``variant``, e.g. ``live``) overrides was written
    there.
    """

    def __init__(self, name: str, lines: Mapping[Place, int], *, variant: str = "") -> None:
        self.name = name
        self._lines = lines
        self._variant = variant

    def for_variant(self, variant: str) -> Source:
        """The same file as the source of that variant."""
        return Source(self.name, self._lines, variant=variant)

    def error(self, problems: Iterable[Problem]) -> ScenarioError:
        """An error with one line per problem, in the order of the file."""
        found = sorted({(self._line(problem.place), self._tell(problem)) for problem in problems})
        return ScenarioError("\n".join(text for _, text in found))

    def _tell(self, problem: Problem) -> str:
        line = self._line(problem.place)
        where = f"{self.name}:{line}" if line else self.name
        place = dotted(self._written(problem.place))
        return f"{where}: {place}: {problem.text}" if place else f"{where}: {problem.text}"

    def _line(self, place: Place) -> int:
        """The line of ``place`` or, if it is not in the file, of what it would be in; 0 if there is no file."""
        place = self._written(place)
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 0)

    def _written(self, place: Place) -> Place:
        if not self._variant or not place:
            return place
        overriding: Place = (self._variant, "duration" if place[0] == "horizon" else place[0], *place[1:])
        return overriding if overriding[:2] in self._lines else place


def dotted(place: Place) -> str:
    """A place as people write it: ``journeys[0].weight``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def closest(name: str, known: Iterable[str]) -> str:
    """The one of ``known`` that was probably meant; empty if none is near."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1)), "")


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """Says that ``name`` is no ``what``, and which of ``known`` was probably meant, or else all of them."""
    names = sorted(known)
    meant = closest(name, names)
    if meant:
        return f"unknown {what} {name!r}; did you mean {meant!r}?"
    if not names:
        return f"unknown {what} {name!r}; there are none to choose from"
    return f"unknown {what} {name!r}; choose one of {', '.join(names)}"
