"""A command line in an empty folder, and scenarios small enough for tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_lines import CommandLine, Process

SCENARIOS = Path(__file__).parent / "scenarios"


@pytest.fixture
def command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line, working in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return CommandLine()


@pytest.fixture(scope="session")
def pocket_sale() -> Path:
    """A scenario small enough for tests."""
    return SCENARIOS / "pocket_sale.yaml"


@pytest.fixture
def pocket_sale_with(pocket_sale: Path, tmp_path: Path) -> Callable[..., Path]:
    """The same scenario with other values at its top level."""

    def write(**changes: Any) -> Path:
        document = yaml.safe_load(pocket_sale.read_text()) | changes
        path = tmp_path / pocket_sale.name
        path.write_text(yaml.safe_dump(document))
        return path

    return write


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts command lines that are gone, with everything below them, when the test ends."""
    with contextlib.ExitStack() as started:
        yield lambda *arguments, **environment: started.enter_context(Process(tmp_path, *arguments, **environment))
