"""A capture that is reported again is booked again.

Origin: webhook handlers without a record of what they have handled. Providers deliver at least once, and say so.
"""

from __future__ import annotations

from reference_services.kernel.message import Command, Event
from reference_services.shared.payments import Payment, PaymentCaptured, PaymentDecider, RecordReport

from ..plant import Plant, swapped


class CountingPayments(PaymentDecider):
    """Books what is reported, every time."""

    def decide(self, payment: Payment, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, RecordReport) and command.status == "captured" and payment.status == "captured":
            captured_cents, capture_id = command.captured_cents, command.capture_id
            return [PaymentCaptured(payment.payment_id, payment.reference, captured_cents, capture_id)]
        return super().decide(payment, command, now_us)

    def evolve(self, payment: Payment, event: Event) -> Payment:
        if isinstance(event, PaymentCaptured) and payment.status == "captured":
            return payment
        return super().evolve(payment, event)


DUPLICATE_CAPTURE_COUNTED = Plant(
    "duplicate-capture-counted",
    "The same capture, reported once more, is booked once more.",
    "webhook handlers that take at-least-once delivery for exactly-once",
    "capture-once",
    swapped(CountingPayments),
    system="bookstore",
    live=True,
)
