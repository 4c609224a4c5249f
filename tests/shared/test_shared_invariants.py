"""What must hold of the shared services: each rule broken, and its honest twin."""

from __future__ import annotations

from typing import Literal

import pytest

from reference_services.kernel.history import ProviderBooked
from reference_services.kernel.invariant import Checker, Coverage, Finding, Invariant
from reference_services.kernel.message import Event, Message
from reference_services.kernel.outside import LedgerEntry
from reference_services.shared.invariants import BooksAgree, PaymentsAndMessagesSettle, ToldOnce
from reference_services.shared.notifications import NotificationFailed, NotificationRequested, NotificationSent
from reference_services.shared.payments import AuthorizationRequested, PaymentCaptured, PaymentDeclined, PaymentRefunded

BOUND_US = 50


class Books(BooksAgree):
    name = "books-agree"
    statement = "The provider's books and ours agree."


class Settling(PaymentsAndMessagesSettle):
    statement = "Every payment and message comes to rest."


class Nothing(Coverage):
    names = ()


def told(event: Event, at_us: int = 0) -> Message[Event]:
    subject = f"message/{event.message_id}" if hasattr(event, "message_id") else "payment/p-1"
    return Message(f"{type(event).__name__}-{at_us}", "s", "t", subject, at_us, event, 1)


def judged(invariant: Invariant, *history: Message[Event], end_us: int = 1_000) -> Finding:
    checker = Checker((invariant,), Nothing())
    for message in history:
        checker.observe(message)
    (finding,) = checker.finish(end_us)
    return finding


def said(finding: Finding) -> list[str]:
    assert finding.status != "crashed", finding.error
    return [sample.message for sample in finding.samples]


def booked(kind: Literal["capture", "refund"], entry_id: str, cents: int = 400, at_us: int = 0) -> Message[Event]:
    return told(ProviderBooked(LedgerEntry(entry_id, kind, "p-1", cents, at_us)), at_us)


CAPTURED = told(PaymentCaptured("p-1", "o-1", 400, "capture-1"))
REFUNDED = told(PaymentRefunded("p-1", "o-1", 400, "refund-1"), 10)


def test_books_that_agree() -> None:
    theirs = (booked("capture", "capture-1"), booked("refund", "refund-1"))

    assert said(judged(Books(BOUND_US), CAPTURED, REFUNDED, *theirs)) == []
    assert said(judged(Books(BOUND_US), *theirs, CAPTURED, REFUNDED)) == []
    assert said(judged(Books(BOUND_US), CAPTURED, end_us=BOUND_US)) == [], "their word may be on its way"


@pytest.mark.parametrize(
    ("history", "difference"),
    [
        ((CAPTURED,), "capture-1: we have booked 400 cents of p-1, the provider nothing"),
        ((booked("capture", "capture-1"),), "capture-1: we have booked nothing, the provider 400 cents of p-1"),
        ((booked("refund", "refund-1"),), "refund-1: we have booked nothing, the provider 400 cents back of p-1"),
        (
            (CAPTURED, booked("capture", "capture-1", 399)),
            "capture-1: we have booked 400 cents of p-1, the provider 399 cents of p-1",
        ),
        ((CAPTURED, CAPTURED, booked("capture", "capture-1")), "capture capture-1 is booked twice"),
        ((REFUNDED, REFUNDED, booked("refund", "refund-1")), "refund refund-1 is booked twice"),
    ],
    ids=["theirs lacks it", "ours lacks it", "ours lacks a refund", "another amount", "captured twice", "back twice"],
)
def test_books_that_differ(history: tuple[Message[Event], ...], difference: str) -> None:
    assert said(judged(Books(BOUND_US), *history)) == [difference]


def test_nobody_is_told_the_same_twice() -> None:
    receipt, refund = told(NotificationSent("o-1/receipt", "receipt")), told(NotificationSent("o-1/refund", "refund"))

    other_order = told(NotificationSent("o-11/receipt", "receipt"))
    other_id = told(NotificationSent("o-1/2/receipt", "receipt"))

    assert said(judged(ToldOnce(), receipt, refund, other_order)) == []
    assert said(judged(ToldOnce(), receipt, refund, receipt)) == ["o-1/receipt is a second receipt about o-1"]
    assert said(judged(ToldOnce(), receipt, refund, other_id)) == ["o-1/2/receipt is a second receipt about o-1"]


ASKED = told(AuthorizationRequested("p-1", "o-1", 400, "card", 0))
TELLING = told(NotificationRequested("o-1/receipt", "ann", "receipt", "Thank you."))


@pytest.mark.parametrize(
    ("history", "overdue"),
    [
        ((ASKED,), ["payment/p-1"]),
        ((ASKED, CAPTURED), []),
        ((ASKED, told(PaymentDeclined("p-1", "o-1", "no"))), []),
        ((TELLING,), ["message/o-1/receipt"]),
        ((TELLING, told(NotificationSent("o-1/receipt", "receipt"))), []),
        ((TELLING, told(NotificationFailed("o-1/receipt", "receipt", "", 980))), []),
        ((TELLING, told(NotificationFailed("o-1/receipt", "receipt", "", 900))), ["message/o-1/receipt"]),
        ((TELLING, told(NotificationFailed("o-1/receipt", "receipt", "", 0))), []),
    ],
    ids=["asked", "captured", "declined", "telling", "told", "waits", "waited too long", "given up"],
)
def test_payments_and_messages_settle(history: tuple[Message[Event], ...], overdue: list[str]) -> None:
    finding = judged(Settling(BOUND_US), *history)

    assert [sample.subject for sample in finding.samples] == overdue
