"""What the provider tells Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

from ..kernel.outside import OutsideRequest
from .provider import Booked, Reaction
from .webhooks import Ending


class Metrics:
    """Counts requests by what became of them, money that moved, webhooks by how they ended, and refused requests."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests that were understood", "operation", "fate")
        self._problems = self._counter("problems", "Requests answered with a problem", "problem")
        self._cents = self._counter("moved_cents", "Money moved, in cents", "kind")
        self._webhooks = self._counter("webhooks", "Copies of webhooks that are through", "ending")
        self._unfinished = Gauge(
            "doorbuster_provider_unfinished", "Captures and webhooks that are under way", registry=self._registry
        )
        ProcessCollector(registry=self._registry)

    def watch(self, unfinished: Callable[[], float]) -> None:
        """Where to read off how much is under way."""
        self._unfinished.set_function(unfinished)

    def taken(self, request: OutsideRequest, reaction: Reaction) -> None:
        """Count one request that was understood."""
        self._requests.labels(type(request).__name__, reaction.fate).inc()

    def refused(self, slug: str) -> None:
        """Count one problem."""
        self._problems.labels(slug).inc()

    def booked(self, booked: Booked) -> None:
        """Count the money that moved."""
        self._cents.labels(booked.entry.kind).inc(booked.entry.amount_cents)

    def webhook_ended(self, ending: Ending) -> None:
        """Count one copy of a webhook."""
        self._webhooks.labels(ending).inc()

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(f"doorbuster_provider_{name}", documentation, labels, registry=self._registry)
