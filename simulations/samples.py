"""Measures queues and lag of a simulated run: often while customers arrive, now and then in the long quiet after."""

from __future__ import annotations

from .sink import RunSink
from .world import World

SAMPLES_WANTED = 600
"""About how many times the queues are measured while customers arrive."""

FINEST_US = 100_000
QUIET_US = 600_000_000


class Samples:
    """Writes down how long the queues are, and how far consumers are behind."""

    def __init__(self, world: World, sink: RunSink) -> None:
        self._world = world
        self._sink = sink

    def begin(self, start_us: int, last_arrival_us: int) -> None:
        """Measure now and from time to time."""
        self._last_arrival_us = last_arrival_us
        self._interval_us = max(FINEST_US, (last_arrival_us - start_us) // SAMPLES_WANTED)
        self._measure(None)

    def _measure(self, _: None) -> None:
        world, sample = self._world, self._sink.sample
        now_us = world.clock.now_us
        sample(now_us, "in_flight", "gateway", sum(gateway.in_flight for gateway in world.gateways.values()))
        for decider in world.deciders:
            sample(now_us, "queue_depth", f"{decider.service.name}/decide", decider.waiting)
            for consumer in decider.process.consumers:
                sample(now_us, "lag", f"{decider.service.name}/{consumer.name}", consumer.lag)
        world.clock.after(self._interval_us if now_us < self._last_arrival_us else QUIET_US, self._measure)
