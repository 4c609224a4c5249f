"""The box office of docs/adding-a-system.md, laid into a copy of the project, is a system like any other."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILE = re.compile(r"^`([\w./]+)`\n\n```(?:python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROOMS = ("doorbuster", "reports", "loadtests", "simulations", "scenarios", "reference_services")


@pytest.fixture(scope="module")
def files(project_root: Path) -> dict[str, str]:
    """Every file of the guide by its path."""
    return dict(FILE.findall((project_root / "docs" / "adding-a-system.md").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def copy(project_root: Path, files: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's code with the guide's files in it."""
    folder = tmp_path_factory.mktemp("copy")
    for room in ROOMS:
        shutil.copytree(project_root / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, so that its packages are found before any others."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_guide_has_every_file_that_it_lists(project_root: Path, files: dict[str, str]) -> None:
    text = (project_root / "docs" / "adding-a-system.md").read_text(encoding="utf-8")
    listing = text.partition("```\n")[2].partition("```")[0]
    listed = re.findall(r"[\w/]+\.(?:py|yaml)", listing)

    assert sorted(Path(name).name for name in files) == sorted(Path(name).name for name in listed)


@pytest.mark.parametrize("variant", ["whole", "live"])
def test_its_scenario_passes(copy: Path, variant: str) -> None:
    say = "from doorbuster.main import main; main()"
    options = ("--variant", variant, "--no-folder", "--format", "json")
    done = run(copy, "-c", say, "simulate", "first_night", "--seed", "1", *options)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["invariants"] == {"one-seat-one-buyer": 0, "ticket-for-every-sale": 0, "inbox-drained": 0}
    assert all(found["reached"].values())


def test_it_can_be_drawn(copy: Path, tmp_path: Path) -> None:
    done = run(copy, "-m", "reference_services.diagrams", "box_office", "--out", str(tmp_path))

    assert done.returncode == 0, done.stderr
    drawn = (tmp_path / "box_office" / "event-flow.md").read_text(encoding="utf-8")
    assert "| `SeatSold` | Whoever bought a seat gets a ticket. | `IssueTicket` | issue-ticket (tickets) |" in drawn


def test_its_code_is_tidy(copy: Path, project_root: Path) -> None:
    shutil.copyfile(project_root / "pyproject.toml", copy / "pyproject.toml")
    folder, journeys = "reference_services/box_office", "scenarios/journeys/box_office.py"

    # Its methods and handlers are explained as the bookstore's are: by their base classes and their names.
    tidy = run(copy, "-m", "ruff", "check", "--extend-ignore", "D102,D103", folder, journeys)
    formatted = run(copy, "-m", "ruff", "format", "--check", folder, journeys)

    assert tidy.returncode == 0, tidy.stdout
    assert formatted.returncode == 0, formatted.stdout
