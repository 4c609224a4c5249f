"""What a gateway tells Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .backend import Backend

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
UNROUTED = "unrouted"
"""The operation of requests whose path or method leads nowhere."""


class Metrics:
    """Counts and times requests, per operation."""

    def __init__(self, backend: Backend) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "doorbuster_http_requests",
            "Requests answered; refused: status 4xx, error: status 5xx",
            ("operation", "outcome", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "doorbuster_http_request_seconds",
            "From the request's head to its answer",
            ("operation",),
            registry=self._registry,
            buckets=BUCKETS_S,
        )
        self._counters: dict[tuple[str, int], Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self.open_requests = 0
        self._registry.register(_State(backend, self))
        ProcessCollector(registry=self._registry)

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count one answer."""
        counter = self._counters.get((operation, status))
        if counter is None:
            # labels() costs more than counting does, so its result is kept.
            counter = self._requests.labels(operation, outcome_of(status), str(status))
            self._counters[operation, status] = counter
        counter.inc()
        histogram = self._histograms.get(operation)
        if histogram is None:
            histogram = self._histograms[operation] = self._seconds.labels(operation)
        histogram.observe(seconds)

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)


def outcome_of(status: int) -> str:
    """``ok``, ``refused`` (4xx) or ``error`` (5xx)."""
    if status < 400:
        return "ok"
    return "refused" if status < 500 else "error"


class _State(Collector):
    """Gauges that are read off when somebody asks."""

    def __init__(self, backend: Backend, metrics: Metrics) -> None:
        self._backend = backend
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("doorbuster_http_open_requests", "Not answered yet", self._metrics.open_requests)
        yield GaugeMetricFamily("doorbuster_http_undecided", "Waiting for a decision", self._backend.in_flight())
        lag = GaugeMetricFamily(
            "doorbuster_consumer_lag", "Messages of a partition not done with.", labels=("topic", "partition", "group")
        )
        for place, records in self._backend.tail.lag().items():
            lag.add_metric((place.topic, str(place.partition), self._backend.source), records)
        yield lag
        skipped = self._backend.tail.skipped
        yield CounterMetricFamily("doorbuster_gateway_skipped", "Records that could not be taken in", skipped)
