"""billing, the second half: what was asked of the card provider, what it said, and what was done about silence.

Aggregate ``payment``, keyed by payment_id: one attempt to collect a charge. The provider speaks in reports, over three
ways that may overtake each other: the answer to our call, a webhook, and the answer when we ask. All three become one
command.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.effect import Effect
from ..kernel.message import Command, Event
from ..kernel.outside import Authorize, LookUp, OutsideRequest, PaymentReport, PaymentStatus, Refund, Void
from ..kernel.transitions import TransitionTable
from .terms import Terms

# Commands


class CollectPayment(Command, frozen=True):
    """Charge the rider's card."""

    payment_id: str
    rider_id: str
    charge_id: str
    amount_cents: int
    card_token: str


class RefundPayment(Command, frozen=True):
    """Give the money back."""

    payment_id: str


class RecordReport(Command, frozen=True):
    """The provider reported how the payment stands."""

    payment_id: str
    status: PaymentStatus
    captured_cents: int = 0
    refunded_cents: int = 0
    capture_id: str = ""
    refund_id: str = ""
    reason: str = ""


class AskProvider(Command, frozen=True):
    """The provider has been silent for too long. Sent by time itself."""

    payment_id: str


# Events. ``ask_at_us`` is when the provider is asked if nothing is heard before.


class AuthorizationRequested(Event, frozen=True):
    """The provider is being asked to charge the card."""

    payment_id: str
    rider_id: str
    charge_id: str
    amount_cents: int
    card_token: str
    ask_at_us: int


class PaymentAuthorized(Event, frozen=True):
    """The money is reserved on the card; the provider will collect it."""

    payment_id: str
    amount_cents: int
    ask_at_us: int


class PaymentDeclined(Event, frozen=True):
    """The card was declined."""

    payment_id: str
    rider_id: str
    charge_id: str


class PaymentCaptured(Event, frozen=True):
    """The money has moved to us."""

    payment_id: str
    rider_id: str
    charge_id: str
    amount_cents: int
    capture_id: str


class VoidRequested(Event, frozen=True):
    """The provider does not know the payment; it is being told to refuse it, should our call still be under way."""

    payment_id: str
    ask_at_us: int
    attempt: int


class PaymentVoided(Event, frozen=True):
    """Nothing can be captured any more."""

    payment_id: str
    rider_id: str
    charge_id: str


class RefundRequested(Event, frozen=True):
    """The provider is being asked to give the money back."""

    payment_id: str
    amount_cents: int
    ask_at_us: int
    attempt: int


class PaymentRefunded(Event, frozen=True):
    """The money has moved back."""

    payment_id: str
    rider_id: str
    charge_id: str
    amount_cents: int
    refund_id: str


class PaymentUnresolved(Event, frozen=True):
    """Nothing was heard in time; the provider is being asked, for the ``asked``-th time."""

    payment_id: str
    ask_at_us: int
    asked: int


class ReportIgnored(Event, frozen=True):
    """A capture was reported again (``duplicate``), or against what is known (``contradiction``)."""

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

WAITING_FOR_PROVIDER = ("requested", "authorized", "unresolved", "voiding", "refund_requested")


class Payment(msgspec.Struct, frozen=True):
    """One attempt to collect; ``tries`` counts how often the provider has been asked for what is being waited for."""

    payment_id: str
    status: str = PAYMENT.initial
    rider_id: str = ""
    charge_id: str = ""
    amount_cents: int = 0
    capture_id: str = ""
    ask_at_us: int = 0
    tries: int = 0


class PaymentDecider(Decider[Payment]):
    """Decides what a report or silence means for one payment."""

    name = "payment"
    key_field = "payment_id"
    commands = (CollectPayment, RefundPayment, RecordReport, AskProvider)
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

    def __init__(self, terms: Terms) -> None:
        self._ask_after_us = terms.ask_provider_after_us

    def initial(self, key: str) -> Payment:
        return Payment(key)

    def decide(self, payment: Payment, command: Command, now_us: int) -> list[Event]:
        match command:
            case CollectPayment():
                return self._collect(payment, command, now_us)
            case RefundPayment():
                return [self._refund(payment, now_us, attempt=1)] if payment.status == "captured" else []
            case RecordReport():
                return self._record(payment, command, now_us)
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
                rider_id, charge_id, amount_cents = event.rider_id, event.charge_id, event.amount_cents
                return Payment(payment.payment_id, status, rider_id, charge_id, amount_cents, "", event.ask_at_us)
            case PaymentAuthorized():
                return change(payment, status=status, ask_at_us=event.ask_at_us)
            case PaymentCaptured():
                return change(payment, status=status, capture_id=event.capture_id, tries=0)
            case PaymentUnresolved():
                return change(payment, status=status, ask_at_us=event.ask_at_us, tries=event.asked)
            case VoidRequested() | RefundRequested():
                return change(payment, status=status, ask_at_us=event.ask_at_us, tries=event.attempt)
            case _:
                return change(payment, status=status)

    def deadlines(self, payment: Payment) -> Iterable[Deadline]:
        if payment.status in WAITING_FOR_PROVIDER:
            yield payment.ask_at_us, AskProvider(payment.payment_id)

    def _collect(self, payment: Payment, command: CollectPayment, now_us: int) -> list[Event]:
        if payment.status != PAYMENT.initial:
            return []
        return [
            AuthorizationRequested(
                command.payment_id,
                command.rider_id,
                command.charge_id,
                command.amount_cents,
                command.card_token,
                now_us + self._ask_after_us,
            )
        ]

    def _record(self, payment: Payment, report: RecordReport, now_us: int) -> list[Event]:
        names = payment.payment_id, payment.rider_id, payment.charge_id
        match report.status:
            case "authorized":
                return self._authorized(payment, now_us)
            case "captured":
                return self._captured(payment, report, now_us)
            case "declined":
                return _ended(payment, PaymentDeclined(*names))
            case "voided":
                return _ended(payment, PaymentVoided(*names))
            case "refunded":
                if payment.status != "refund_requested":
                    return []
                return [PaymentRefunded(*names, report.refunded_cents, report.refund_id)]
            case "unknown":
                # Nobody there knows it, but our call may still be under way: a void makes sure that it fails.
                return [self._void(payment, now_us)] if payment.status in ("requested", "unresolved") else []

    def _authorized(self, payment: Payment, now_us: int) -> list[Event]:
        if payment.status not in ("requested", "unresolved"):
            return []
        return [PaymentAuthorized(payment.payment_id, payment.amount_cents, now_us + self._ask_after_us)]

    def _captured(self, payment: Payment, report: RecordReport, now_us: int) -> list[Event]:
        if payment.status not in WAITING_FOR_PROVIDER or payment.status == "refund_requested":
            same = report.capture_id == payment.capture_id
            return [ReportIgnored(payment.payment_id, report.capture_id, "duplicate" if same else "contradiction")]
        events: list[Event] = []
        if payment.status != "authorized":
            # The capture overtook the word of the authorization that it implies.
            events.append(PaymentAuthorized(payment.payment_id, payment.amount_cents, now_us))
        names = payment.payment_id, payment.rider_id, payment.charge_id
        return [*events, PaymentCaptured(*names, report.captured_cents, report.capture_id)]

    def _ask(self, payment: Payment, now_us: int) -> list[Event]:
        if payment.status not in WAITING_FOR_PROVIDER or now_us < payment.ask_at_us:
            return []
        if payment.status == "voiding":
            return [self._void(payment, now_us)]
        if payment.status == "refund_requested":
            return [self._refund(payment, now_us, payment.tries + 1)]
        return [PaymentUnresolved(payment.payment_id, now_us + self._ask_after_us, payment.tries + 1)]

    def _void(self, payment: Payment, now_us: int) -> VoidRequested:
        attempt = payment.tries + 1 if payment.status == "voiding" else 1
        return VoidRequested(payment.payment_id, now_us + self._ask_after_us, attempt)

    def _refund(self, payment: Payment, now_us: int, attempt: int) -> RefundRequested:
        return RefundRequested(payment.payment_id, payment.amount_cents, now_us + self._ask_after_us, attempt)


def _ended(payment: Payment, ending: PaymentDeclined | PaymentVoided) -> list[Event]:
    return [ending] if PAYMENT.allows(payment.status, type(ending)) else []


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
    return report_command(report)


def report_command(report: PaymentReport) -> RecordReport:
    """The command that records what the provider said, whichever way it came."""
    return RecordReport(
        report.payment_id,
        report.status,
        report.captured_cents,
        report.refunded_cents,
        report.capture_id,
        report.refund_id,
        report.reason,
    )


EFFECTS = (
    Effect("authorize", AuthorizationRequested, _authorize_request, _record_answer),
    Effect("void", VoidRequested, _void_request, _record_answer),
    Effect("refund", RefundRequested, _refund_request, _record_answer),
    Effect("look-up", PaymentUnresolved, _look_up_request, _record_answer),
)
