"""How long pieces of work keep a process busy in virtual time, drawn from what the scenario says of them."""

from __future__ import annotations

from collections.abc import Mapping

from reference_services.kernel.random_streams import lognormal_us
from scenarios.model import ServiceTime


class ServiceTimes:
    """Draws the time of one kind of work: the sum of its ``parts``, each lognormal, from a stream of its own.

    The parts are named for their streams, e.g. ``orders.decide``.
    """

    def __init__(self, seed: int, parts: Mapping[str, ServiceTime]) -> None:
        self._seed = seed
        self._parts = [(f"cost.{name}", part.median_us, part.p99_us) for name, part in parts.items()]
        always_the_same = all(part.median_us == part.p99_us for part in parts.values())
        self._always_us = sum(part.median_us for part in parts.values()) if always_the_same else None

    def of(self, entity: str) -> int:
        """The time in microseconds that work on ``entity`` takes: a command's id, or whatever names the work."""
        if self._always_us is not None:
            return self._always_us
        return sum(
            lognormal_us(median_us, p99_us, self._seed, purpose, entity) for purpose, median_us, p99_us in self._parts
        )
