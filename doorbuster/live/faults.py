"""Injects a scenario's faults beside its load, in a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from loadtests.faults import FaultInjector, Injected
from loadtests.live_stage import LiveStage
from reference_services.hosting.supervisor import Supervisor
from scenarios.faults.fault import Fault

from .background import Background


class Faults(Background):
    """Injects ``faults`` at their instants, as a context; leaving it heals at once what still has to heal.

    By then ``injected`` lists what was done.
    """

    def __init__(
        self, faults: Sequence[Fault], origin_us: int, supervisor: Supervisor, injected: list[Injected]
    ) -> None:
        super().__init__("faults")
        self._injected = injected
        stage = LiveStage(supervisor.socket_path, supervisor.settings.provider_url)
        self._injector = FaultInjector(faults, origin_us, stage)

    def _work(self, stop: threading.Event) -> None:
        self._injected.extend(self._injector.run(stop))
