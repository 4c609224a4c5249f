"""Decisions are pure: neither the clock nor chance nor the machine is asked for anything where something is decided."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

IMPURE_MODULES = {
    "asyncio", "multiprocessing", "os", "platform", "secrets", "socket", "subprocess", "sys", "tempfile", "threading",
    "time", "uuid",
}  # fmt: skip
IMPURE_BUILTINS = {"hash", "id", "input", "open"}
"""Besides input and output: ``hash`` and ``id`` differ from process to process."""

CLOCK_METHODS = {"now", "today", "utcnow"}
DRAWS_ALLOWED_IN = "random_streams.py"


def impurities(source: str, *, may_draw: bool = False) -> list[str]:
    """What in ``source`` makes its result depend on anything but its arguments, as ``line N: reason``."""
    tree = ast.parse(source)
    found = {
        (node.lineno, reason)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Call)
        for reason in _reasons(node, may_draw)
    }
    return [f"line {line}: {reason}" for line, reason in sorted(found)]


def _reasons(node: ast.Import | ast.ImportFrom | ast.Call, may_draw: bool) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.partition(".")[0] in IMPURE_MODULES:
                yield f"imports {alias.name}"
    elif isinstance(node, ast.ImportFrom):
        module = (node.module or "").partition(".")[0]
        if node.level == 0 and (module in IMPURE_MODULES or module == "random"):
            yield f"imports from {module}"
    else:
        yield from _call_reasons(ast.unparse(node.func), may_draw)


def _call_reasons(function: str, may_draw: bool) -> Iterator[str]:
    owner, _, method = function.rpartition(".")
    if function in IMPURE_BUILTINS:
        yield f"calls {function}()"
    if method in CLOCK_METHODS and owner.rpartition(".")[2] in {"date", "datetime"}:
        yield f"asks the clock with {function}()"
    if owner == "random" and not may_draw:
        yield f"draws with {function}()"


def pure_folders(root: Path) -> list[Path]:
    """The kernel, what systems share, and every system."""
    services = root / "reference_services"
    return [services / "kernel", services / "shared", *sorted(wiring.parent for wiring in services.glob("*/system.py"))]


def test_kernel_shared_services_and_systems_are_pure(project_root: Path) -> None:
    sources = [path for folder in pure_folders(project_root) for path in sorted(folder.rglob("*.py"))]

    found = [
        f"{path.relative_to(project_root)}: {impurity}"
        for path in sources
        for impurity in impurities(path.read_text(encoding="utf-8"), may_draw=path.name == DRAWS_ALLOWED_IN)
    ]

    assert len(sources) > len(pure_folders(project_root))
    assert found == []


@pytest.mark.parametrize(
    ("source", "impurity"),
    [
        ("import time", "line 1: imports time"),
        ("import os.path", "line 1: imports os.path"),
        ("from uuid import uuid4", "line 1: imports from uuid"),
        ("from random import choice", "line 1: imports from random"),
        ("import random\nrandom.random()", "line 2: draws with random.random()"),
        ("import datetime\ndatetime.datetime.now()", "line 2: asks the clock with datetime.datetime.now()"),
        ("from datetime import date\ndate.today()", "line 2: asks the clock with date.today()"),
        ("shard = hash('sku') % 4", "line 1: calls hash()"),
        ("def read():\n    return open('prices.csv')", "line 2: calls open()"),
    ],
)
def test_an_impurity_is_found(source: str, impurity: str) -> None:
    assert impurities(source) == [impurity]


def test_a_generator_as_an_argument_is_pure() -> None:
    assert impurities("import random\ndef pause(draw: random.Random) -> int:\n    return draw.randrange(9)") == []
