"""One order of Ann's, its payment and its stock, in every status that they go through: where the examples start."""

from __future__ import annotations

from reference_services.bookstore.catalog import ProductListed, SaleScheduled
from reference_services.bookstore.inventory import ReservationCommitted, StockReceived, StockReserved
from reference_services.bookstore.order_messages import (
    LineCommitted,
    LineOfCancelled,
    LineReserved,
    OfferedLine,
    OrderCancelled,
    OrderConfirmed,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    OrderReserved,
    PaymentAttemptFailed,
    PaymentRequested,
    PickedUp,
    PlaceOrder,
    ReadyForPickup,
    RefundStarted,
    SoldLine,
)
from reference_services.bookstore.terms import MINUTE_US, Terms
from reference_services.kernel.message import Event
from reference_services.shared.payments import (
    AuthorizationRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentUnresolved,
    PaymentVoided,
    RefundRequested,
)

TERMS = Terms()
OPENS_US = 1_788_256_800_000_000
CLOSES_US = OPENS_US + 15 * MINUTE_US
NOW_US = OPENS_US + MINUTE_US
EXPIRES_US = NOW_US + TERMS.reservation_ttl_us
ASK_AT_US = NOW_US + TERMS.ask_provider_after_us
PICKUP_BY_US = NOW_US + TERMS.pickup_window_us
REMIND_AT_US = PICKUP_BY_US - TERMS.pickup_reminder_before_us

ORDER_ID, PAYMENT_ID, CODE = "o-1", "o-1/1", "C0DE42"
HOODIE, MUG = "hoodie", "mug"
HOODIE_HOLD, MUG_HOLD = f"{ORDER_ID}/{HOODIE}", f"{ORDER_ID}/{MUG}"
TOTAL_CENTS = 5_000


def offered(sku: str = HOODIE, units: int = 2, unit_price_cents: int = 2_500) -> OfferedLine:
    """A line as the catalog offered it, at most 2 units a customer."""
    return OfferedLine(sku, units, unit_price_cents, 2, OPENS_US, CLOSES_US)


def place(*lines: OfferedLine) -> PlaceOrder:
    """Ann orders."""
    return PlaceOrder(ORDER_ID, "ann", lines or (offered(),), "card-ok", CODE)


def cancelled(reason: str, hold: str = HOODIE_HOLD, open_payment_id: str = "") -> OrderCancelled:
    """Ann's order has ended without a sale; ``hold`` is given back."""
    return OrderCancelled(ORDER_ID, "ann", reason, (LineOfCancelled(HOODIE, 2, hold),), open_payment_id)


ORDER_PLACED = OrderPlaced(ORDER_ID, "ann", (offered(),), TOTAL_CENTS, "card-ok", CODE)
LINE_RESERVED = LineReserved(ORDER_ID, HOODIE, HOODIE_HOLD, EXPIRES_US)
ORDER_RESERVED = OrderReserved(ORDER_ID, "ann")
PAYMENT_REQUESTED = PaymentRequested(ORDER_ID, PAYMENT_ID, 1, TOTAL_CENTS, "card-ok")
ATTEMPT_FAILED = PaymentAttemptFailed(ORDER_ID, PAYMENT_ID, "payment-declined")
ORDER_PAID = OrderPaid(ORDER_ID, PAYMENT_ID, TOTAL_CENTS, (SoldLine(HOODIE, 2, HOODIE_HOLD),))
LINE_COMMITTED = LineCommitted(ORDER_ID, HOODIE, HOODIE_HOLD)
ORDER_CONFIRMED = OrderConfirmed(ORDER_ID, "ann", TOTAL_CENTS)
READY_FOR_PICKUP = ReadyForPickup(ORDER_ID, "ann", PICKUP_BY_US)
ORDER_PICKED_UP = PickedUp(ORDER_ID, "counter")
REFUND_STARTED = RefundStarted(ORDER_ID, PAYMENT_ID, TOTAL_CENTS)
ORDER_REFUNDED = OrderRefunded(ORDER_ID, "ann", PAYMENT_ID)

PLACED: tuple[Event, ...] = (ORDER_PLACED,)
PAYING = (*PLACED, LINE_RESERVED, ORDER_RESERVED, PAYMENT_REQUESTED)
RESERVED = (*PAYING, ATTEMPT_FAILED)
PAID = (*PAYING, ORDER_PAID)
READY = (*PAID, LINE_COMMITTED, ORDER_CONFIRMED, READY_FOR_PICKUP)
PICKED_UP = (*READY, ORDER_PICKED_UP)
CANCELLED = (*PAYING, cancelled("cancelled-by-customer", open_payment_id=PAYMENT_ID))
REFUNDING = (*READY, cancelled("cancelled-by-customer"), REFUND_STARTED)
REFUNDED = (*REFUNDING, ORDER_REFUNDED)

ORDER_STORIES: dict[str, tuple[Event, ...]] = {
    "none": (),
    "placed": PLACED,
    "paying": PAYING,
    "reserved": RESERVED,
    "paid": PAID,
    "ready": READY,
    "picked_up": PICKED_UP,
    "cancelled": CANCELLED,
    "refunding": REFUNDING,
    "refunded": REFUNDED,
}

AUTHORIZATION_REQUESTED = AuthorizationRequested(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "card-ok", ASK_AT_US)
PAYMENT_AUTHORIZED = PaymentAuthorized(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, ASK_AT_US)
PAYMENT_DECLINED = PaymentDeclined(PAYMENT_ID, ORDER_ID, "card-declined")
PAYMENT_CAPTURED = PaymentCaptured(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "capture-1")
PAYMENT_UNRESOLVED = PaymentUnresolved(PAYMENT_ID, ORDER_ID, ASK_AT_US, asked=1)
PAYMENT_VOIDED = PaymentVoided(PAYMENT_ID, ORDER_ID)
REFUND_REQUESTED = RefundRequested(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, ASK_AT_US)
PAYMENT_REFUNDED = PaymentRefunded(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "refund-1")

HOODIE_LISTED = ProductListed(HOODIE, "Hoodie", 2_500, 2)
HOODIE_SCHEDULED = SaleScheduled(HOODIE, OPENS_US, CLOSES_US, 2)

STOCK_RECEIVED = StockReceived(HOODIE, "receipt-1", 3)
STOCK_HELD = StockReserved(HOODIE, ORDER_ID, HOODIE_HOLD, 2, EXPIRES_US)
STOCK_COMMITTED = ReservationCommitted(HOODIE, ORDER_ID, HOODIE_HOLD, 2)
