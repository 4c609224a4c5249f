"""The project's files must be usable by anybody: no path of one machine, no package index of one network."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

NOT_OURS = {".git", ".hypothesis", ".schemathesis", ".venv", "build", "dist", "runs", "__pycache__", "node_modules"}

HOMES = re.compile(r"(?<![\w.:/-])/(?:root|home|work|Users)/")
INDEXES = re.compile(
    r"--(?:extra-)?index-url|--find[-]links|--trusted[-]host|PIP_[A-Z]*INDEX|\bpypi\.org|\bpythonhosted\.org"
)


def text_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Every text file of the project with its content, what tools and rehearsals leave behind excepted."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [
            name for name in subfolders if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info"))
        ]
        for name in sorted(set(names) - NOT_OURS):
            path = Path(folder, name)
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def offending_lines(root: Path, pattern: re.Pattern[str]) -> list[str]:
    """Where ``pattern`` occurs, as ``file:line: text``."""
    return [
        f"{path.relative_to(root)}:{number}: {line.strip()[:120]}"
        for path, text in text_files(root)
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_folder_of_one_machine(project_root: Path) -> None:
    assert offending_lines(project_root, HOMES) == []


def test_no_file_names_a_package_index(project_root: Path) -> None:
    assert offending_lines(project_root, INDEXES) == []


@pytest.mark.parametrize("home", ["root", "home", "work", "Users"])
def test_a_home_folder_is_found(tmp_path: Path, home: str) -> None:
    (tmp_path / "settings.yaml").write_text(f"first: line\ndata: /{home}/somebody/data.csv\n", encoding="utf-8")

    assert offending_lines(tmp_path, HOMES) == [f"settings.yaml:2: data: /{home}/somebody/data.csv"]


@pytest.mark.parametrize("option", ["-index-url", "-extra-index-url", "-find-links", "-trusted-host"])
def test_an_index_option_is_found(tmp_path: Path, option: str) -> None:
    (tmp_path / "some.lock").write_text(f"-{option} https://packages.example/simple\n", encoding="utf-8")

    assert offending_lines(tmp_path, INDEXES) == [f"some.lock:1: -{option} https://packages.example/simple"]


def test_addresses_and_relative_paths_are_fine(tmp_path: Path) -> None:
    lines = "see https://example.org/home/page and http://host/work/item\nreports/root/index.html\nGET /orders/home\n"
    (tmp_path / "fine.md").write_text(lines, encoding="utf-8")

    assert offending_lines(tmp_path, HOMES) == []
