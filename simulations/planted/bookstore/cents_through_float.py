"""An amount goes through a floating-point number, and a cent is lost on the way.

Origin: ``int(price * 100)`` before the call of a payment provider that wants cents: 19.99 * 100 is 1998.9999999999998.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.bookstore.order_messages import PaymentRequested
from reference_services.kernel.edge import decimal_of
from reference_services.kernel.message import Command
from reference_services.kernel.policy import reacts_to
from reference_services.shared.payments import AuthorizePayment

from ..plant import Plant, swapped


@reacts_to(PaymentRequested)
def authorize_payment(event: PaymentRequested) -> Iterator[Command]:
    """Charge the price, as a number."""
    price = float(decimal_of(event.amount_cents))
    yield AuthorizePayment(event.payment_id, event.order_id, int(price * 100), event.card_token)


CENTS_THROUGH_FLOAT = Plant(
    "cents-through-float",
    "int(price * 100) charges a cent too little for one price in several.",
    "int(price * 100) in front of payment providers that count in cents",
    "price-kept",
    swapped(authorize_payment),
    system="bookstore",
    live=True,
)
