"""A program that supervises a turnstile: prints its processes as JSON once all are ready, then waits for its end."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import msgspec

from reference_services.hosting.settings import Settings
from reference_services.hosting.supervisor import Supervisor
from reference_services.hosting.topology import Topology
from reference_services.registry import load_system

NAME = "tests.hosting_streams.turnstile"


def main(run_dir: Path) -> None:
    settings = Settings(system=NAME, http_port=0)
    with Supervisor(settings, Topology.of(load_system(NAME, {})), run_dir) as supervisor:
        sys.stdout.write(msgspec.json.encode(supervisor.processes()).decode() + "\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
