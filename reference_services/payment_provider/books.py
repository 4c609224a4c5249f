"""The provider's books: every payment, every movement of money and every message, and the rules of the card gateway.

Pure: instants, the issuer's answer and the time of an automatic capture are told, so the same books serve virtual time,
real time and the rebuilding from a journal.

Two cards are magic in every world: ``card-ok`` is never declined, ``card-declined`` always is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from ..kernel.message import derived_id
from ..kernel.outside import (
    MOST_CENTS,
    Authorize,
    Capture,
    LedgerEntry,
    LookUp,
    MessageReceipt,
    OutsideAnswer,
    OutsideRequest,
    PaymentReport,
    Refund,
    SendMessage,
    Void,
)

CARD_OK = "card-ok"
CARD_DECLINED = "card-declined"

WebhookType = Literal["payment.captured", "payment.refunded"]


class KeyReused(Exception):
    """An idempotency key came again with another request."""


class Webhook(msgspec.Struct, frozen=True):
    """Word of a movement of money, as it stood right after it. Every copy of it carries the same ``id``."""

    id: str
    type: WebhookType
    report: PaymentReport


class Movement(msgspec.Struct, frozen=True):
    """One movement of money: its line in the ledger and the webhook that tells of it."""

    entry: LedgerEntry
    webhook: Webhook


class Handled(msgspec.Struct, frozen=True):
    """What a request led to. ``capture_due_us`` is when to call `Books.settle` for its payment; 0: never."""

    answer: OutsideAnswer
    movement: Movement | None = None
    capture_due_us: int = 0


class CardTerms(msgspec.Struct, frozen=True):
    """What others decide about an authorization: the card's issuer whether to decline it, the card network when an
    automatic capture is due and when an authorization without capture ends (instants)."""

    declined: bool
    capture_due_us: int
    expires_at_us: int


class Notice(msgspec.Struct, frozen=True):
    """A message that the gateway took on, once, however often it was asked to: ``requests`` counts the asking."""

    idempotency_key: str
    message_id: str
    recipient: str
    kind: str
    time_us: int
    requests: int = 1


class _Payment(msgspec.Struct, frozen=True):
    """A payment as its next report would put it, and the two instants at which time changes it (0: never)."""

    report: PaymentReport
    capture_due_us: int = 0
    expires_at_us: int = 0


class Books:
    """All payments and messages of one provider. Always: refunded <= captured <= authorized."""

    def __init__(self) -> None:
        self._payments: dict[str, _Payment] = {}
        self._answered: dict[str, tuple[OutsideRequest, OutsideAnswer]] = {}
        self._ledger: list[LedgerEntry] = []
        self._notices: dict[str, Notice] = {}

    @property
    def ledger(self) -> Sequence[LedgerEntry]:
        """Every movement of money, in the order in which they were booked."""
        return self._ledger

    @property
    def notices(self) -> Sequence[Notice]:
        """Every message that was taken on, in order."""
        return tuple(self._notices.values())

    def is_new(self, request: OutsideRequest) -> bool:
        """Whether `handle` may change the books. Raises `KeyReused` if its key belongs to another request."""
        if isinstance(request, LookUp):
            return False
        before = self._answered.get(request.idempotency_key)
        if before is not None and before[0] != request:
            raise KeyReused(f"{request.idempotency_key!r} was used with another request")
        return before is None

    def handle(self, request: OutsideRequest, now_us: int, terms: CardTerms) -> Handled:
        """Do what ``request`` asks, or repeat the answer that its key was given before.

        ``terms`` count for a new authorization only. A card rule that says no is an answer too: the payment as it
        stands, with a ``reason``. Raises `KeyReused`.
        """
        if isinstance(request, LookUp):
            return Handled(self._payment(request.payment_id, now_us).report)
        if not self.is_new(request):
            return Handled(self._repeat(request))
        handled = self._do(request, now_us, terms)
        self._answered[request.idempotency_key] = (request, handled.answer)
        return handled

    def settle(self, payment_id: str, now_us: int) -> Movement | None:
        """Collect the whole authorized amount. None if the payment is not, or no longer, authorized."""
        payment = self._payment(payment_id, now_us)
        if payment.report.status != "authorized":
            return None
        return self._capture(payment, payment.report.amount_cents, now_us)

    def captures_due(self) -> Iterator[tuple[str, int]]:
        """Payments that still wait for their automatic capture, and when it is due."""
        for payment_id, payment in self._payments.items():
            if payment.capture_due_us and payment.report.status == "authorized":
                yield payment_id, payment.capture_due_us

    def _do(self, request: OutsideRequest, now_us: int, terms: CardTerms) -> Handled:
        match request:
            case Authorize():
                return self._authorize(request, now_us, terms)
            case Capture():
                return self._capture_by_hand(request, now_us)
            case Void():
                return self._void(request, now_us)
            case Refund():
                return self._refund(request, now_us)
            case SendMessage():
                return self._take_on(request, now_us)
            case _:
                raise TypeError(f"the provider does not handle {type(request).__name__}")

    def _authorize(self, request: Authorize, now_us: int, terms: CardTerms) -> Handled:
        known = self._payment(request.payment_id, now_us)
        if known.report.status != "unknown":
            return Handled(known.report)
        if request.amount_cents > MOST_CENTS:
            return Handled(self._keep(known.report, status="declined", reason="amount-too-high"))
        report = PaymentReport(request.payment_id, "authorized", request.amount_cents)
        if request.card_token == CARD_DECLINED or (terms.declined and request.card_token != CARD_OK):
            return Handled(self._keep(report, status="declined", reason="card-declined"))
        capture_due_us = terms.capture_due_us if request.capture == "automatic" else 0
        self._payments[request.payment_id] = _Payment(report, capture_due_us, terms.expires_at_us)
        return Handled(report, capture_due_us=capture_due_us)

    def _capture_by_hand(self, request: Capture, now_us: int) -> Handled:
        payment = self._payment(request.payment_id, now_us)
        report = payment.report
        if report.status != "authorized":
            return Handled(report)
        if request.amount_cents > report.amount_cents:
            return Handled(_refusing(report, "more-than-authorized"))
        movement = self._capture(payment, request.amount_cents, now_us)
        return Handled(movement.webhook.report, movement)

    def _void(self, request: Void, now_us: int) -> Handled:
        report = self._payment(request.payment_id, now_us).report
        if report.status == "unknown":
            return Handled(self._keep(report, status="voided", reason="voided-before-authorization"))
        if report.status == "authorized":
            return Handled(self._keep(report, status="voided"))
        return Handled(report)

    def _refund(self, request: Refund, now_us: int) -> Handled:
        report = self._payment(request.payment_id, now_us).report
        if report.status in ("refunded", "unknown"):
            return Handled(report)
        if report.status != "captured":
            return Handled(_refusing(report, "not-captured"))
        refunded_cents = report.refunded_cents + request.amount_cents
        if refunded_cents > report.captured_cents:
            return Handled(_refusing(report, "more-than-captured"))
        refund_id = f"refund-{derived_id(request.payment_id, request.idempotency_key)}"
        after = self._keep(
            report,
            status="refunded" if refunded_cents == report.captured_cents else "captured",
            refunded_cents=refunded_cents,
            refund_id=refund_id,
        )
        entry = LedgerEntry(refund_id, "refund", request.payment_id, request.amount_cents, now_us)
        return Handled(after, self._book(entry, "payment.refunded", after))

    def _take_on(self, request: SendMessage, now_us: int) -> Handled:
        key = request.idempotency_key
        message_id = f"message-{derived_id(key)}"
        self._notices[key] = Notice(key, message_id, request.recipient, request.kind, now_us)
        return Handled(MessageReceipt(message_id))

    def _repeat(self, request: OutsideRequest) -> OutsideAnswer:
        notice = self._notices.get(request.idempotency_key)
        if notice is not None:
            self._notices[notice.idempotency_key] = msgspec.structs.replace(notice, requests=notice.requests + 1)
        return self._answered[request.idempotency_key][1]

    def _capture(self, payment: _Payment, amount_cents: int, now_us: int) -> Movement:
        payment_id = payment.report.payment_id
        capture_id = f"capture-{derived_id(payment_id)}"
        after = self._keep(payment.report, status="captured", captured_cents=amount_cents, capture_id=capture_id)
        return self._book(
            LedgerEntry(capture_id, "capture", payment_id, amount_cents, now_us), "payment.captured", after
        )

    def _book(self, entry: LedgerEntry, webhook_type: WebhookType, report: PaymentReport) -> Movement:
        assert entry.amount_cents > 0, "nothing moves without an amount"
        assert report.refunded_cents <= report.captured_cents <= report.amount_cents, report
        self._ledger.append(entry)
        return Movement(entry, Webhook(f"webhook-{derived_id(entry.entry_id)}", webhook_type, report))

    def _payment(self, payment_id: str, now_us: int) -> _Payment:
        """The payment as it stands now. One that nobody has heard of is ``unknown``, and not kept."""
        payment = self._payments.get(payment_id)
        if payment is None:
            return _Payment(PaymentReport(payment_id, "unknown"))
        if payment.report.status == "authorized" and now_us >= payment.expires_at_us:
            self._keep(payment.report, status="voided", reason="authorization-expired")
            return self._payments[payment_id]
        return payment

    def _keep(self, report: PaymentReport, **changes: object) -> PaymentReport:
        """Change a payment for good. Nothing that time decides is left over once it has left ``authorized``."""
        after = msgspec.structs.replace(report, **changes)
        self._payments[report.payment_id] = _Payment(after)
        return after


def _refusing(report: PaymentReport, reason: str) -> PaymentReport:
    return msgspec.structs.replace(report, reason=reason)
