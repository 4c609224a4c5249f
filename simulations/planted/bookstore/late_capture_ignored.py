"""Money that comes for a cancelled order is not looked at.

Origin: webhook handlers that begin with "if the order is cancelled, there is nothing to do". The Stripe gateway of
WooCommerce has only lately begun to refund payments that land after an order was cancelled (pull request 5703).
"""

from __future__ import annotations

from reference_services.kernel.message import Command, Event
from reference_services.shared.payments import Payment, PaymentDecider, RecordReport, ReportIgnored

from ..plant import Plant, swapped


class IndifferentPayments(PaymentDecider):
    """Ignores captures of payments that nobody wants any more."""

    def decide(self, payment: Payment, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, RecordReport) and command.status == "captured" and payment.unwanted:
            return [ReportIgnored(payment.payment_id, command.capture_id, "contradiction")]
        return super().decide(payment, command, now_us)


LATE_CAPTURE_IGNORED = Plant(
    "late-capture-ignored",
    "A capture that comes after the order was cancelled is ignored, and the provider keeps it for us.",
    "woocommerce-gateway-stripe pull request 5703: payments that land after an order was cancelled",
    "capture-once",
    swapped(IndifferentPayments),
    system="bookstore",
    live=True,
)
