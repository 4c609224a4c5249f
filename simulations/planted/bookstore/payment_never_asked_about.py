"""Whoever waits for a webhook waits for ever if it is lost.

Origin: integrations that learn of payments by webhook only. WooCommerce's Stripe gateway looks a payment up before its
order is cancelled only since pull request 5759.
"""

from __future__ import annotations

from collections.abc import Iterable

from reference_services.kernel.decider import Deadline
from reference_services.shared.payments import Payment, PaymentDecider

from ..plant import Plant, swapped


class TrustfulPayments(PaymentDecider):
    """Never asks."""

    def deadlines(self, payment: Payment) -> Iterable[Deadline]:
        return ()


PAYMENT_NEVER_ASKED_ABOUT = Plant(
    "payment-never-asked-about",
    "Silence of the provider is waited out for ever; a lost webhook leaves the payment open.",
    "woocommerce-gateway-stripe pull request 5759: a lost webhook leaves a paid order looking unpaid",
    "everything-settles",
    swapped(TrustfulPayments),
    system="bookstore",
    live=True,
)
