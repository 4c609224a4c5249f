"""Where a simulated run is kept: a run folder, a tape, or whoever else wants to see it."""

from __future__ import annotations

from typing import Any, Protocol

from reference_services.kernel.message import Message
from scenarios.run_records import RequestRow


class RunSink(Protocol):
    """Told everything in the order in which it happens."""

    def event(self, message: Message[Any]) -> None:
        """Keep one message of the history."""

    def request(self, row: RequestRow) -> None:
        """Keep one API call."""

    def sample(self, time_us: int, metric: str, label: str, value: float) -> None:
        """Keep one measurement."""
