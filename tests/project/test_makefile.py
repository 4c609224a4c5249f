"""`make setup` is silent when nothing is to do, and says in one line what is missing when it cannot do it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def checkout(project_root: Path, tmp_path: Path) -> Path:
    """A folder, with a space in its name, that holds the Makefile and what its ``setup`` looks at."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copyfile(project_root / name, folder / name)
    return folder


def make_setup(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``make setup`` in ``folder``, outside of any make that runs this test."""
    environment = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        ["make", "setup", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def stand_in_python(folder: Path, script: str) -> str:
    """An executable that answers instead of Python."""
    path = folder / "stand-in"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return f"PYTHON={path}"


def test_nothing_to_do_says_nothing(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / ".installed").touch()

    done = make_setup(checkout, "PYTHON=no-such-python")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements.lock"])
def test_a_change_of_dependencies_installs_again(checkout: Path, changed: str) -> None:
    stamp = checkout / ".venv" / ".installed"
    stamp.parent.mkdir()
    stamp.touch()
    later = stamp.stat().st_mtime + 10
    os.utime(checkout / changed, (later, later))

    assert make_setup(checkout, "PYTHON=no-such-python").returncode != 0


def test_a_missing_python_is_named(checkout: Path) -> None:
    done = make_setup(checkout, "PYTHON=no-such-python")

    assert done.returncode != 0
    assert done.stderr.startswith("no-such-python not found: install Python 3.11 or newer")
    assert not (checkout / ".venv").exists()


def test_an_old_python_is_refused(checkout: Path) -> None:
    done = make_setup(checkout, stand_in_python(checkout, "exit 1"))

    assert done.returncode != 0
    assert "is older than 3.11" in done.stderr.splitlines()[0]
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_is_refused(checkout: Path) -> None:
    done = make_setup(checkout, stand_in_python(checkout, 'case "$2" in *ensurepip*) exit 1 ;; esac'))

    assert done.returncode != 0
    assert "comes without venv" in done.stderr.splitlines()[0]
    assert not (checkout / ".venv").exists()
