"""What all tests share: a quiet, repeatable environment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from reference_services.kernel.message import Message
from reference_services.registry import load_pictures
from reports.run import Run
from scenarios.run_folder import Findings, Machine, RunFolderWriter, RunInfo, Schedule, Versions

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


def pytest_configure() -> None:
    """Let Ctrl-C end what tests start: a shell that runs tests in the background has all below it ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture
def told_run(tmp_path: Path) -> Callable[..., Run]:
    """Writes the run folder of a system's history, with time 0 at ``origin_us``, and opens it as reports do."""

    def told(system: str, origin_us: int, history: Iterable[Message[Any]]) -> Run:
        info = RunInfo(
            scenario="told",
            named="told",
            title="Told",
            system=system,
            world="simulated",
            verb="simulate",
            seed=1,
            started_at=datetime(2026, 9, 1, tzinfo=UTC),
            origin_us=origin_us,
            versions=Versions("1.0.0", "3.11.9", {}),
            machine=Machine("Linux", "x86_64", 2, 8_000_000_000),
            scenario_document={},
            pictures=load_pictures(system),
        )
        with RunFolderWriter(tmp_path, info) as writer:
            for message in history:
                writer.event(message)
            writer.findings(
                Findings(
                    invariants=(), reached={}, history_sha256="", events=0, wall_s=0.0, schedule=Schedule(0, 0, 0, 0)
                )
            )
        return Run(tmp_path)

    return told
