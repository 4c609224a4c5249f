"""How a load generator lives inside Locust: as its one user, whose calls show in Locust's statistics and pages."""

from __future__ import annotations

import logging
from typing import ClassVar

from locust import User, task
from locust.event import EventHook
from locust.exception import StopUser

from .driver import Ended, Record
from .generator import LoadGenerator

log = logging.getLogger(__name__)


class OpenModelUser(User):
    """The only Locust user of a process. It stands for the crowd: it begins every visit at its planned instant.

    Subclasses set ``generator`` before the test starts.
    """

    abstract = True
    generator: ClassVar[LoadGenerator | None] = None

    @task
    def play_visits(self) -> None:
        """Play the whole share of this process, then leave."""
        try:
            if self.generator is not None:
                self.generator.run()
        except Exception:  # Locust would begin the task again, and again
            log.exception("the load generator crashed")
        raise StopUser


class CallFailed(Exception):
    """A call with the outcome ``error`` or ``unknown``, as Locust lists it among the failures."""


def telling_locust(request_event: EventHook) -> Record:
    """Fires Locust's request event for every call. Its response time counts from the intended start."""

    def tell(ended: Ended) -> None:
        row = ended.row
        failed = row.outcome in ("error", "unknown")
        request_event.fire(
            request_type=ended.method,
            name=row.operation,
            response_time=(row.ended_us - row.intended_us) / 1_000,
            response_length=ended.answer_bytes,
            exception=CallFailed(row.reason) if failed else None,
            context={},
            start_time=row.intended_us / 1_000_000,
        )

    return tell
