"""What all tests share: a quiet, repeatable environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"

TESTS = Path(__file__).parent
SERVING = [
    TESTS / place
    for place in (
        "doorbuster/test_cli_check_live.py",
        "doorbuster/test_cli_rehearse.py",
        "doorbuster/test_cli_serve.py",
        "hosting_http",
        "hosting_streams",
        "loadtests",
    )
]
"""Where tests serve whole systems and put them under load: one at a time is what a machine can take."""

settings.register_profile("doorbuster", derandomize=True, deadline=None)
settings.load_profile("doorbuster")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests are spread over several workers, keep those that serve systems together in one of them."""
    for item in items:
        if any(item.path.is_relative_to(place) for place in SERVING):
            item.add_marker(pytest.mark.xdist_group("serving"))


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder that holds pyproject.toml."""
    return TESTS.parent


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own ``DOORBUSTER_*`` variables must not decide what a test sees."""
    for name in [name for name in os.environ if name.startswith("DOORBUSTER_")]:
        monkeypatch.delenv(name)
