"""What all tests share: a quiet, repeatable environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"

settings.register_profile("doorbuster", derandomize=True, deadline=None)
settings.load_profile("doorbuster")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own ``DOORBUSTER_*`` variables must not decide what a test sees."""
    for name in [name for name in os.environ if name.startswith("DOORBUSTER_")]:
        monkeypatch.delenv(name)
