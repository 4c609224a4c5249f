"""Injects a scenario's faults beside its load, in a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from loadtests.faults import FaultInjector, Injected
from loadtests.live_stage import LiveStage
from reference_services.hosting.supervisor import Supervisor
from scenarios.faults.fault import Fault


class Faults:
    """Injects ``faults`` at their instants, as a context; leaving it heals at once what still has to heal.

    By then ``injected`` lists what was done.
    """

    def __init__(
        self, faults: Sequence[Fault], origin_us: int, supervisor: Supervisor, injected: list[Injected]
    ) -> None:
        self._injected = injected
        stage = LiveStage(supervisor.socket_path, supervisor.settings.provider_url)
        self._injector = FaultInjector(faults, origin_us, stage)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._inject, name="faults", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _inject(self) -> None:
        self._injected.extend(self._injector.run(self._stop))
