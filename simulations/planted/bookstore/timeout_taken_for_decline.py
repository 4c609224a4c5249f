"""No answer is taken for "no".

The charge may have gone through; the customer is asked to pay again. Origin: ``except Timeout: return declined``,
though a lost connection tells nothing about the charge; idempotent requests were made to find out.
"""

from __future__ import annotations

from reference_services.kernel.message import Command, Event
from reference_services.shared.payments import AskProvider, Payment, PaymentDecider, PaymentDeclined

from ..plant import Plant, swapped


class PessimisticPayments(PaymentDecider):
    """Gives up where it should ask."""

    def decide(self, payment: Payment, command: Command, now_us: int) -> list[Event]:
        silent = isinstance(command, AskProvider) and payment.status == "requested" and now_us >= payment.ask_at_us
        if silent:
            return [PaymentDeclined(payment.payment_id, payment.reference, "timeout")]
        return super().decide(payment, command, now_us)


TIMEOUT_TAKEN_FOR_DECLINE = Plant(
    "timeout-taken-for-decline",
    "A provider that does not answer in time is taken to have declined, and then captures.",
    "except Timeout: return declined, in clients of payment providers",
    "capture-once",
    swapped(PessimisticPayments),
    system="bookstore",
    live=True,
)
