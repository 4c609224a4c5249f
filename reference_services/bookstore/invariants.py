"""What must hold in the bookstore over every prefix of a history.

The checkers keep books of their own from the events and never look into the deciders: a rule that is wrong there must
not be wrong here in the same way. ``settlement_bound`` is how long anything may stay under way.
"""

from __future__ import annotations

from collections import defaultdict

from ..kernel.history import Answered, ProviderBooked
from ..kernel.invariant import Coverage, InboxDrained, Invariant
from ..kernel.message import Message, Refused
from ..kernel.observer import on
from .carts import CartLineSet, CartOpened
from .catalog import ProductListed, SaleScheduled
from .inventory import (
    ReservationCommitted,
    ReservationExpired,
    StockReceived,
    StockReleased,
    StockReserved,
)
from .notifications import NotificationFailed, NotificationRequested, NotificationSent
from .orders import (
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
from .payments import (
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
from .terms import Terms
from .tight_spots import TightSpots


class NoOversell(Invariant):
    """Counts units twice over: by reservations, and by what orders say they have sold."""

    name = "no-oversell"
    statement = "Per product, units held and sold never exceed units received, and no count is ever negative."

    def __init__(self) -> None:
        super().__init__()
        self._received: dict[str, int] = defaultdict(int)
        self._taken: dict[str, int] = defaultdict(int)
        self._sold: dict[str, int] = defaultdict(int)
        self._lines: dict[str, tuple[tuple[str, int], ...]] = {}
        self._confirmed: set[str] = set()

    @on(StockReceived)
    def received(self, message: Message[StockReceived]) -> None:
        event = message.data
        self._received[event.sku] += event.units

    @on(StockReserved)
    def reserved(self, message: Message[StockReserved]) -> None:
        event = message.data
        sku = event.sku
        taken = self._taken[sku] = self._taken[sku] + event.units
        if taken > self._received[sku]:
            self.violate(f"{sku}: {taken} units held or sold, {self._received[sku]} received", message)

    @on(StockReleased, ReservationExpired)
    def given_back(self, message: Message[StockReleased | ReservationExpired]) -> None:
        event = message.data
        self._taken[event.sku] -= event.units
        if self._taken[event.sku] < 0:
            self.violate(f"{event.sku}: more units given back than were taken", message)

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        self._lines[event.order_id] = tuple((line.sku, line.units) for line in event.lines)

    @on(OrderConfirmed)
    def confirmed(self, message: Message[OrderConfirmed]) -> None:
        event = message.data
        self._confirmed.add(event.order_id)
        for sku, units in self._lines[event.order_id]:
            self._sold[sku] += units
            if self._sold[sku] > self._received[sku]:
                self.violate(f"{sku}: {self._sold[sku]} units sold, {self._received[sku]} received", message)

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        event = message.data
        lines = self._lines.pop(event.order_id, ())
        if event.order_id in self._confirmed:
            self._confirmed.discard(event.order_id)
            for sku, units in lines:
                self._sold[sku] -= units


class OneEnding(Invariant):
    """Follows each reservation from its hold to its one ending."""

    name = "one-ending"
    statement = (
        "Each reservation ends exactly once: committed, released or expired, and it expires at its time, not before."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._ttl_us = terms.reservation_ttl_us
        self._bound_us = terms.settlement_bound_us
        self._held: dict[str, StockReserved] = {}
        self._committed: dict[str, int] = {}
        self._seen: set[str] = set()

    @on(StockReserved)
    def reserved(self, message: Message[StockReserved]) -> None:
        event = message.data
        if event.reservation_id in self._seen:
            self.violate(f"{event.reservation_id} is reserved a second time", message)
        self._seen.add(event.reservation_id)
        if event.expires_us != message.time_us + self._ttl_us:
            self.violate(f"{event.reservation_id} is not held for the reservation time", message)
        self._held[event.reservation_id] = event

    @on(ReservationCommitted)
    def committed(self, message: Message[ReservationCommitted]) -> None:
        event = message.data
        hold = self._end(event.reservation_id, event.units, message)
        if hold is not None and message.time_us > hold.expires_us + self._bound_us:
            self.violate(f"{event.reservation_id} is sold long after its hold ran out", message)
        self._committed[event.reservation_id] = event.units

    @on(StockReleased)
    def released(self, message: Message[StockReleased]) -> None:
        event = message.data
        if event.was == "held":
            self._end(event.reservation_id, event.units, message)
        elif self._committed.pop(event.reservation_id, None) != event.units:
            self.violate(f"{event.reservation_id} is returned but was not sold, or not with these units", message)

    @on(ReservationExpired)
    def expired(self, message: Message[ReservationExpired]) -> None:
        event = message.data
        hold = self._end(event.reservation_id, event.units, message)
        if hold is None:
            return
        if message.time_us < hold.expires_us:
            self.violate(f"{event.reservation_id} expired {hold.expires_us - message.time_us} us early", message)
        if message.time_us > hold.expires_us + self._bound_us:
            self.violate(f"{event.reservation_id} expired {message.time_us - hold.expires_us} us late", message)

    def finish(self, end_us: int) -> None:
        for hold in self._held.values():
            if end_us > hold.expires_us + self._bound_us:
                self.violate(f"{hold.reservation_id} outlived its time", subject=f"stock/{hold.sku}", time_us=end_us)

    def _end(self, reservation_id: str, units: int, message: Message) -> StockReserved | None:
        hold = self._held.pop(reservation_id, None)
        if hold is None:
            self.violate(f"{reservation_id} ends but is not held", message)
        elif hold.units != units:
            self.violate(f"{reservation_id} ends with {units} units, held {hold.units}", message)
        return hold


class CustomerLimit(Invariant):
    """Adds up what each customer has in live orders, from the orders alone.

    Where the limit was changed between a customer's orders, the highest that they were placed under counts.
    """

    name = "customer-limit"
    statement = "Units of a product in a customer's live orders never exceed the limit."

    def __init__(self) -> None:
        super().__init__()
        self._orders: dict[str, OrderPlaced] = {}
        self._live: set[str] = set()
        self._units: dict[tuple[str, str], int] = defaultdict(int)
        self._limits: dict[tuple[str, str], int] = defaultdict(int)

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        self._orders[event.order_id] = event

    @on(OrderReserved)
    def reserved(self, message: Message[OrderReserved]) -> None:
        event = message.data
        order = self._orders[event.order_id]
        self._live.add(event.order_id)
        for line in order.lines:
            key = (order.customer_id, line.sku)
            units = self._units[key] = self._units[key] + line.units
            limit = self._limits[key] = max(self._limits[key], line.limit_per_customer)
            if units > limit:
                self.violate(f"{order.customer_id} has {units} of {line.sku}, limit {limit}", message)

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        event = message.data
        order = self._orders.pop(event.order_id)
        if event.order_id not in self._live:
            return
        self._live.discard(event.order_id)
        for line in order.lines:
            self._units[order.customer_id, line.sku] -= line.units


class PriceKept(Invariant):
    """Compares what was captured with the prices under which the order was placed."""

    name = "price-kept"
    statement = "The amount captured is the price on the order."

    def __init__(self) -> None:
        super().__init__()
        self._totals: dict[str, int] = {}

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        total_cents = sum(line.units * line.unit_price_cents for line in event.lines)
        self._totals[event.order_id] = total_cents
        if event.total_cents != total_cents:
            self.violate(f"total {event.total_cents} cents, lines add up to {total_cents}", message)

    @on(PaymentCaptured)
    def captured(self, message: Message[PaymentCaptured]) -> None:
        event = message.data
        total_cents = self._totals.get(event.order_id)
        if event.amount_cents != total_cents:
            self.violate(f"captured {event.amount_cents} cents, the order says {total_cents}", message)


class _Money:
    """The money of one order, as its payments' events tell; ``changed_at_us``: when either side last had to move."""

    __slots__ = ("authorized", "cancelled", "captured", "changed_at_us", "gone", "refunded", "settled", "total")

    def __init__(self, total_cents: int) -> None:
        self.total = total_cents
        self.authorized: dict[str, int] = {}
        self.gone: set[str] = set()
        self.captured = 0
        self.refunded = 0
        self.changed_at_us = 0
        self.cancelled = False
        self.settled = False

    @property
    def kept(self) -> int:
        """What we have of the customer's money."""
        return self.captured - self.refunded


class MoneyFollowsGoods(Invariant):
    """Keeps the money and the goods of each order side by side."""

    name = "money-follows-goods"
    statement = (
        "An order is confirmed if and only if its total is captured and its goods are committed; money without goods "
        "and goods without money go back within the bound, and no money while the order stands; refunded <= captured "
        "<= authorized; nothing is captured after a void or refund."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._money: dict[str, _Money] = {}
        self._wanted: dict[str, int] = {}
        self._committed: dict[str, int] = defaultdict(int)

    @on(OrderPlaced)
    def placed(self, message: Message[OrderPlaced]) -> None:
        event = message.data
        self._money[event.order_id] = _Money(event.total_cents)
        self._wanted[event.order_id] = sum(line.units for line in event.lines)

    @on(PaymentAuthorized)
    def authorized(self, message: Message[PaymentAuthorized]) -> None:
        event = message.data
        money = self._money[event.order_id]
        if event.payment_id in money.gone:
            self.violate(f"{event.payment_id} is authorized after it had ended", message)
        money.authorized[event.payment_id] = event.amount_cents

    @on(PaymentVoided, PaymentDeclined)
    def ended(self, message: Message[PaymentVoided | PaymentDeclined]) -> None:
        event = message.data
        self._money[event.order_id].gone.add(event.payment_id)

    @on(PaymentCaptured)
    def captured(self, message: Message[PaymentCaptured]) -> None:
        event = message.data
        money = self._money[event.order_id]
        if event.payment_id in money.gone:
            self.violate(f"{event.payment_id} is captured after it had ended", message)
        if event.amount_cents > money.authorized.get(event.payment_id, 0):
            self.violate(f"{event.payment_id}: captured more than was authorized", message)
        money.gone.add(event.payment_id)
        money.captured += event.amount_cents
        money.changed_at_us = message.time_us
        money.settled = False

    @on(PaymentRefunded)
    def refunded(self, message: Message[PaymentRefunded]) -> None:
        event = message.data
        money = self._money[event.order_id]
        money.refunded += event.amount_cents
        if money.refunded > money.captured:
            self.violate(f"{event.order_id}: {money.refunded} cents refunded, {money.captured} captured", message)
        if not money.cancelled:
            self.violate(f"{event.order_id} is refunded though it is not cancelled", message)
        money.settled = not money.kept

    @on(ReservationCommitted)
    def goods_sold(self, message: Message[ReservationCommitted]) -> None:
        event = message.data
        self._committed[event.order_id] += event.units
        self._money[event.order_id].changed_at_us = message.time_us

    @on(StockReleased)
    def goods_back(self, message: Message[StockReleased]) -> None:
        event = message.data
        if event.was == "committed":
            self._committed[event.order_id] -= event.units

    @on(OrderConfirmed)
    def confirmed(self, message: Message[OrderConfirmed]) -> None:
        event = message.data
        money = self._money[event.order_id]
        if money.kept != money.total:
            self.violate(f"{event.order_id} is confirmed with {money.kept} of {money.total} cents", message)
        if self._committed[event.order_id] != self._wanted[event.order_id]:
            self.violate(f"{event.order_id} is confirmed without all its goods", message)
        money.settled = True

    @on(PickedUp)
    def picked_up(self, message: Message[PickedUp]) -> None:
        event = message.data
        money = self._money[event.order_id]
        if money.kept != money.total:
            self.violate(f"{event.order_id} is handed over for {money.kept} of {money.total} cents", message)

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        event = message.data
        money = self._money[event.order_id]
        money.cancelled = True
        money.settled = not money.kept
        money.changed_at_us = message.time_us

    def finish(self, end_us: int) -> None:
        for order_id, money in self._money.items():
            if end_us <= money.changed_at_us + self._bound_us:
                continue
            subject = f"order/{order_id}"
            if money.captured and not money.settled:
                self.violate(f"{order_id}: {money.kept} cents kept without goods", subject=subject, time_us=end_us)
            if money.cancelled and self._committed[order_id]:
                units = self._committed[order_id]
                self.violate(f"{order_id}: {units} units kept though it is cancelled", subject=subject, time_us=end_us)


class CaptureOnce(Invariant):
    """Holds our ledger against the provider's own books."""

    name = "capture-once"
    statement = "A capture changes a payment at most once, and at the end the provider's books and ours agree."

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._ours: dict[str, tuple[str, int, int]] = {}
        self._theirs: dict[str, tuple[str, int, int]] = {}
        self._captured_payments: set[str] = set()

    @on(PaymentCaptured)
    def captured(self, message: Message[PaymentCaptured]) -> None:
        event = message.data
        if event.capture_id in self._ours:
            self.violate(f"capture {event.capture_id} is booked twice", message)
        if event.payment_id in self._captured_payments:
            self.violate(f"payment {event.payment_id} is captured twice", message)
        self._captured_payments.add(event.payment_id)
        self._ours[event.capture_id] = (event.payment_id, event.amount_cents, message.time_us)

    @on(PaymentRefunded)
    def refunded(self, message: Message[PaymentRefunded]) -> None:
        event = message.data
        if event.refund_id in self._ours:
            self.violate(f"refund {event.refund_id} is booked twice", message)
        self._ours[event.refund_id] = (event.payment_id, -event.amount_cents, message.time_us)

    @on(ProviderBooked)
    def booked(self, message: Message[ProviderBooked]) -> None:
        entry = message.data.entry
        sign = 1 if entry.kind == "capture" else -1
        self._theirs[entry.entry_id] = (entry.payment_id, sign * entry.amount_cents, entry.time_us)

    def finish(self, end_us: int) -> None:
        for entry_id in sorted(self._ours.keys() | self._theirs.keys()):
            ours, theirs = self._ours.get(entry_id), self._theirs.get(entry_id)
            if ours is not None and theirs is not None and ours[:2] == theirs[:2]:
                continue
            known = ours or theirs
            assert known is not None
            if known[2] + self._bound_us < end_us:
                self.violate(
                    f"{entry_id}: we have {ours and ours[:2]}, the provider has {theirs and theirs[:2]}",
                    subject=f"payment/{known[0]}",
                    time_us=end_us,
                )


class PickupXorCancel(Invariant):
    """An order's two endings exclude each other."""

    name = "pickup-xor-cancel"
    statement = "An order is never both picked up and cancelled, and sold goods return only when it is cancelled."

    def __init__(self) -> None:
        super().__init__()
        self._picked_up: set[str] = set()
        self._cancelled: set[str] = set()

    @on(PickedUp)
    def picked_up(self, message: Message[PickedUp]) -> None:
        event = message.data
        if event.order_id in self._cancelled:
            self.violate(f"{event.order_id} is picked up after it was cancelled", message)
        if event.order_id in self._picked_up:
            self.violate(f"{event.order_id} is picked up twice", message)
        self._picked_up.add(event.order_id)

    @on(OrderCancelled)
    def cancelled(self, message: Message[OrderCancelled]) -> None:
        event = message.data
        if event.order_id in self._picked_up:
            self.violate(f"{event.order_id} is cancelled after it was picked up", message)
        self._cancelled.add(event.order_id)

    @on(StockReleased)
    def released(self, message: Message[StockReleased]) -> None:
        event = message.data
        if event.was == "committed" and event.order_id not in self._cancelled:
            self.violate(f"goods of {event.order_id} return to stock though it is not cancelled", message)


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
        since_us = self._since_us.get(message.subject, message.time_us)
        self._since_us[message.subject] = min(since_us, message.time_us)

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


def invariants(terms: Terms) -> tuple[Invariant, ...]:
    """Fresh checkers for one history."""
    return (
        NoOversell(),
        OneEnding(terms),
        CustomerLimit(),
        PriceKept(),
        MoneyFollowsGoods(terms),
        CaptureOnce(terms),
        PickupXorCancel(),
        AcceptedIsKept(),
        ToldOnce(terms),
        EverythingSettles(terms),
        InboxDrained(),
    )


def coverage(terms: Terms) -> Coverage:
    """Fresh marks for one history."""
    return TightSpots(terms)
