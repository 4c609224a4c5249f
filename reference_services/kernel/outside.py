"""The contract with the outside world: what a service may ask of it, and what it reports back.

Requests are data. In virtual time the simulated provider answers them; for real, `hosting.effects` sends them over
HTTP to the payment provider. Amounts are integer cents of one currency.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

MOST_CENTS = 99_999_999
"""The largest amount of one payment; card gateways take eight digits (source: Stripe API, PaymentIntent.amount)."""

ReportedText = Annotated[str, msgspec.Meta(max_length=200)]
ReportedCents = Annotated[int, msgspec.Meta(ge=0, le=MOST_CENTS)]
PaymentStatus = Literal["authorized", "declined", "captured", "voided", "refunded", "unknown"]


class OutsideRequest(msgspec.Struct, frozen=True, tag=True):
    """A call to the outside. ``idempotency_key`` makes a repeated call harmless: same key, same answer."""

    idempotency_key: str


class Authorize(OutsideRequest, frozen=True):
    """Reserve money on a card; with ``capture='automatic'`` the provider collects it at once and tells by webhook."""

    payment_id: str
    amount_cents: int
    card_token: str
    capture: Literal["automatic", "manual"] = "automatic"


class Capture(OutsideRequest, frozen=True):
    """Collect authorized money."""

    payment_id: str
    amount_cents: int


class Void(OutsideRequest, frozen=True):
    """Let an authorization go. A provider that never heard of the payment remembers it as voided, so that a late
    authorization cannot succeed; one that has already captured answers ``captured``."""

    payment_id: str


class Refund(OutsideRequest, frozen=True):
    """Give captured money back."""

    payment_id: str
    amount_cents: int


class LookUp(OutsideRequest, frozen=True):
    """Ask how a payment stands. The answer is ``unknown`` if the provider never heard of it."""

    payment_id: str


class SendMessage(OutsideRequest, frozen=True):
    """Tell a person something by mail, text or push."""

    recipient: str
    kind: str
    text: str


class PaymentReport(msgspec.Struct, frozen=True):
    """How a payment stands at the provider; the body of its answers and of its webhooks.

    ``capture_id`` names the movement of money to us (empty before), ``refund_id`` the one back. Where money has
    moved, ``captured`` or ``refunded``, its amount and its id must be there.
    """

    payment_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    status: PaymentStatus
    amount_cents: ReportedCents = 0
    captured_cents: ReportedCents = 0
    refunded_cents: ReportedCents = 0
    capture_id: ReportedText = ""
    refund_id: ReportedText = ""
    reason: ReportedText = ""

    def __post_init__(self) -> None:
        """Raises ValueError if money is said to have moved, but not how much or not under which id."""
        if self.status == "captured" and not (self.captured_cents and self.capture_id):
            raise ValueError("captured, but captured_cents or capture_id is missing")
        if self.status == "refunded" and not (self.refunded_cents and self.refund_id):
            raise ValueError("refunded, but refunded_cents or refund_id is missing")


class MessageReceipt(msgspec.Struct, frozen=True):
    """The message gateway took the message."""

    message_id: str


OutsideAnswer = PaymentReport | MessageReceipt


class LedgerEntry(msgspec.Struct, frozen=True):
    """One movement of money in the provider's own books: ``kind`` is ``capture`` or ``refund``."""

    entry_id: str
    kind: Literal["capture", "refund"]
    payment_id: str
    amount_cents: int
    time_us: int
