"""orders: what can be asked of an order, and what can happen to it."""

from __future__ import annotations

import msgspec

from ..kernel.message import Command, Event


class OfferedLine(msgspec.Struct, frozen=True):
    """A line as the customer saw it: product, units, and the catalog's terms at that moment."""

    sku: str
    units: int
    unit_price_cents: int
    limit_per_customer: int
    opens_us: int
    closes_us: int


# Commands: from customers and the store


class PlaceOrder(Command, frozen=True):
    """Order these lines at these prices, to be paid with this card."""

    order_id: str
    customer_id: str
    lines: tuple[OfferedLine, ...]
    card_token: str
    pickup_code: str


class RetryPayment(Command, frozen=True):
    """Try to pay again, after a decline."""

    order_id: str
    customer_id: str
    card_token: str


class CancelOrder(Command, frozen=True):
    """The customer changed their mind."""

    order_id: str
    customer_id: str


class ConfirmPickup(Command, frozen=True):
    """A store device saw the pickup code and hands over the goods."""

    order_id: str
    pickup_code: str
    device_id: str


# Commands: from the saga and from time


class RecordReservation(Command, frozen=True):
    """The inventory holds a line's units."""

    order_id: str
    sku: str
    reservation_id: str
    expires_us: int


class RefuseLine(Command, frozen=True):
    """A line cannot be had: ``sold-out`` or ``limit-exceeded``."""

    order_id: str
    sku: str
    reason: str


class RecordExpiry(Command, frozen=True):
    """The hold on a line ran out."""

    order_id: str
    sku: str
    reservation_id: str


class RecordPayment(Command, frozen=True):
    """A payment for this order was captured."""

    order_id: str
    payment_id: str
    amount_cents: int


class RecordPaymentFailure(Command, frozen=True):
    """A payment for this order came to nothing."""

    order_id: str
    payment_id: str
    reason: str


class RecordCommit(Command, frozen=True):
    """A line's units are sold to this order, under ``reservation_id`` (a new one if it had to be reserved again)."""

    order_id: str
    sku: str
    reservation_id: str


class RecordRefund(Command, frozen=True):
    """The money of this order has gone back."""

    order_id: str
    payment_id: str


class RemindOfPickup(Command, frozen=True):
    """The pickup deadline is near. Sent by time itself."""

    order_id: str


class CancelUnpicked(Command, frozen=True):
    """The pickup deadline has come. Sent by time itself."""

    order_id: str


# Events


class OrderPlaced(Event, frozen=True):
    """The order stands, at these prices, if every line can be had and is paid for."""

    order_id: str
    customer_id: str
    lines: tuple[OfferedLine, ...]
    total_cents: int
    card_token: str
    pickup_code: str


class LineReserved(Event, frozen=True):
    """The units of one line are held until ``expires_us``."""

    order_id: str
    sku: str
    reservation_id: str
    expires_us: int


class LineReturned(Event, frozen=True):
    """Units came for an order that had ended meanwhile; they go back."""

    order_id: str
    sku: str
    reservation_id: str


class ReservationLost(Event, frozen=True):
    """The hold on a line ran out while a payment was under way: should it be captured, the line is reserved again."""

    order_id: str
    sku: str


class OrderReserved(Event, frozen=True):
    """Every line is held."""

    order_id: str
    customer_id: str


class PaymentRequested(Event, frozen=True):
    """The customer's card is to be charged with the order's total."""

    order_id: str
    payment_id: str
    attempt: int
    amount_cents: int
    card_token: str


class PaymentAttemptFailed(Event, frozen=True):
    """This payment came to nothing; until the hold runs out the customer may try again."""

    order_id: str
    payment_id: str
    reason: str


class SoldLine(msgspec.Struct, frozen=True):
    """A line of a paid order and the reservation that it is sold under."""

    sku: str
    units: int
    reservation_id: str


class OrderPaid(Event, frozen=True):
    """The money is here; the goods are being committed."""

    order_id: str
    payment_id: str
    amount_cents: int
    lines: tuple[SoldLine, ...]


class LineCommitted(Event, frozen=True):
    """The units of one line are the customer's."""

    order_id: str
    sku: str
    reservation_id: str


class OrderConfirmed(Event, frozen=True):
    """Paid, and every line is the customer's."""

    order_id: str
    customer_id: str
    total_cents: int


class ReadyForPickup(Event, frozen=True):
    """The goods wait at the store until ``pickup_by_us``."""

    order_id: str
    customer_id: str
    pickup_by_us: int


class PickupReminderDue(Event, frozen=True):
    """The customer is to be reminded of the pickup deadline."""

    order_id: str
    customer_id: str
    pickup_by_us: int


class PickedUp(Event, frozen=True):
    """The customer has the goods."""

    order_id: str
    device_id: str


class LineOfCancelled(msgspec.Struct, frozen=True):
    """A line of a cancelled order; ``reservation_id`` is empty where nothing is held for it."""

    sku: str
    units: int
    reservation_id: str


class OrderCancelled(Event, frozen=True):
    """The order has ended without a sale. ``open_payment_id`` names a payment still under way, to be undone."""

    order_id: str
    customer_id: str
    reason: str
    lines: tuple[LineOfCancelled, ...]
    open_payment_id: str = ""


class RefundStarted(Event, frozen=True):
    """Money that came for a cancelled order goes back."""

    order_id: str
    payment_id: str
    amount_cents: int


class OrderRefunded(Event, frozen=True):
    """The money is back with the customer."""

    order_id: str
    customer_id: str
    payment_id: str
