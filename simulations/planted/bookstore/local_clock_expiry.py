"""Whether time has come is read from the wall clock of the machine, in its time zone.

When the clocks change, holds expire an hour off. Origin: naive ``datetime.now()`` compared with stored UTC, or
WordPress' ``current_time('timestamp')``, a Unix timestamp with the zone's offset added.
"""

from __future__ import annotations

from typing import Any

from reference_services.kernel.aggregates import AggregateTable
from reference_services.kernel.message import Message
from reference_services.kernel.system import Service, System

from ...design import Design
from ...hosts.decider_host import DeciderHost
from ...hosts.process import Process
from ..plant import Plant


class LocalTimeTable(AggregateTable):
    """Compares deadlines with the time that the wall clock shows."""

    def __init__(self, system: System, service: Service, process: Process) -> None:
        super().__init__(system, service)
        self._process = process

    def next_deadline_us(self, subject: str) -> int | None:
        due_us = super().next_deadline_us(subject)
        return None if due_us is None else due_us - self._process.zone_us

    def deadline_command(self, subject: str, now_us: int) -> Message[Any] | None:
        return super().deadline_command(subject, now_us + self._process.zone_us)


class LocalTimeHost(DeciderHost):
    """Has a wall clock and looks at it."""

    def new_table(self) -> AggregateTable:
        return LocalTimeTable(self.system, self.service, self.process)


LOCAL_CLOCK_EXPIRY = Plant(
    "local-clock-expiry",
    "Deadlines are compared with the local wall clock, so daylight saving moves them by an hour.",
    "naive datetime.now() compared with UTC; WordPress' current_time('timestamp')",
    "one-ending",
    Design(decider_host=LocalTimeHost),
    system="bookstore",
)
