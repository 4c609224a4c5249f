"""Reads a YAML document together with the line of every place in it, and refuses what YAML would silently get wrong.

Scalars are read by the core rules of YAML 1.2: ``no``, ``010`` and ``12:30`` are text, ``1e3`` is a number. A key that
is written twice is an error, and so are anchors and aliases: a scenario says each thing once, where it applies.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from .problems import Place, Problem, ScenarioError, Source


def read_document(path: Path, name: str) -> tuple[dict[str, Any], Source]:
    """The mapping in a YAML file, and the source that knows its lines; ``name`` is what errors call the file.

    Raises `ScenarioError`.
    """
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        tree = _Tree(loader)
        document = tree.value(root, ()) if root is not None else None
    except OSError as error:
        raise ScenarioError(f"{name}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{name}: is not UTF-8 text; save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise ScenarioError(_syntax(name, error)) from error
    except RecursionError as error:
        raise ScenarioError(f"{name}: is nested too deeply to be a scenario") from error
    source = Source(name, tree.lines)
    if not isinstance(document, dict):
        raise ScenarioError(f"{name}: is not a mapping; begin with a line such as `name: flash_sale`")
    if tree.problems:
        raise source.error(tree.problems)
    return document, source


class _NotUsed(yaml.MarkedYAMLError):
    """Something that YAML has, but scenarios do without."""

    def __init__(self, problem: str, mark: yaml.Mark) -> None:
        super().__init__(problem=problem, problem_mark=mark)


class _Loader(yaml.SafeLoader):
    """PyYAML with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own attribute)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
            raise _NotUsed("anchors, aliases and tags are not used here; write the value out", event.start_mark)
        return super().compose_node(parent, index)


_INTEGER = r"[-+]?(?:0|[1-9][0-9]{0,17})"
_FLOAT = r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]{1,3})"
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", _INTEGER, "-+0123456789"),
    ("float", _FLOAT, "-+.0123456789"),
    ("null", r"~|null|", ["~", "n", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))


class _Tree:
    """Turns nodes into plain values, noting lines and keys written twice."""

    def __init__(self, loader: _Loader) -> None:
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        self._loader = loader

    def value(self, node: yaml.Node, place: Place) -> Any:
        """The plain value of ``node``, which stands at ``place``."""
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _NotUsed("a key must be plain text; write e.g. `name: value`", key_node.start_mark)
            key, line = key_node.value, key_node.start_mark.line + 1
            here = (*place, key)
            if key in values:
                self.problems.append(Problem(here, f"written twice, again in line {line}; keep one of the two"))
                continue
            self.lines[here] = line
            values[key] = self.value(value_node, here)
        return values


def _syntax(name: str, error: yaml.YAMLError) -> str:
    """One line for what PyYAML tells in several."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = f"{name}:{mark.line + 1}" if mark is not None else name
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    if isinstance(error, _NotUsed):
        return f"{where}: {problem}"
    return f"{where}: cannot be read as YAML: {problem}; look at the indentation, colons and quotes around here"
