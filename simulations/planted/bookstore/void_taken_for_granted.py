"""Who cancels takes the authorization for gone without waiting for the provider to say so.

Origin: fire-and-forget voids: the money was collected a moment before, the void is refused, and nobody is told.
"""

from __future__ import annotations

from reference_services.kernel.message import Command, Event
from reference_services.shared.payments import CancelPayment, Payment, PaymentDecider, PaymentVoided

from ..plant import Plant, swapped


class OptimisticPayments(PaymentDecider):
    """Counts a void as done when it is wanted."""

    def decide(self, payment: Payment, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, CancelPayment) and payment.status in ("requested", "authorized", "unresolved"):
            return [PaymentVoided(payment.payment_id, payment.reference)]
        return super().decide(payment, command, now_us)


VOID_TAKEN_FOR_GRANTED = Plant(
    "void-taken-for-granted",
    "A cancelled order's authorization is written off at once, and is captured all the same.",
    "voids whose answer nobody reads",
    "capture-once",
    swapped(OptimisticPayments),
    system="bookstore",
    live=True,
)
