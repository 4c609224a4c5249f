"""A turnstile under a supervisor, shared by the tests that leave it in good health."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from running_system import TURNSTILE, RunningSystem


@pytest.fixture(scope="session")
def turnstile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with RunningSystem(TURNSTILE, tmp_path_factory.mktemp("turnstile"), {"capacity": 50}, gateways=0) as running:
        yield running
