"""What was promised: a success stands, customers are told once, and whatever is under way comes to rest."""

from __future__ import annotations

from ...kernel import promises
from ...kernel.message import Message
from ...kernel.observer import on
from ...shared import invariants
from ...shared.notifications import NotificationRequested, NotificationSent
from ...shared.payments import (
    AuthorizationRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
)
from ..carts import CartLineSet, CartOpened
from ..catalog import ProductListed, SaleScheduled
from ..inventory import StockReceived
from ..order_messages import (
    LineReserved,
    OrderCancelled,
    OrderConfirmed,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    OrderReserved,
    PaymentAttemptFailed,
    PaymentRequested,
    PickedUp,
    ReadyForPickup,
    RefundStarted,
)
from ..terms import Terms


class AcceptedIsKept(promises.AcceptedIsKept):
    """Knows what orders, carts and the catalog may have told clients, and what was asked of the outside."""

    statement = "A command that was answered with success has been decided; every outside effect has its request."

    def __init__(self) -> None:
        super().__init__()
        self._requested: set[str] = set()

    @on(
        OrderPlaced,
        CartOpened,
        CartLineSet,
        PaymentRequested,
        OrderCancelled,
        PickedUp,
        StockReceived,
        ProductListed,
        SaleScheduled,
    )
    def decided(self, message: Message) -> None:
        self.keep(message)

    @on(AuthorizationRequested, NotificationRequested)
    def requested(self, message: Message) -> None:
        self._requested.add(message.subject)

    @on(PaymentAuthorized, PaymentCaptured, PaymentDeclined, NotificationSent)
    def happened(self, message: Message) -> None:
        if message.subject not in self._requested:
            self.violate(f"{message.subject} has an outcome that nobody asked for", message)


class ToldOnce(invariants.ToldOnce):
    """Knows which orders are owed a receipt."""

    statement = "At most one notification per cause and kind, and every confirmed order got its receipt."

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._receipt_owed: dict[str, int] = {}

    @on(NotificationSent)
    def sent(self, message: Message[NotificationSent]) -> None:
        super().sent(message)
        event = message.data
        if event.kind == "receipt":
            self._receipt_owed.pop(event.message_id.partition("/")[0], None)

    @on(OrderConfirmed)
    def confirmed(self, message: Message[OrderConfirmed]) -> None:
        event = message.data
        self._receipt_owed[event.order_id] = message.time_us

    def finish(self, end_us: int) -> None:
        for order_id, since_us in self._receipt_owed.items():
            if end_us > since_us + self._bound_us:
                self.violate(f"{order_id} is confirmed without a receipt", subject=f"order/{order_id}", time_us=end_us)


class EverythingSettles(invariants.PaymentsAndMessagesSettle):
    """Knows what an order waits for: a hold's deadline, a pickup's, the next attempt's."""

    statement = "Every order, payment and message reaches a final state or waits for a running deadline."

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms.settlement_bound_us)
        self._held_until_us: dict[str, int] = {}

    @on(OrderPlaced, OrderReserved, PaymentRequested, OrderPaid, RefundStarted)
    def under_way(self, message: Message) -> None:
        self.begin(message.subject, message.time_us)

    @on(PickedUp, OrderCancelled, OrderRefunded)
    def at_rest(self, message: Message) -> None:
        self.rest(message.subject)

    @on(LineReserved)
    def line_reserved(self, message: Message[LineReserved]) -> None:
        expires_us = message.data.expires_us
        self._held_until_us[message.subject] = min(self._held_until_us.get(message.subject, expires_us), expires_us)

    @on(PaymentAttemptFailed)
    def payment_failed(self, message: Message[PaymentAttemptFailed]) -> None:
        self.wait(message.subject, max(message.time_us, self._held_until_us[message.subject]))

    @on(ReadyForPickup)
    def ready(self, message: Message[ReadyForPickup]) -> None:
        self._held_until_us.pop(message.subject, None)
        self.wait(message.subject, message.data.pickup_by_us)
