"""What must hold of the shared services over every prefix of a history. A system's own invariants build on these."""

from __future__ import annotations

import msgspec

from ..kernel.history import ProviderBooked
from ..kernel.invariant import Invariant
from ..kernel.message import Message
from ..kernel.observer import on
from ..kernel.promises import EverythingSettles
from .notifications import NotificationFailed, NotificationRequested, NotificationSent
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


class ToldOnce(Invariant):
    """Counts what people were told: of each kind once about each thing, under whatever ids.

    What a message is about begins its id, up to the first slash.
    """

    name = "told-once"
    statement = "At most one notification per cause and kind."

    def __init__(self) -> None:
        super().__init__()
        self._sent: set[tuple[str, str]] = set()

    @on(NotificationSent)
    def sent(self, message: Message[NotificationSent]) -> None:
        event = message.data
        about = event.message_id.partition("/")[0]
        told = (about, event.kind)
        if told in self._sent:
            self.violate(f"{event.message_id} is a second {event.kind} about {about}", message)
        self._sent.add(told)


class PaymentsAndMessagesSettle(EverythingSettles):
    """Knows the shared services' part of what may be under way."""

    @on(
        AuthorizationRequested,
        PaymentAuthorized,
        PaymentUnresolved,
        VoidRequested,
        RefundRequested,
        NotificationRequested,
    )
    def asked_for(self, message: Message) -> None:
        self.begin(message.subject, message.time_us)

    @on(PaymentDeclined, PaymentCaptured, PaymentVoided, PaymentRefunded, NotificationSent)
    def answered(self, message: Message) -> None:
        self.rest(message.subject)

    @on(NotificationFailed)
    def message_failed(self, message: Message[NotificationFailed]) -> None:
        self.wait(message.subject, message.data.again_at_us)


class _Entry(msgspec.Struct, frozen=True, gc=False):
    """One movement of money in a ledger; what goes back is negative."""

    payment_id: str
    cents: int
    time_us: int

    def same_money(self, other: _Entry) -> bool:
        """Whether two ledgers say the same, if not at the same instant."""
        return (self.payment_id, self.cents) == (other.payment_id, other.cents)


class BooksAgree(Invariant):
    """Holds our ledger against the provider's own books, entry by entry."""

    def __init__(self, bound_us: int) -> None:
        super().__init__()
        self._bound_us = bound_us
        self._ours: dict[str, _Entry] = {}
        self._theirs: dict[str, _Entry] = {}

    @on(PaymentCaptured)
    def captured(self, message: Message[PaymentCaptured]) -> None:
        event = message.data
        if event.capture_id in self._ours:
            self.violate(f"capture {event.capture_id} is booked twice", message)
        self._ours[event.capture_id] = _Entry(event.payment_id, event.amount_cents, message.time_us)

    @on(PaymentRefunded)
    def refunded(self, message: Message[PaymentRefunded]) -> None:
        event = message.data
        if event.refund_id in self._ours:
            self.violate(f"refund {event.refund_id} is booked twice", message)
        self._ours[event.refund_id] = _Entry(event.payment_id, -event.amount_cents, message.time_us)

    @on(ProviderBooked)
    def booked(self, message: Message[ProviderBooked]) -> None:
        entry = message.data.entry
        sign = 1 if entry.kind == "capture" else -1
        self._theirs[entry.entry_id] = _Entry(entry.payment_id, sign * entry.amount_cents, entry.time_us)

    def finish(self, end_us: int) -> None:
        for entry_id in sorted(self._ours.keys() | self._theirs.keys()):
            ours, theirs = self._ours.get(entry_id), self._theirs.get(entry_id)
            if ours is not None and theirs is not None and ours.same_money(theirs):
                continue
            known = ours or theirs
            assert known is not None
            if known.time_us + self._bound_us < end_us:
                text = f"{entry_id}: we have booked {_in_words(ours)}, the provider {_in_words(theirs)}"
                self.violate(text, subject=f"payment/{known.payment_id}", time_us=end_us)


def _in_words(booked: _Entry | None) -> str:
    if booked is None:
        return "nothing"
    return f"{abs(booked.cents)} cents {'back ' if booked.cents < 0 else ''}of {booked.payment_id}"
