"""The shape of the tree: real packages, and tests that pytest can tell apart."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from reference_services.registry import system_names

ROOMS = ("doorbuster", "reports", "loadtests", "simulations", "scenarios", "reference_services")


@pytest.mark.parametrize("room", ROOMS)
def test_every_folder_with_code_is_a_package(project_root: Path, room: str) -> None:
    folders = {path.parent for path in (project_root / room).rglob("*.py")}

    assert folders, f"{room} holds no code"
    assert (
        sorted(str(folder.relative_to(project_root)) for folder in folders if not (folder / "__init__.py").exists())
        == []
    )


def test_what_systems_share_names_none_of_them(project_root: Path) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (project_root / "reference_services/shared").rglob("*.py")]

    assert sources
    assert [name for name in system_names() if any(name in source for source in sources)] == []


def test_no_two_test_files_share_a_name(project_root: Path) -> None:
    names = Counter(path.name for path in (project_root / "tests").rglob("*.py") if path.name != "conftest.py")

    assert [name for name, count in names.items() if count > 1] == []
