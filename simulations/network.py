"""What lies between the customers and the gateways: a delay, a choice of gateway, and impatient clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from reference_services.kernel.client_history import ClientCall
from reference_services.kernel.history import Answered
from reference_services.kernel.problem import STILL_IN_FLIGHT
from scenarios.run_folder import RequestRow
from scenarios.steps import Do, Got, client_call

from .clock import VirtualClock
from .gateway import NO_ANSWER, VirtualGateway
from .recorder import Recorder

Received = Callable[[Got, int], None]
"""Called with an answer and the instant at which it arrives, a little before that."""


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A request as it leaves a customer's device; all that the system ever sees of them."""

    time_us: int
    customer: str
    journey: str
    do: Do


class Network:
    """Takes requests to a gateway and answers back, and writes down what was asked and answered.

    ``asked`` and ``answered``, if given, are told of every request and every answer. Calls of the operations
    ``watched`` are kept whole, for those who ask afterwards what clients saw.
    """

    def __init__(
        self,
        clock: VirtualClock,
        gateway: Callable[[], VirtualGateway],
        command_id: Callable[[Do], str],
        recorder: Recorder,
        delay_us: int,
        *,
        asked: Callable[[Asked], None] | None = None,
        answered: Callable[[RequestRow], None] | None = None,
        watched: frozenset[str] = frozenset(),
    ) -> None:
        self.delay_us = max(1, delay_us)  # no answer can be back before others have been at that instant
        self.copies = 0
        self.copy_every_us = 0
        self._clock = clock
        self._gateway = gateway
        self._command_id = command_id
        self._recorder = recorder
        self._asked = asked
        self._answered = answered
        self._watched = watched
        self._kept: list[_Request] = []

    def call(self, customer: str, journey: str, visit_us: int, do: Do, received: Received | None) -> None:
        """Send a request now, of the visit planned for ``visit_us``; ``received`` is called with the first answer."""
        now_us = self._clock.now_us
        if self._asked is not None:
            self._asked(Asked(now_us, customer, journey, do))
        request = _Request(customer, journey, visit_us, do, self._command_id(do), now_us, received)
        if do.operation in self._watched:
            self._kept.append(request)
        self._send(request)
        for copy in range(1, self.copies + 1):
            self._clock.after(copy * self.copy_every_us, self._send_again, request)

    def client_calls(self) -> Iterator[ClientCall]:
        """What clients have asked and seen of the operations that are watched, in the order in which they asked."""
        for request in self._kept:
            yield client_call(request.do, request.got, request.command_id, request.sent_us, request.received_us)

    def _send(self, request: _Request) -> None:
        arrives_us = self._clock.now_us + self.delay_us
        self._gateway().call(request.do, request.command_id, arrives_us, partial(self._answer, request))

    def _send_again(self, request: _Request) -> None:
        if not request.received_us:
            self._send(request)

    def _answer(self, request: _Request, got: Got) -> None:
        if request.received_us or (got.reason == STILL_IN_FLIGHT.slug and self.copies):
            return  # the impatient care for the answer of whichever of their requests is being decided
        received_us = self._clock.now_us + self.delay_us
        request.got, request.received_us = got, received_us
        self._write_down(request, got, received_us)
        if request.received is not None:
            request.received(got, received_us)

    def _write_down(self, request: _Request, got: Got, received_us: int) -> None:
        operation, command_id = request.do.operation, request.command_id
        if self._answered is not None:
            self._answered(
                RequestRow(
                    request.customer,
                    request.journey,
                    request.visit_us,
                    operation,
                    request.sent_us,
                    request.sent_us,
                    received_us,
                    got.outcome,
                    got.status,
                    got.reason,
                    command_id,
                )
            )
        if command_id:
            answered = Answered(operation, got.outcome, got.status, command_id, got.reason)
            self._recorder.observe(answered, request.customer, received_us)


class _Request(msgspec.Struct):
    """A request, however many copies of it, and its answer; ``received_us`` is 0 as long as there is none.

    ``received`` leads back to the network that keeps the request, so the garbage collector has to see it.
    """

    customer: str
    journey: str
    visit_us: int
    do: Do
    command_id: str
    sent_us: int
    received: Received | None
    got: Got = NO_ANSWER
    received_us: int = 0
