"""Measures a live run once a second: queues, requests in flight, processor time and memory of each process."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import psutil
from prometheus_client.samples import Sample

from reference_services.hosting.supervisor import ProcessInfo
from reference_services.hosting.timers import clock_us

from .background import Background
from .pages import NoPage, read_metrics

EVERY_S = 1.0
LAG = "doorbuster_consumer_lag"
UNDECIDED = "doorbuster_http_undecided"


class Measurement(NamedTuple):
    """One row of ``samples.parquet``."""

    time_us: int
    metric: str
    label: str
    value: float


class Sampler(Background):
    """Measures ``processes`` in the background, as a context; `measured` is kept in memory, some 50 rows a second."""

    def __init__(self, processes: Callable[[], Sequence[ProcessInfo]]) -> None:
        super().__init__("sampler")
        self.measured: list[Measurement] = []
        self._processes = processes
        self._others: dict[str, int] = {}
        self._known: dict[int, psutil.Process] = {}

    @contextmanager
    def weighing(self, name: str, pid: int) -> Iterator[None]:
        """Weigh one more process as long as this context lasts."""
        self._others[name] = pid
        try:
            yield
        finally:
            del self._others[name]

    def _work(self, stop: threading.Event) -> None:
        due = time.monotonic()
        while not stop.wait(max(0.0, due - time.monotonic())):
            self.measured.extend(self._measure())
            due = max(due + EVERY_S, time.monotonic())

    def _measure(self) -> Iterator[Measurement]:
        now_us = clock_us()
        processes = self._processes()
        for name, pid in [*((process.name, process.pid) for process in processes), *self._others.items()]:
            yield from self._weigh(now_us, name, pid)
        for process in processes:
            if process.metrics_url and process.state == "running":
                yield from _counted(now_us, process)

    def _weigh(self, now_us: int, name: str, pid: int) -> Iterator[Measurement]:
        try:
            # psutil measures processor time between two calls on the same object.
            known = self._known.setdefault(pid, psutil.Process(pid))
            with known.oneshot():
                yield Measurement(now_us, "cpu_percent", name, known.cpu_percent())
                yield Measurement(now_us, "rss_bytes", name, known.memory_info().rss)
        except psutil.NoSuchProcess:
            self._known.pop(pid, None)


def _counted(now_us: int, process: ProcessInfo) -> Iterator[Measurement]:
    try:
        samples = read_metrics(process.metrics_url)
    except NoPage:
        # A process that has just been killed or is frozen: there is nothing to measure.
        return
    waiting: Counter[str] = Counter()
    for sample in samples:
        if sample.name == LAG:
            service = _service(sample)
            waiting[f"{service}/decide/{process.name}"] += int(sample.value)
            partition = f"{service}/{process.name}/{sample.labels['topic']}/{sample.labels['partition']}"
            yield Measurement(now_us, "lag", partition, sample.value)
        elif sample.name == UNDECIDED:
            yield Measurement(now_us, "in_flight", f"gateway/{process.name}", sample.value)
    if process.kind == "worker":
        for label, messages in waiting.items():
            yield Measurement(now_us, "queue_depth", label, messages)


def _service(sample: Sample) -> str:
    """The service that a consumer group belongs to."""
    group: str = sample.labels["group"]
    return group.rpartition(".")[2]
