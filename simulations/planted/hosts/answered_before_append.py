"""The customer is told "done" while a background task has yet to hand the command to the broker.

Origin: ``BackgroundTasks`` of web frameworks and ``producer.send()`` without waiting for its future, then ``return
202``: fire and forget, as in many services that put Kafka behind an API.
"""

from __future__ import annotations

from typing import Any

from reference_services.kernel.message import Message
from reference_services.kernel.operation import Action

from ...design import Design
from ...gateway import TAKEN, Exchange, VirtualGateway
from ..plant import Plant

IN_THE_BACKGROUND_US = 250_000


class EagerGateway(VirtualGateway):
    """Answers first, wherever a caller could ask for the outcome later."""

    def send(self, exchange: Exchange, command: Message[Any]) -> None:
        if isinstance(exchange.operation, Action) and exchange.operation.location is not None:
            self.stop_awaiting(exchange, TAKEN)
            self.process.clock.after(IN_THE_BACKGROUND_US, self._send_late, (self.process.life, exchange, command))
        else:
            super().send(exchange, command)

    def _send_late(self, late: tuple[int, Exchange, Message[Any]]) -> None:
        life, exchange, command = late
        if life == self.process.life:
            super().send(exchange, command)


ANSWERED_BEFORE_APPEND = Plant(
    "answered-before-append",
    "A request is accepted before its command is in the log; if the gateway dies, it was never made.",
    "background tasks after the response; producer.send() without waiting for its future, then 202",
    "accepted-is-kept",
    Design(gateway=EagerGateway),
)
