"""A message that did not get through is not tried again.

Origin: mails sent in the request handler, with the exception logged: Online Boutique's checkout warns "failed to send
order confirmation" and goes on.
"""

from __future__ import annotations

import msgspec

from reference_services.kernel.message import Command, Event
from reference_services.shared.notifications import Notice, NoticeDecider, NotificationFailed

from ..plant import Plant, swapped


class CarelessNotices(NoticeDecider):
    """Sends once."""

    def decide(self, notice: Notice, command: Command, now_us: int) -> list[Event]:
        events = super().decide(notice, command, now_us)
        return [
            msgspec.structs.replace(event, again_at_us=0) if isinstance(event, NotificationFailed) else event
            for event in events
        ]


RECEIPT_FIRE_AND_FORGET = Plant(
    "receipt-fire-and-forget",
    "A receipt that could not be delivered while the mail server was down is never sent.",
    "Online Boutique's checkout, which logs a failed order confirmation and goes on",
    "told-once",
    swapped(CarelessNotices),
    system="bookstore",
    live=True,
)
