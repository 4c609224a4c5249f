"""Whatever is reported last is how the payment stands, in whichever order reports arrive.

Origin: handlers that copy the status out of each webhook. Mollie's WooCommerce plugin, issue 1252: a late "paid"
webhook reverts a refunded order to processing.
"""

from __future__ import annotations

import msgspec

from reference_services.kernel.message import Command, Event
from reference_services.shared.payments import Payment, PaymentAuthorized, PaymentDecider, RecordReport

from ..plant import Plant, swapped


class ForgetfulPayments(PaymentDecider):
    """Lets an older report overwrite a newer one."""

    def decide(self, payment: Payment, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, RecordReport) and command.status == "authorized":
            payment = msgspec.structs.replace(payment, status="requested")
        return super().decide(payment, command, now_us)

    def evolve(self, payment: Payment, event: Event) -> Payment:
        if isinstance(event, PaymentAuthorized):
            return msgspec.structs.replace(payment, status="authorized", ask_at_us=event.ask_at_us)
        return super().evolve(payment, event)


LAST_REPORT_WINS = Plant(
    "last-report-wins",
    "An authorization that is reported after its capture makes the captured payment an authorized one again.",
    "Mollie's WooCommerce plugin issue 1252: a late webhook reverts a refunded order",
    "money-follows-goods",
    swapped(ForgetfulPayments),
    system="bookstore",
    live=True,
)
