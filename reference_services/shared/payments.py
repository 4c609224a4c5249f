"""payments: what was asked of the card provider, what it said, and what was done about silence.

Aggregate ``payment``, keyed by payment_id: one attempt to collect some money. ``reference`` is what it is for, in the
words of whoever asked for it; it comes back with every event. The provider speaks in reports, over three ways that may
overtake each other: the answer to our call, a webhook, and the answer when we ask. All three become one command.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.effect import Effect
from ..kernel.message import Command, Event
from ..kernel.operation import Accepted, Action, Call, accepted
from ..kernel.outside import Authorize, LookUp, OutsideRequest, PaymentReport, PaymentStatus, Refund, Void
from ..kernel.projection import Views
from ..kernel.transitions import TransitionTable

# Commands


class AuthorizePayment(Command, frozen=True):
    """Charge a card."""

    payment_id: str
    reference: str
    amount_cents: int
    card_token: str


class RecordReport(Command, frozen=True):
    """The provider reported how the payment stands."""

    payment_id: str
    status: PaymentStatus
    captured_cents: int = 0
    refunded_cents: int = 0
    capture_id: str = ""
    refund_id: str = ""
    reason: str = ""

    @classmethod
    def of(cls, report: PaymentReport) -> Self:
        """What the provider said, whichever way it came."""
        return cls(
            report.payment_id,
            report.status,
            report.captured_cents,
            report.refunded_cents,
            report.capture_id,
            report.refund_id,
            report.reason,
        )


class CancelPayment(Command, frozen=True):
    """Undo the payment in whichever way it still can be: let the authorization go, or give the money back."""

    payment_id: str


class AskProvider(Command, frozen=True):
    """The provider has been silent for too long. Sent by time itself."""

    payment_id: str


# Events. ``ask_at_us`` is when the provider is asked if nothing is heard before.


class AuthorizationRequested(Event, frozen=True):
    """The provider is being asked to charge the card."""

    payment_id: str
    reference: str
    amount_cents: int
    card_token: str
    ask_at_us: int


class PaymentAuthorized(Event, frozen=True):
    """The money is reserved on the card; the provider will collect it."""

    payment_id: str
    reference: str
    amount_cents: int
    ask_at_us: int


class PaymentDeclined(Event, frozen=True):
    """The card was declined. Whoever wants to try again needs a new payment."""

    payment_id: str
    reference: str
    reason: str


class PaymentCaptured(Event, frozen=True):
    """The money has moved to us."""

    payment_id: str
    reference: str
    amount_cents: int
    capture_id: str


class VoidRequested(Event, frozen=True):
    """The provider is being asked to let the authorization go.

    ``unwanted``: the payment was cancelled. If not, the provider just does not know it, and should it be captured all
    the same before the void arrives, the money is welcome.
    """

    payment_id: str
    reference: str
    ask_at_us: int
    unwanted: bool
    attempt: int = 1


class PaymentVoided(Event, frozen=True):
    """The authorization is gone; nothing can be captured any more."""

    payment_id: str
    reference: str


class RefundRequested(Event, frozen=True):
    """The provider is being asked to give the money back."""

    payment_id: str
    reference: str
    amount_cents: int
    ask_at_us: int
    attempt: int = 1


class PaymentRefunded(Event, frozen=True):
    """The money has moved back."""

    payment_id: str
    reference: str
    amount_cents: int
    refund_id: str


class PaymentUnresolved(Event, frozen=True):
    """Nothing was heard in time; the provider is being asked, for the ``asked``-th time."""

    payment_id: str
    reference: str
    ask_at_us: int
    asked: int


class ReportIgnored(Event, frozen=True):
    """A capture was reported again (``duplicate``), or money is said to have moved against what is known, or another
    amount than it should (``contradiction``). Nothing changed."""

    payment_id: str
    capture_id: str
    reason: str


PAYMENT = TransitionTable(
    "none",
    {
        ("none", AuthorizationRequested): "requested",
        ("requested", PaymentAuthorized): "authorized",
        ("requested", PaymentDeclined): "declined",
        ("requested", PaymentUnresolved): "unresolved",
        ("requested", VoidRequested): "voiding",
        ("requested", PaymentVoided): "voided",
        ("authorized", PaymentCaptured): "captured",
        ("authorized", PaymentUnresolved): "unresolved",
        ("authorized", VoidRequested): "voiding",
        ("authorized", PaymentVoided): "voided",
        ("unresolved", PaymentAuthorized): "authorized",
        ("unresolved", PaymentDeclined): "declined",
        ("unresolved", PaymentUnresolved): "unresolved",
        ("unresolved", VoidRequested): "voiding",
        ("unresolved", PaymentVoided): "voided",
        ("voiding", VoidRequested): "voiding",
        ("voiding", PaymentAuthorized): "authorized",
        ("voiding", PaymentDeclined): "declined",
        ("voiding", PaymentVoided): "voided",
        ("captured", RefundRequested): "refund_requested",
        ("refund_requested", RefundRequested): "refund_requested",
        ("refund_requested", PaymentRefunded): "refunded",
    },
)

ATTEMPTS = 5_000
"""How often the provider is asked in vain before a person has to: a week at two minutes, as long as an authorization
lives. What it says after that still counts."""

# State


class Payment(msgspec.Struct, frozen=True):
    """One attempt to collect. ``unwanted``: nobody wants the money any more; ``tries`` counts how often the provider
    has been asked for what is being waited for."""

    payment_id: str
    status: str = PAYMENT.initial
    reference: str = ""
    amount_cents: int = 0
    capture_id: str = ""
    ask_at_us: int = 0
    tries: int = 0
    unwanted: bool = False


class PaymentDecider(Decider[Payment]):
    """Decides what a report, a change of mind or silence means for one payment."""

    name = "payment"
    key_field = "payment_id"
    commands = (AuthorizePayment, RecordReport, CancelPayment, AskProvider)
    events = (
        AuthorizationRequested,
        PaymentAuthorized,
        PaymentDeclined,
        PaymentCaptured,
        VoidRequested,
        PaymentVoided,
        RefundRequested,
        PaymentRefunded,
        PaymentUnresolved,
        ReportIgnored,
    )
    transitions = PAYMENT

    def __init__(self, ask_after_us: int) -> None:
        self._ask_after_us = ask_after_us

    def initial(self, key: str) -> Payment:
        return Payment(key)

    def decide(self, payment: Payment, command: Command, now_us: int) -> list[Event]:
        match command:
            case AuthorizePayment():
                return self._authorize(payment, command, now_us)
            case RecordReport():
                return self._record(payment, command, now_us)
            case CancelPayment():
                return self._cancel(payment, now_us)
            case AskProvider():
                return self._ask(payment, now_us)
            case _:
                raise TypeError(f"payment does not decide {type(command).__name__}")

    def evolve(self, payment: Payment, event: Event) -> Payment:
        if isinstance(event, ReportIgnored):
            return payment
        status = PAYMENT.next(payment.status, event)
        change = msgspec.structs.replace
        match event:
            case AuthorizationRequested():
                return Payment(payment.payment_id, status, event.reference, event.amount_cents, "", event.ask_at_us)
            case PaymentAuthorized():
                return change(payment, status=status, ask_at_us=event.ask_at_us)
            case PaymentCaptured():
                return change(payment, status=status, capture_id=event.capture_id, tries=0)
            case PaymentUnresolved():
                return change(payment, status=status, ask_at_us=event.ask_at_us, tries=event.asked)
            case VoidRequested():
                ask_at_us, tries, unwanted = event.ask_at_us, event.attempt, event.unwanted
                return change(payment, status=status, ask_at_us=ask_at_us, tries=tries, unwanted=unwanted)
            case RefundRequested():
                return change(payment, status=status, ask_at_us=event.ask_at_us, tries=event.attempt, unwanted=True)
            case _:
                return change(payment, status=status)

    def deadlines(self, payment: Payment) -> Iterable[Deadline]:
        if _asks_again(payment):
            yield payment.ask_at_us, AskProvider(payment.payment_id)

    def _authorize(self, payment: Payment, command: AuthorizePayment, now_us: int) -> list[Event]:
        if payment.status != PAYMENT.initial:
            return []
        return [
            AuthorizationRequested(
                command.payment_id,
                command.reference,
                command.amount_cents,
                command.card_token,
                now_us + self._ask_after_us,
            )
        ]

    def _record(self, payment: Payment, report: RecordReport, now_us: int) -> list[Event]:
        match report.status:
            case "authorized":
                return self._authorized(payment, now_us)
            case "captured":
                return self._captured(payment, report, now_us)
            case "declined":
                return self._ended(payment, PaymentDeclined(payment.payment_id, payment.reference, report.reason))
            case "voided":
                return self._ended(payment, PaymentVoided(payment.payment_id, payment.reference))
            case "refunded":
                return self._refunded(payment, report, now_us)
            case "unknown":
                # Nobody there knows it, but our call may still be under way: a void makes sure that it fails.
                if payment.status not in ("requested", "unresolved"):
                    return []
                return self._void(payment, now_us, unwanted=False)

    def _authorized(self, payment: Payment, now_us: int) -> list[Event]:
        if payment.status not in ("requested", "unresolved"):
            return []
        ask_at_us = now_us + self._ask_after_us
        return [PaymentAuthorized(payment.payment_id, payment.reference, payment.amount_cents, ask_at_us)]

    def _captured(self, payment: Payment, report: RecordReport, now_us: int) -> list[Event]:
        complete = report.captured_cents == payment.amount_cents and report.capture_id != ""
        if payment.status in ("captured", "refund_requested", "refunded"):
            same = complete and report.capture_id == payment.capture_id
            return [ReportIgnored(payment.payment_id, report.capture_id, "duplicate" if same else "contradiction")]
        if payment.status not in WAITING_FOR_PROVIDER or not complete:
            return [ReportIgnored(payment.payment_id, report.capture_id, "contradiction")]
        events: list[Event] = []
        if payment.status != "authorized":
            # The capture overtook the word of the authorization that it implies.
            events.append(PaymentAuthorized(payment.payment_id, payment.reference, payment.amount_cents, now_us))
        captured = PaymentCaptured(payment.payment_id, payment.reference, report.captured_cents, report.capture_id)
        events.append(captured)
        if payment.unwanted:
            events.append(self._refund(payment, now_us, attempt=1))
        return events

    def _ended(self, payment: Payment, ending: PaymentDeclined | PaymentVoided) -> list[Event]:
        return [ending] if PAYMENT.allows(payment.status, type(ending)) else []

    def _refunded(self, payment: Payment, report: RecordReport, now_us: int) -> list[Event]:
        if payment.status != "refund_requested":
            return []
        if report.refunded_cents != payment.amount_cents or not report.refund_id:
            return [ReportIgnored(payment.payment_id, payment.capture_id, "contradiction")]
        return [PaymentRefunded(payment.payment_id, payment.reference, report.refunded_cents, report.refund_id)]

    def _cancel(self, payment: Payment, now_us: int) -> list[Event]:
        if payment.status == "captured":
            return [self._refund(payment, now_us, attempt=1)]
        if payment.status in ("requested", "authorized", "unresolved", "voiding") and not payment.unwanted:
            return self._void(payment, now_us, unwanted=True)
        return []

    def _ask(self, payment: Payment, now_us: int) -> list[Event]:
        if not _asks_again(payment) or now_us < payment.ask_at_us:
            return []
        if payment.status == "voiding":
            return self._void(payment, now_us, payment.unwanted)
        if payment.status == "refund_requested":
            return [self._refund(payment, now_us, payment.tries + 1)]
        ask_at_us = now_us + self._ask_after_us
        return [PaymentUnresolved(payment.payment_id, payment.reference, ask_at_us, payment.tries + 1)]

    def _void(self, payment: Payment, now_us: int, unwanted: bool) -> list[Event]:
        attempt = payment.tries + 1 if payment.status == "voiding" else 1
        ask_at_us = now_us + self._ask_after_us
        return [VoidRequested(payment.payment_id, payment.reference, ask_at_us, unwanted, attempt)]

    def _refund(self, payment: Payment, now_us: int, attempt: int) -> RefundRequested:
        ask_at_us = now_us + self._ask_after_us
        return RefundRequested(payment.payment_id, payment.reference, payment.amount_cents, ask_at_us, attempt)


WAITING_FOR_PROVIDER = ("requested", "authorized", "unresolved", "voiding", "refund_requested")


def _asks_again(payment: Payment) -> bool:
    return payment.status in WAITING_FOR_PROVIDER and payment.tries < ATTEMPTS


# Effects. Each kind of call has one idempotency key a payment, however often it is repeated.


def _authorize_request(event: AuthorizationRequested) -> OutsideRequest:
    return Authorize(event.payment_id, event.payment_id, event.amount_cents, event.card_token)


def _void_request(event: VoidRequested) -> OutsideRequest:
    return Void(f"{event.payment_id}/void", event.payment_id)


def _refund_request(event: RefundRequested) -> OutsideRequest:
    return Refund(f"{event.payment_id}/refund", event.payment_id, event.amount_cents)


def _look_up_request(event: PaymentUnresolved) -> OutsideRequest:
    return LookUp(f"{event.payment_id}/look-up/{event.asked}", event.payment_id)


def _record_answer(event: Any, report: PaymentReport) -> Command:
    return RecordReport.of(report)


PROVIDER_CALLS = (
    Effect("authorize", AuthorizationRequested, _authorize_request, _record_answer),
    Effect("void", VoidRequested, _void_request, _record_answer),
    Effect("refund", RefundRequested, _refund_request, _record_answer),
    Effect("look-up", PaymentUnresolved, _look_up_request, _record_answer),
)

# The webhook


def take_report(call: Call, views: Views) -> RecordReport:
    return RecordReport.of(call.body)


TAKE_PAYMENT_REPORT = Action(
    "take_payment_report",
    "POST",
    "/webhooks/payments",
    "The provider reports how a payment stands",
    ("provider",),
    take_report,
    accepted,
    Accepted,
    body=PaymentReport,
    signed=True,
)
