"""An exception in the handler is logged, and the message acknowledged.

Origin: Faust acknowledges an event whose agent's body raised; Microsoft's eShop logged the exception of an integration
event handler and acknowledged the message all the same.
"""

from __future__ import annotations

from ...design import Design
from ...hosts.decider_host import DeciderHost
from ...kafka.consumer import Work
from ..plant import Plant


class AcknowledgingHost(DeciderHost):
    """Takes a broker that does not answer for an error like any other."""

    def handle(self, work: Work) -> None:
        if self.process.producer.cut_off:
            self.consumed += 1
            work.session.begin(work)
            work.finish_step()
        else:
            super().handle(work)


ACK_ON_EXCEPTION = Plant(
    "ack-on-exception",
    "A command whose record could not be sent is acknowledged instead of tried again.",
    "Faust's agents (an exception in the body acknowledges the event); eShop's integration event handlers",
    "inbox-drained",
    Design(decider_host=AcknowledgingHost),
)
