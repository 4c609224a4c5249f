"""Customers in virtual time: each plays its journey, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scenarios.steps import Do, Got, Journey, Think, Visit

from .clock import VirtualClock
from .network import Asked, Network


class Clients:
    """Starts journeys and counts those that are under way."""

    def __init__(self, clock: VirtualClock, network: Network) -> None:
        self.clock = clock
        self.network = network
        self.started = 0
        self.finished = 0

    def begin(self, customer: str, journey_name: str, journey: Journey, planned_us: int) -> None:
        """Let a customer begin now with a journey that was planned to begin at ``planned_us``."""
        self.started += 1
        _Player(self, customer, journey_name, journey, planned_us).resume(None, self.clock.now_us)

    def begin_visits(self, visits: list[Visit], origin_us: int) -> None:
        """Let each visit begin at its time; ``visits`` are in order of arrival, ``origin_us`` is their time 0."""
        remaining = iter(visits)

        def next_arrival(previous: Visit | None) -> None:
            if previous is not None:
                planned_us = origin_us + previous.arrives_us
                self.begin(previous.customer, previous.journey, previous.begin(), planned_us)
            visit = next(remaining, None)
            if visit is not None:
                delay_us = max(0, origin_us + visit.arrives_us - self.clock.now_us)
                self.clock.before_others(delay_us, next_arrival, visit)

        next_arrival(None)

    def play_again(self, requests: Sequence[Asked]) -> None:
        """Send these requests at their instants, in their order, whatever is answered."""
        remaining = iter(requests)

        def next_request(previous: Asked | None) -> None:
            if previous is not None:
                self.network.call(previous.customer, previous.journey, previous.time_us, previous.do, None)
            asked = next(remaining, None)
            if asked is not None:
                self.clock.before_others(asked.time_us - self.clock.now_us, next_request, asked)

        self.started = len(requests)
        next_request(None)


class _Player:
    """One customer on one journey."""

    __slots__ = ("_clients", "_customer", "_journey", "_name", "_planned_us")

    def __init__(self, clients: Clients, customer: str, name: str, journey: Journey, planned_us: int) -> None:
        self._clients = clients
        self._customer = customer
        self._name = name
        self._journey = journey
        self._planned_us = planned_us

    def resume(self, got: Got | None, at_us: int) -> None:
        """Go on to the next step at ``at_us`` with what came of the last one."""
        try:
            step = self._journey.send(got)
        except StopIteration:
            self._clients.finished += 1
            return
        wait_us = at_us - self._clients.clock.now_us
        if isinstance(step, Do):
            if wait_us:
                self._after(wait_us, self._do, step)
            else:
                self._do(step)
        elif isinstance(step, Think):
            self._after(wait_us + step.pause_us, self._go_on)
        else:
            self._after(max(wait_us, step.time_us - self._clients.clock.now_us), self._go_on)

    def _do(self, step: Do) -> None:
        self._clients.network.call(self._customer, self._name, self._planned_us, step, self.resume)

    def _go_on(self, _: None) -> None:
        self.resume(None, self._clients.clock.now_us)

    def _after(self, delay_us: int, then: Callable[[Any], None], value: Any = None) -> None:
        self._clients.clock.before_others(delay_us, then, value)
