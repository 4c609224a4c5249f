"""What was promised: a success stands, customers are told once, and whatever is under way comes to rest."""

from __future__ import annotations

from ...kernel.history import Answered
from ...kernel.invariant import Invariant
from ...kernel.message import Message, Refused
from ...kernel.observer import on
from ...shared.notifications import NotificationFailed, NotificationRequested, NotificationSent
from ..carts import CartLineSet, CartOpened
from ..catalog import ProductListed, SaleScheduled
from ..inventory import StockReceived
from ..orders import (
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
from ..payments import (
    AuthorizationRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentUnresolved,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)
from ..terms import Terms

ACCEPTED = 202


class AcceptedIsKept(Invariant):
    """Every success that a client was told of must be in the history, and nothing happens outside unasked.

    202 says that the command is taken in, not what will be decided; so a later refusal keeps that promise too.
    """

    name = "accepted-is-kept"
    statement = "A command that was answered with success has been decided; every outside effect has its request."

    def __init__(self) -> None:
        super().__init__()
        self._decided: set[str] = set()
        self._refused: set[str] = set()
        self._promised: dict[str, Answered] = {}
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
        if message.causation_id.startswith("c-"):
            self._decided.add(message.causation_id)
            self._promised.pop(message.causation_id, None)

    @on(Refused)
    def refused(self, message: Message[Refused]) -> None:
        self._refused.add(message.causation_id)

    @on(Answered)
    def answered(self, message: Message[Answered]) -> None:
        answer = message.data
        if answer.outcome == "ok" and answer.command_id and answer.command_id not in self._decided:
            self._promised[answer.command_id] = answer

    @on(AuthorizationRequested, NotificationRequested)
    def requested(self, message: Message) -> None:
        self._requested.add(message.subject)

    @on(PaymentAuthorized, PaymentCaptured, PaymentDeclined, NotificationSent)
    def happened(self, message: Message) -> None:
        if message.subject not in self._requested:
            self.violate(f"{message.subject} has an outcome that nobody asked for", message)

    def finish(self, end_us: int) -> None:
        for command_id, answer in self._promised.items():
            if answer.status != ACCEPTED or command_id not in self._refused:
                text = f"{answer.operation} was answered with success but never decided ({command_id})"
                self.violate(text, time_us=end_us)


class ToldOnce(Invariant):
    """Counts what customers were told."""

    name = "told-once"
    statement = "At most one notification per cause and kind, and every confirmed order got its receipt."

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._sent: set[str] = set()
        self._receipt_owed: dict[str, int] = {}

    @on(NotificationSent)
    def sent(self, message: Message[NotificationSent]) -> None:
        event = message.data
        if event.message_id in self._sent:
            self.violate(f"{event.message_id} was sent twice", message)
        self._sent.add(event.message_id)
        if event.kind == "receipt":
            self._receipt_owed.pop(event.message_id.rpartition("/")[0], None)

    @on(OrderConfirmed)
    def confirmed(self, message: Message[OrderConfirmed]) -> None:
        event = message.data
        self._receipt_owed[event.order_id] = message.time_us

    def finish(self, end_us: int) -> None:
        for order_id, since_us in self._receipt_owed.items():
            if end_us > since_us + self._bound_us:
                self.violate(f"{order_id} is confirmed without a receipt", subject=f"order/{order_id}", time_us=end_us)


UNDER_WAY = (
    OrderPlaced,
    OrderReserved,
    PaymentRequested,
    OrderPaid,
    RefundStarted,
    AuthorizationRequested,
    PaymentAuthorized,
    PaymentUnresolved,
    VoidRequested,
    RefundRequested,
    NotificationRequested,
)
AT_REST = (
    PickedUp,
    OrderCancelled,
    OrderRefunded,
    PaymentDeclined,
    PaymentCaptured,
    PaymentVoided,
    PaymentRefunded,
    NotificationSent,
)


class EverythingSettles(Invariant):
    """Liveness: whatever is under way comes to rest, in a final state or under a running deadline.

    Asking again is not progress: what counts is since when something has not been at rest. What waits for a deadline (a
    hold's, a pickup's, the next attempt's) is at rest only until then.
    """

    name = "everything-settles"
    statement = "Every order, payment and message reaches a final state or waits for a running deadline."

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._since_us: dict[str, int] = {}
        self._held_until_us: dict[str, int] = {}

    @on(*UNDER_WAY)
    def under_way(self, message: Message) -> None:
        since_us = self._since_us.get(message.subject)
        if since_us is None or message.time_us < since_us:
            self._since_us[message.subject] = message.time_us

    @on(*AT_REST)
    def at_rest(self, message: Message) -> None:
        self._since_us.pop(message.subject, None)

    @on(LineReserved)
    def line_reserved(self, message: Message[LineReserved]) -> None:
        expires_us = message.data.expires_us
        self._held_until_us[message.subject] = min(self._held_until_us.get(message.subject, expires_us), expires_us)

    @on(PaymentAttemptFailed)
    def payment_failed(self, message: Message[PaymentAttemptFailed]) -> None:
        self._since_us[message.subject] = max(message.time_us, self._held_until_us[message.subject])

    @on(ReadyForPickup)
    def ready(self, message: Message[ReadyForPickup]) -> None:
        self._held_until_us.pop(message.subject, None)
        self._since_us[message.subject] = message.data.pickup_by_us

    @on(NotificationFailed)
    def message_failed(self, message: Message[NotificationFailed]) -> None:
        again_at_us = message.data.again_at_us
        if again_at_us:
            self._since_us[message.subject] = again_at_us
        else:
            self._since_us.pop(message.subject, None)

    def finish(self, end_us: int) -> None:
        for subject, since_us in self._since_us.items():
            if end_us > since_us + self._bound_us:
                self.violate(f"{subject} is {end_us - since_us} us overdue", subject=subject, time_us=end_us)
