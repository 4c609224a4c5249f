"""Dependencies: each is declared, locked with hashes, imported under a declared name, and has its reason."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOMS = ("doorbuster", "reports", "loadtests", "simulations", "scenarios", "reference_services")

TABLE_ROW = re.compile(r"^\| *([a-z0-9-]+) *\| *(.*?) *\|$", re.MULTILINE)
LOCK_ENTRY = re.compile(r"^([a-z0-9-]+)==([^ ]+)( ;[^\\]+)? \\$", re.MULTILINE)


@pytest.fixture(scope="module")
def project(project_root: Path) -> dict[str, Any]:
    """The ``project`` table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


@pytest.fixture(scope="module")
def lock(project_root: Path) -> str:
    """The text of the lock."""
    return (project_root / "requirements.lock").read_text(encoding="utf-8")


def declared(project: dict[str, Any]) -> list[Requirement]:
    """Every requirement, those for development included."""
    return [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])]


def imported_packages(root: Path) -> Iterator[tuple[Path, str]]:
    """The top-level names that the rooms import from elsewhere, each with the file that does."""
    own = {*ROOMS, *sys.stdlib_module_names}
    for path in (path for room in ROOMS for path in sorted((root / room).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in own:
                    yield path.relative_to(root), top


def test_every_dependency_has_its_reason_and_every_reason_its_dependency(
    project_root: Path, project: dict[str, Any]
) -> None:
    rows = TABLE_ROW.findall((project_root / "docs" / "dependencies.md").read_text(encoding="utf-8"))
    reasons = {name: reason for name, reason in rows if name != "package" and set(name) != {"-"}}

    assert sorted(reasons) == sorted(canonicalize_name(requirement.name) for requirement in declared(project))
    assert [name for name, reason in reasons.items() if not reason.endswith(".")] == []


def test_the_lock_satisfies_every_declared_dependency(project: dict[str, Any], lock: str) -> None:
    versions: dict[str, list[str]] = {}
    for name, version, _ in LOCK_ENTRY.findall(lock):
        versions.setdefault(name, []).append(version)

    for requirement in declared(project):
        locked = versions.get(canonicalize_name(requirement.name), [])
        assert locked, f"{requirement.name} is not in requirements.lock: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in locked), (
            f"{requirement} is locked at {locked}"
        )


def test_every_lock_entry_has_hashes_and_no_address(lock: str) -> None:
    entries = re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]

    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in lock


def test_rooms_import_only_what_is_declared(project_root: Path, project: dict[str, Any]) -> None:
    runtime = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    providers = packages_distributions()

    undeclared = {
        f"{path} imports {name}"
        for path, name in imported_packages(project_root)
        if not runtime.intersection(canonicalize_name(provider) for provider in providers.get(name, ()))
    }

    assert sorted(undeclared) == []
