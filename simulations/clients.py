"""Customers in virtual time: each plays its journey, step by step, over a network with a delay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_services.kernel.history import Answered
from scenarios.run_folder import RequestRow
from scenarios.steps import Do, Got, Journey, Think, Visit

from .clock import VirtualClock
from .gateway import VirtualGateway
from .recorder import Recorder

RequestSink = Callable[[RequestRow], None]


class Clients:
    """Starts journeys and counts those that are under way."""

    def __init__(
        self,
        clock: VirtualClock,
        gateway: VirtualGateway,
        recorder: Recorder,
        network_us: int,
        request_sink: RequestSink,
    ) -> None:
        self.clock = clock
        self.gateway = gateway
        self.recorder = recorder
        self.network_us = network_us
        self.request_sink = request_sink
        self.started = 0
        self.finished = 0

    def begin(self, customer: str, journey_name: str, journey: Journey) -> None:
        """Let a customer begin a journey now."""
        self.started += 1
        _Player(self, customer, journey_name, journey).resume(None)

    def begin_visits(self, visits: list[Visit], origin_us: int) -> None:
        """Let each visit begin at its time; ``visits`` are in order of arrival, ``origin_us`` is their time 0."""
        remaining = iter(visits)

        def next_arrival(previous: Visit | None) -> None:
            if previous is not None:
                self.begin(previous.customer, previous.journey, previous.begin())
            visit = next(remaining, None)
            if visit is not None:
                delay_us = max(0, origin_us + visit.arrives_us - self.clock.now_us)
                self.clock.after(delay_us, next_arrival, visit)

        next_arrival(None)


class _Player:
    """One customer on one journey."""

    __slots__ = ("_asked", "_clients", "_command_id", "_customer", "_journey", "_name", "_started_us")

    def __init__(self, clients: Clients, customer: str, name: str, journey: Journey) -> None:
        self._clients = clients
        self._customer = customer
        self._name = name
        self._journey = journey
        self._asked: Do | None = None
        self._command_id = ""
        self._started_us = 0

    def resume(self, got: Got | None) -> None:
        """Go on to the next step with what came of the last one."""
        try:
            step = self._journey.send(got)
        except StopIteration:
            self._clients.finished += 1
            return
        now_us = self._clients.clock.now_us
        if isinstance(step, Do):
            self._asked = step
            self._command_id = self._clients.gateway.command_id(step)
            self._started_us = now_us
            self._after(self._clients.network_us, self._send)
        elif isinstance(step, Think):
            self._after(step.pause_us, self._go_on)
        else:
            self._after(max(0, step.time_us - now_us), self._go_on)

    def _go_on(self, _: None) -> None:
        self.resume(None)

    def _send(self, _: None) -> None:
        assert self._asked is not None
        self._clients.gateway.call(self._asked, self._command_id, self._answered)

    def _answered(self, got: Got) -> None:
        self._after(self._clients.network_us, self._received, got)

    def _received(self, got: Got) -> None:
        clients, asked = self._clients, self._asked
        assert asked is not None
        command_id = self._command_id
        now_us = clients.clock.now_us
        clients.request_sink(
            RequestRow(
                self._customer,
                self._name,
                asked.operation,
                self._started_us,
                self._started_us,
                now_us,
                got.outcome,
                got.status,
                got.reason,
                command_id,
            )
        )
        if command_id:
            answered = Answered(asked.operation, got.outcome, got.status, command_id, got.reason)
            clients.recorder.observe(answered, self._customer, now_us)
        self.resume(got)

    def _after(self, delay_us: int, then: Callable[[Any], None], value: Any = None) -> None:
        self._clients.clock.after(delay_us, then, value)
