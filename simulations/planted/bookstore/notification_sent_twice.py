"""The customer gets the receipt twice.

Origin: an event handler that is registered twice (two component scans, two app instances with a group of their own),
and a mailer that sends whatever it is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.bookstore.notifications import send_receipt
from reference_services.bookstore.order_messages import OrderConfirmed
from reference_services.kernel.message import Command, Event
from reference_services.kernel.policy import Policy
from reference_services.shared.notifications import (
    Notice,
    NoticeDecider,
    NotificationRequested,
    NotificationSent,
    RecordDelivery,
    SendNotification,
)

from ..plant import Plant, swapped


class ObedientNotices(NoticeDecider):
    """Sends whenever it is told to."""

    def decide(self, notice: Notice, command: Command, now_us: int) -> list[Event]:
        match command:
            case SendNotification():
                return super().decide(Notice(notice.message_id), command, now_us)
            case RecordDelivery(delivered=True) if notice.request is not None:
                return [NotificationSent(notice.message_id, notice.request.kind)]
            case _:
                return super().decide(notice, command, now_us)

    def evolve(self, notice: Notice, event: Event) -> Notice:
        if isinstance(event, NotificationRequested):
            return super().evolve(Notice(notice.message_id), event)
        if isinstance(event, NotificationSent) and notice.status == "sent":
            return notice
        return super().evolve(notice, event)


def send_receipt_twice(event: OrderConfirmed) -> Iterator[Command]:
    """What two registrations of one handler do."""
    yield from send_receipt.react(event)
    yield from send_receipt.react(event)


NOTIFICATION_SENT_TWICE = Plant(
    "notification-sent-twice",
    "The handler that asks for a receipt is registered twice, and what is asked for twice is sent twice.",
    "event handlers that are registered twice, and mailers without a record of what they sent",
    "told-once",
    swapped(ObedientNotices, Policy(send_receipt.name, OrderConfirmed, send_receipt_twice)),
    system="bookstore",
    live=True,
)
