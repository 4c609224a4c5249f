"""An answer of "not found" is taken for "will never be", while the request is still under way.

Origin: a 404 read as final. The look-up overtakes the charge that it asks about, which then goes through.
"""

from __future__ import annotations

from reference_services.kernel.message import Command, Event
from reference_services.shared.payments import Payment, PaymentDecider, PaymentVoided, RecordReport

from ..plant import Plant, swapped


class HastyPayments(PaymentDecider):
    """Writes a payment off that the provider does not know yet."""

    def decide(self, payment: Payment, command: Command, now_us: int) -> list[Event]:
        unknown = isinstance(command, RecordReport) and command.status == "unknown"
        if unknown and payment.status in ("requested", "unresolved"):
            return [PaymentVoided(payment.payment_id, payment.reference)]
        return super().decide(payment, command, now_us)


UNKNOWN_TAKEN_FOR_VOID = Plant(
    "unknown-taken-for-void",
    "A payment that the provider does not know is written off while the call to charge it is still being tried.",
    "clients that read 404 as final, though their own request may still be under way",
    "capture-once",
    swapped(HastyPayments),
    system="bookstore",
    live=True,
)
