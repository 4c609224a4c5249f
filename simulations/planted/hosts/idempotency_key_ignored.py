"""Each request is taken for a new one, whatever its Idempotency-Key says.

Origin: POST handlers that draw the new thing's id themselves; a client that repeats a request after a timeout orders
twice. The draft "The Idempotency-Key HTTP Header Field" of the IETF's HTTPAPI group exists because of it.
"""

from __future__ import annotations

from typing import Any

from reference_services.kernel.message import Message
from reference_services.kernel.operation import Action, Call

from ...design import Design
from ...gateway import VirtualGateway
from ..plant import Plant


class ForgetfulGateway(VirtualGateway):
    """Gives every attempt a command of its own."""

    def command(self, operation: Action, call: Call) -> Message[Any]:
        attempt = f"{call.command_id}-{self.process.clock.now_us}"
        return super().command(operation, Call(call.principal, call.path, call.body, attempt, call.now_us))


IDEMPOTENCY_KEY_IGNORED = Plant(
    "idempotency-key-ignored",
    "A request that is sent again under the same key is done again.",
    "POST handlers that draw the new thing's id themselves",
    "accepted-is-kept",
    Design(gateway=ForgetfulGateway),
)
