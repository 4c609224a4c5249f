"""Histories made by hand, for the checkers: Ann's order told from its beginning, well or with a lie in it."""

from __future__ import annotations

from collections.abc import Iterable

from examples import (
    AUTHORIZATION_REQUESTED,
    HOODIE,
    HOODIE_HOLD,
    HOODIE_LISTED,
    HOODIE_SCHEDULED,
    LINE_COMMITTED,
    LINE_RESERVED,
    NOW_US,
    ORDER_CONFIRMED,
    ORDER_ID,
    ORDER_PAID,
    ORDER_PICKED_UP,
    ORDER_PLACED,
    ORDER_REFUNDED,
    ORDER_RESERVED,
    PAYMENT_AUTHORIZED,
    PAYMENT_CAPTURED,
    PAYMENT_ID,
    PAYMENT_REFUNDED,
    PAYMENT_REQUESTED,
    PICKUP_BY_US,
    READY_FOR_PICKUP,
    REFUND_REQUESTED,
    REFUND_STARTED,
    STOCK_COMMITTED,
    STOCK_HELD,
    STOCK_RECEIVED,
    TERMS,
    TOTAL_CENTS,
    cancelled,
)

from reference_services.bookstore.invariants import coverage, invariants
from reference_services.bookstore.inventory import StockReleased
from reference_services.kernel.history import Answered, InboxCounted, ProviderBooked
from reference_services.kernel.invariant import Checker, Finding
from reference_services.kernel.message import Event, Message
from reference_services.kernel.outside import LedgerEntry
from reference_services.shared.notifications import NotificationRequested, NotificationSent

BOUND_US = TERMS.settlement_bound_us
END_US = PICKUP_BY_US + 2 * BOUND_US
PLACE_COMMAND = "c-place"
ALL_DONE = InboxCounted("orders", 1, 1, 0, 0, 0)

SUBJECTS = {
    "catalog": ("product", "sku"),
    "order_messages": ("order", "order_id"),
    "inventory": ("stock", "sku"),
    "payments": ("payment", "payment_id"),
    "notifications": ("message", "message_id"),
}
"""The aggregate and the field that names it, by the module of an event."""

Told = Event | tuple[Event, int]
"""An event, and when it happened if not at ``NOW_US``."""


def message(told: Told, causation_id: str = "") -> Message[Event]:
    """``told`` in an envelope."""
    event, at_us = told if isinstance(told, tuple) else (told, NOW_US)
    name, field = SUBJECTS.get(type(event).__module__.rpartition(".")[2], ("client", ""))
    subject = f"{name}/{getattr(event, field, '')}"
    return Message(
        f"{subject}/{type(event).__name__}", "test", type(event).__name__, subject, at_us, event, 1, causation_id
    )


def judged(history: Iterable[Told | Message[Event]], end_us: int = END_US) -> dict[str, Finding]:
    """What each invariant says of ``history``, at whose end all inboxes are empty."""
    checker = Checker(invariants(TERMS), coverage(TERMS))
    for told in (*history, ALL_DONE):
        checker.observe(told if isinstance(told, Message) else message(told))
    return {finding.name: finding for finding in checker.finish(end_us)}


def marked(history: Iterable[Told | Message[Event]]) -> set[str]:
    """The tight spots that ``history`` goes through."""
    checker = Checker((), coverage(TERMS))
    for told in history:
        checker.observe(told if isinstance(told, Message) else message(told))
    assert checker.finish(END_US) == [], "coverage crashed"
    return {name for name, count in checker.coverage.reached.items() if count}


def without(history: Iterable[Told | Message[Event]], *untold: Told) -> list[Told | Message[Event]]:
    """``history`` with some of it left out."""
    return [told for told in history if told not in untold]


CAPTURE_BOOKED = ProviderBooked(LedgerEntry("capture-1", "capture", PAYMENT_ID, TOTAL_CENTS, NOW_US))
REFUND_BOOKED = ProviderBooked(LedgerEntry("refund-1", "refund", PAYMENT_ID, TOTAL_CENTS, PICKUP_BY_US))
RECEIPT_REQUESTED = NotificationRequested(f"{ORDER_ID}/receipt", "ann", "receipt", "Thank you.")
RECEIPT_SENT = NotificationSent(f"{ORDER_ID}/receipt", "receipt")
ANSWERED_OK = Answered("place_order", "ok", 201, PLACE_COMMAND)
GOODS_BACK = StockReleased(HOODIE, ORDER_ID, HOODIE_HOLD, 2, "committed")
HOLD_BACK = StockReleased(HOODIE, ORDER_ID, HOODIE_HOLD, 2, "held")

OFFERED: list[Told | Message[Event]] = [HOODIE_LISTED, HOODIE_SCHEDULED]
PLACING: list[Told | Message[Event]] = [
    *OFFERED,
    STOCK_RECEIVED,
    message(ORDER_PLACED, PLACE_COMMAND),
    STOCK_HELD,
    LINE_RESERVED,
    ORDER_RESERVED,
    PAYMENT_REQUESTED,
    AUTHORIZATION_REQUESTED,
]
CAPTURING = [*PLACING, PAYMENT_AUTHORIZED, CAPTURE_BOOKED, PAYMENT_CAPTURED]
SELLING = [
    *CAPTURING,
    ORDER_PAID,
    STOCK_COMMITTED,
    LINE_COMMITTED,
    ORDER_CONFIRMED,
    READY_FOR_PICKUP,
    RECEIPT_REQUESTED,
    RECEIPT_SENT,
    ANSWERED_OK,
]
SOLD = [*SELLING, ORDER_PICKED_UP]
TAKEN_BACK = [
    *SELLING,
    (cancelled("not-picked-up"), PICKUP_BY_US),
    (REFUND_STARTED, PICKUP_BY_US),
    (GOODS_BACK, PICKUP_BY_US),
    (REFUND_REQUESTED, PICKUP_BY_US),
    REFUND_BOOKED,
    (PAYMENT_REFUNDED, PICKUP_BY_US),
    (ORDER_REFUNDED, PICKUP_BY_US),
]
