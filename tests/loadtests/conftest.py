"""What the load tests share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from booth_counter import Caller, Counter


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.stop()


@pytest.fixture
def caller(counter: Counter) -> Iterator[Caller]:
    caller = Caller(counter.url)
    yield caller
    caller.driver.close()


@pytest.fixture
def serve() -> Iterator[Callable[[float, float], str]]:
    """Starts a server that freezes after so many seconds for so many seconds; returns its URL."""
    servers: list[subprocess.Popen[str]] = []

    def start(freeze_after_s: float = 1e9, freeze_for_s: float = 0.0) -> str:
        script = Path(__file__).parent / "freezing_server.py"
        command = [sys.executable, str(script), str(freeze_after_s), str(freeze_for_s)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        servers.append(server)
        assert server.stdout is not None
        return f"http://127.0.0.1:{server.stdout.readline().strip()}"

    yield start
    for server in servers:
        server.kill()
        server.communicate()


@pytest.fixture
def looking(project_root: Path, tmp_path: Path) -> Path:
    """A scenario file: the flash sale shrunk to a second in which people only look around."""
    scenario = yaml.safe_load((project_root / "scenarios" / "flash_sale.yaml").read_text())
    del scenario["live"]
    scenario.update(
        name="looking",
        lead="0s",
        horizon="20s",
        arrivals={"kind": "flash", "decay": "300ms", "within": "1s"},
        journeys=[{"name": "window_shopper"}],
        objectives=[],
        reach=[],
    )
    scenario["population"]["customers"] = 40
    path = tmp_path / "looking.yaml"
    path.write_text(yaml.safe_dump(scenario))
    return path
