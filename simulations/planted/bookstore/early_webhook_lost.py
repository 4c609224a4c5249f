"""A webhook that comes before the answer to the call that caused it is marked as handled, and not handled.

Origin: handlers that write down the event's id first and then find no payment to apply it to; every later word of the
same capture is "a duplicate".
"""

from __future__ import annotations

import msgspec

from reference_services.kernel.message import Command, Event
from reference_services.shared.payments import Payment, PaymentDecider, RecordReport, ReportIgnored

from ..plant import Plant, swapped


class OrderlyPayments(PaymentDecider):
    """Expects the authorization before the capture."""

    def decide(self, payment: Payment, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, RecordReport) and command.status == "captured":
            early = payment.status in ("requested", "unresolved")
            if early or payment.capture_id == command.capture_id:
                return [ReportIgnored(payment.payment_id, command.capture_id, "duplicate")]
        return super().decide(payment, command, now_us)

    def evolve(self, payment: Payment, event: Event) -> Payment:
        if isinstance(event, ReportIgnored):
            return msgspec.structs.replace(payment, capture_id=event.capture_id)
        return super().evolve(payment, event)


EARLY_WEBHOOK_LOST = Plant(
    "early-webhook-lost",
    "A capture that overtakes its authorization is noted as seen and dropped, and so is every later word of it.",
    "webhook handlers that record an event's id before they have applied it",
    "capture-once",
    swapped(OrderlyPayments),
    system="bookstore",
    live=True,
)
