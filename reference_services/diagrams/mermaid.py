"""Mermaid as text: names that are safe to use as identifiers, labels that are safe to show, and flowcharts.

Syntax: https://mermaid.js.org/syntax/flowchart.html, and there "Special characters that break syntax" for the escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

SHAPES = {
    "aggregate": ('[["', '"]]'),
    "call": ('(["', '"])'),
    "command": ('["', '"]'),
    "effect": ('[/"', '"/]'),
    "event": ('("', '")'),
    "outside": ('[["', '"]]'),
    "policy": ('{{"', '"}}'),
    "process": ('["', '"]'),
    "time": ('(("', '"))'),
    "topic": ('[("', '")]'),
}
"""How each kind of node is drawn: what opens and what closes its label."""

COLOURS = {
    "aggregate": "#ffe27a",
    "call": "#e8e8e8",
    "command": "#a6cdf5",
    "effect": "#f5b8cf",
    "event": "#ffbf80",
    "outside": "#f5b8cf",
    "policy": "#d3bdf0",
    "process": "#ffffff",
    "time": "#e8e8e8",
    "topic": "#bfe3c6",
}
"""The colours of event storming: commands blue, events orange, policies lilac, what is outside pink."""

_UNSAFE_IN_IDENTIFIERS = re.compile(r"[^A-Za-z0-9_]")
_UNSAFE_BEFORE_OTHERS = re.compile(r"[^A-Za-z0-9]")
_UNSAFE_IN_LABELS = re.compile(r"[^\w ./:,'+-]", re.ASCII)
_LIST_MARK = re.compile(r"^(\s*\d*)([.+-])")
"""Mermaid takes a label such as ``1. order`` for a Markdown list and refuses to draw it."""


def identifier(kind: str, *names: str) -> str:
    """A Mermaid identifier, another one for other names.

    It begins with ``kind``, so no name can make it one of Mermaid's own words, such as ``end``. Only the last name
    keeps its underscores; in the others they would look like the joints between names.
    """
    *others, last = names
    safe = [_UNSAFE_BEFORE_OTHERS.sub(_as_hexadecimal, name) for name in others]
    return "_".join((kind, *safe, _UNSAFE_IN_IDENTIFIERS.sub(_as_hexadecimal, last)))


def label(text: str) -> str:
    """``text`` as it may stand between quotes: what could end the label, or mean something in it, as entities."""
    escaped = [_UNSAFE_IN_LABELS.sub(_as_entity, line) for line in text.splitlines()]
    return "<br/>".join(_LIST_MARK.sub(_mark_as_entity, line) for line in escaped)


class Flowchart:
    """A flowchart under construction: nodes appear where they are first named, inside the group that is open then."""

    def __init__(self, direction: str = "LR") -> None:
        self._direction = direction
        self._lines: list[str] = []
        self._labels: dict[str, str] = {}
        self._kinds: dict[str, list[str]] = {}
        self._depth = 1

    def node(self, kind: str, *names: str, text: str = "") -> str:
        """Make sure that there is a node of that kind and name, labelled with the last of its names unless ``text``
        says otherwise; its identifier.

        Raises ValueError if the same identifier is already there with another label.
        """
        node = identifier(kind, *names)
        opening, closing = SHAPES[kind]
        self._name(node, f"{opening}{label(text or names[-1])}{closing}", node)
        if node not in self._kinds.setdefault(kind, []):
            self._kinds[kind].append(node)
        return node

    def edge(self, tail: str, head: str, text: str = "", *, dotted: bool = False) -> None:
        """Draw an arrow between two nodes."""
        arrow = "-.->" if dotted else "-->"
        self._add(f'{tail} {arrow}|"{label(text)}"| {head}' if text else f"{tail} {arrow} {head}")

    @contextmanager
    def group(self, *names: str, text: str = "") -> Iterator[None]:
        """Draw what follows inside a frame. Raises ValueError if there is one of that name already."""
        frame = identifier("group", *names)
        if frame in self._labels:
            raise ValueError(f"{frame} is drawn already")
        self._name(frame, f'["{label(text or names[-1])}"]', f"subgraph {frame}")
        self._depth += 1
        yield
        self._depth -= 1
        self._add("end")

    def text(self) -> str:
        """The whole chart."""
        styles = [
            line
            for kind, nodes in self._kinds.items()
            for line in (
                f"    classDef kind_{kind} fill:{COLOURS[kind]},stroke:#555555,color:#111111",
                f"    class {','.join(nodes)} kind_{kind}",
            )
        ]
        return "\n".join([f"flowchart {self._direction}", *self._lines, *styles])

    def _name(self, name: str, shown: str, opening: str) -> None:
        if name not in self._labels:
            self._labels[name] = shown
            self._add(opening + shown)
        elif self._labels[name] != shown:
            raise ValueError(f"{name} would stand for two things: {self._labels[name]} and {shown}")

    def _add(self, line: str) -> None:
        self._lines.append("    " * self._depth + line)


def _as_hexadecimal(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):x}_"


def _as_entity(match: re.Match[str]) -> str:
    return f"#{ord(match[0])};"


def _mark_as_entity(match: re.Match[str]) -> str:
    return f"{match[1]}#{ord(match[2])};"
