"""billing: the co-pay of an appointment, from its authorization to its one ending.

Aggregate ``copay``, keyed by appointment_id. Money is reserved when the appointment is booked and collected after the
visit, or as the fee for not coming. A card lets an authorization go after about a week, so one that gets old is let go
and asked for again, under a new payment_id (appointment_id/number); there is never more than one at a time. The
provider's word comes by two ways that may overtake each other, the answer to our call and a webhook; both become one
command.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.effect import Effect
from ..kernel.message import Command, Event
from ..kernel.outside import Authorize, Capture, OutsideRequest, PaymentReport, PaymentStatus, Void
from ..kernel.transitions import TransitionTable
from ..shared.payments import ATTEMPTS
from .terms import Terms

RENEWALS = 20
"""How often a card that says no to a renewal is asked again before the desk has to ask for another."""

# Commands


class AuthorizeCopay(Command, frozen=True):
    """Reserve the co-pay on the patient's card."""

    appointment_id: str
    card_token: str


class CancelCopay(Command, frozen=True):
    """Nothing is to be collected: let the authorization go."""

    appointment_id: str


class CollectCopay(Command, frozen=True):
    """The visit took place."""

    appointment_id: str


class ChargeFee(Command, frozen=True):
    """The patient did not come, or cancelled too late."""

    appointment_id: str


class RecordReport(Command, frozen=True):
    """The card provider reported how a payment stands."""

    payment_id: str
    status: PaymentStatus
    captured_cents: int = 0
    capture_id: str = ""
    reason: str = ""


class AskAgain(Command, frozen=True):
    """The provider has been silent for too long, or a renewal was declined. Sent by time itself."""

    appointment_id: str


class RenewAuthorization(Command, frozen=True):
    """The authorization gets old. Sent by time itself."""

    appointment_id: str


# Events. ``ask_at_us`` is when the provider is asked again if nothing is heard before.


class AuthorizationRequested(Event, frozen=True):
    """The provider is being asked to reserve the money, for the ``attempt``-th time under this payment."""

    appointment_id: str
    payment_id: str
    amount_cents: int
    card_token: str
    number: int
    ask_at_us: int
    attempt: int = 1


class CopayUnwanted(Event, frozen=True):
    """The card has not been asked for anything yet, and will not be."""

    appointment_id: str


class CopayAuthorized(Event, frozen=True):
    """The money is reserved; at ``renew_at_us`` it is asked for again. ``renewed``: not for the first time."""

    appointment_id: str
    payment_id: str
    amount_cents: int
    renew_at_us: int
    renewed: bool


class CopayDeclined(Event, frozen=True):
    """The card was declined. A renewal (``renewed``) is asked for again at ``again_at_us`` (0: never)."""

    appointment_id: str
    payment_id: str
    reason: str
    again_at_us: int
    renewed: bool


class AuthorizationCameLate(Event, frozen=True):
    """The money was reserved for an appointment that is not wanted any more; it is being let go."""

    appointment_id: str
    payment_id: str


class CollectionDue(Event, frozen=True):
    """The money is to be collected as soon as it is reserved: for the visit, or as a ``fee``."""

    appointment_id: str
    amount_cents: int
    fee: bool


class CaptureRequested(Event, frozen=True):
    """The provider is being asked to collect the money."""

    appointment_id: str
    payment_id: str
    amount_cents: int
    ask_at_us: int
    attempt: int = 1


class CopayCaptured(Event, frozen=True):
    """The co-pay for a visit is ours."""

    appointment_id: str
    payment_id: str
    amount_cents: int
    capture_id: str


class NoShowFeeCharged(Event, frozen=True):
    """The fee for a visit that was not is ours."""

    appointment_id: str
    payment_id: str
    amount_cents: int
    capture_id: str


class VoidRequested(Event, frozen=True):
    """The provider is being asked to let the authorization go; ``final`` if none is to follow."""

    appointment_id: str
    payment_id: str
    final: bool
    ask_at_us: int
    attempt: int = 1


class CopayVoided(Event, frozen=True):
    """The authorization is gone; nothing can be collected under this payment any more."""

    appointment_id: str
    payment_id: str
    final: bool


COPAY = TransitionTable(
    "none",
    {
        ("none", AuthorizationRequested): "requested",
        ("none", CopayUnwanted): "none",
        ("requested", AuthorizationRequested): "requested",
        ("requested", CopayAuthorized): "authorized",
        ("requested", CopayDeclined): "declined",
        ("requested", CollectionDue): "requested",
        ("requested", VoidRequested): "voiding",
        ("declined", AuthorizationRequested): "requested",
        ("declined", CollectionDue): "declined",
        ("declined", CopayVoided): "voided",
        ("authorized", VoidRequested): "voiding",
        ("authorized", CollectionDue): "authorized",
        ("authorized", CaptureRequested): "capturing",
        ("voiding", VoidRequested): "voiding",
        ("voiding", AuthorizationCameLate): "voiding",
        ("voiding", CollectionDue): "voiding",
        ("voiding", CopayVoided): "voided",
        ("voided", AuthorizationRequested): "requested",
        ("capturing", CaptureRequested): "capturing",
        ("capturing", CopayVoided): "voided",
        ("capturing", CopayCaptured): "captured",
        ("capturing", NoShowFeeCharged): "captured",
    },
)

# State


class Copay(msgspec.Struct, frozen=True):
    """The money of one appointment. ``due_cents`` is to be collected (0: nothing yet), as a ``fee`` or for the visit;
    ``unwanted``: nothing ever will be. ``authorized``: the
    provider has said yes to this payment. ``ask_at_us`` is the next deadline (0: none); ``tries`` counts the asking."""

    appointment_id: str
    status: str = COPAY.initial
    card_token: str = ""
    payment_id: str = ""
    number: int = 0
    due_cents: int = 0
    fee: bool = False
    unwanted: bool = False
    ask_at_us: int = 0
    tries: int = 0
    declines: int = 0
    authorized: bool = False


class CopayDecider(Decider[Copay]):
    """Decides what is asked of the card, and what its answers mean."""

    name = "copay"
    commands = (AuthorizeCopay, CancelCopay, CollectCopay, ChargeFee, RecordReport, AskAgain, RenewAuthorization)
    events = (
        AuthorizationRequested,
        CopayUnwanted,
        CopayAuthorized,
        CopayDeclined,
        AuthorizationCameLate,
        CollectionDue,
        CaptureRequested,
        CopayCaptured,
        NoShowFeeCharged,
        VoidRequested,
        CopayVoided,
    )
    transitions = COPAY

    def __init__(self, terms: Terms) -> None:
        self._copay_cents = terms.copay_cents
        self._fee_cents = terms.no_show_fee_cents
        self._ask_after_us = terms.ask_provider_after_us
        self._renew_after_us = terms.authorization_renewal_us

    def key(self, command: Command) -> str:
        if isinstance(command, RecordReport):
            return command.payment_id.rpartition("/")[0]
        assert isinstance(
            command, AuthorizeCopay | CancelCopay | CollectCopay | ChargeFee | AskAgain | RenewAuthorization
        )
        return command.appointment_id

    def initial(self, key: str) -> Copay:
        return Copay(key)

    def decide(self, copay: Copay, command: Command, now_us: int) -> list[Event]:
        match command:
            case AuthorizeCopay():
                if copay.status != COPAY.initial or copay.unwanted:
                    return []
                return [self._authorize(copay, now_us, command.card_token)]
            case CancelCopay():
                return self._cancel(copay, now_us)
            case CollectCopay():
                return self._collect(copay, now_us, self._copay_cents, fee=False)
            case ChargeFee():
                return self._collect(copay, now_us, self._fee_cents, fee=True)
            case RecordReport():
                return self._record(copay, command, now_us)
            case AskAgain():
                return self._ask_again(copay, now_us)
            case RenewAuthorization():
                due = copay.status == "authorized" and now_us >= copay.ask_at_us
                return [self._void(copay, now_us, final=False)] if due else []
            case _:
                raise TypeError(f"copay does not decide {type(command).__name__}")

    def evolve(self, copay: Copay, event: Event) -> Copay:
        status = COPAY.next(copay.status, event)
        change = msgspec.structs.replace
        match event:
            case AuthorizationRequested():
                card, payment_id, number = event.card_token, event.payment_id, event.number
                asked = change(copay, status=status, card_token=card, payment_id=payment_id, number=number)
                return change(asked, ask_at_us=event.ask_at_us, tries=event.attempt, authorized=False)
            case CopayUnwanted():
                return change(copay, unwanted=True)
            case CopayAuthorized():
                return change(copay, status=status, ask_at_us=event.renew_at_us, declines=0, authorized=True)
            case CopayDeclined():
                return change(copay, status=status, ask_at_us=event.again_at_us, declines=copay.declines + 1)
            case CollectionDue():
                return change(copay, due_cents=event.amount_cents, fee=event.fee)
            case CaptureRequested():
                return change(copay, status=status, ask_at_us=event.ask_at_us, tries=event.attempt)
            case VoidRequested():
                ask_at_us, tries, unwanted = event.ask_at_us, event.attempt, event.final
                return change(copay, status=status, ask_at_us=ask_at_us, tries=tries, unwanted=unwanted)
            case AuthorizationCameLate():
                return change(copay, authorized=True)
            case _:
                return change(copay, status=status, ask_at_us=0)

    def deadlines(self, copay: Copay) -> Iterable[Deadline]:
        if not copay.ask_at_us:
            return
        if copay.status == "authorized":
            yield copay.ask_at_us, RenewAuthorization(copay.appointment_id)
        elif _asks_again(copay):
            yield copay.ask_at_us, AskAgain(copay.appointment_id)

    def _cancel(self, copay: Copay, now_us: int) -> list[Event]:
        if copay.unwanted or copay.due_cents:
            return []
        if copay.status == COPAY.initial:
            return [CopayUnwanted(copay.appointment_id)]
        if copay.status in ("requested", "authorized", "voiding"):
            return [self._void(copay, now_us, final=True)]
        if copay.status == "declined" and copay.ask_at_us:
            return [CopayVoided(copay.appointment_id, copay.payment_id, final=True)]
        return []

    def _collect(self, copay: Copay, now_us: int, amount_cents: int, *, fee: bool) -> list[Event]:
        if copay.due_cents or copay.unwanted or copay.status == COPAY.initial:
            return []
        due = CollectionDue(copay.appointment_id, amount_cents, fee)
        return [due, self._capture(copay, now_us, amount_cents)] if copay.status == "authorized" else [due]

    def _record(self, copay: Copay, report: RecordReport, now_us: int) -> list[Event]:
        if report.payment_id != copay.payment_id:
            return []
        match copay.status, report.status:
            case "requested", "authorized":
                return self._authorized(copay, now_us)
            case "requested", "declined":
                return [self._declined(copay, report, now_us)]
            case "voiding", "authorized" if copay.unwanted and not copay.authorized:
                return [AuthorizationCameLate(copay.appointment_id, copay.payment_id)]
            case "voiding", "voided" | "declined":
                return self._voided(copay, now_us)
            case "capturing", "captured" if report.captured_cents == copay.due_cents and report.capture_id:
                return [self._captured(copay, report)]
            case "capturing", "voided":
                return self._voided(copay, now_us)  # the card has let go of it in the meantime
            case _:
                return []

    def _authorized(self, copay: Copay, now_us: int) -> list[Event]:
        renew_at_us = now_us + self._renew_after_us
        authorized = CopayAuthorized(
            copay.appointment_id, copay.payment_id, self._copay_cents, renew_at_us, renewed=copay.number > 1
        )
        return [authorized, self._capture(copay, now_us, copay.due_cents)] if copay.due_cents else [authorized]

    def _declined(self, copay: Copay, report: RecordReport, now_us: int) -> CopayDeclined:
        renewed = copay.number > 1
        again_at_us = now_us + self._ask_after_us if renewed and copay.declines < RENEWALS else 0
        return CopayDeclined(copay.appointment_id, copay.payment_id, report.reason, again_at_us, renewed)

    def _voided(self, copay: Copay, now_us: int) -> list[Event]:
        voided = CopayVoided(copay.appointment_id, copay.payment_id, copay.unwanted)
        return [voided] if copay.unwanted else [voided, self._authorize(copay, now_us)]

    def _captured(self, copay: Copay, report: RecordReport) -> Event:
        answer = (copay.appointment_id, copay.payment_id, report.captured_cents, report.capture_id)
        return NoShowFeeCharged(*answer) if copay.fee else CopayCaptured(*answer)

    def _ask_again(self, copay: Copay, now_us: int) -> list[Event]:
        if not _asks_again(copay) or now_us < copay.ask_at_us:
            return []
        match copay.status:
            case "requested":
                return [self._authorize(copay, now_us, again=True)]
            case "voiding":
                return [self._void(copay, now_us, final=copay.unwanted)]
            case "capturing":
                return [self._capture(copay, now_us, copay.due_cents)]
            case "declined":
                return [self._authorize(copay, now_us)]
            case _:
                return []

    def _authorize(self, copay: Copay, now_us: int, card: str = "", *, again: bool = False) -> AuthorizationRequested:
        number, attempt = (copay.number, copay.tries + 1) if again else (copay.number + 1, 1)
        return AuthorizationRequested(
            copay.appointment_id,
            f"{copay.appointment_id}/{number}",
            self._copay_cents,
            card or copay.card_token,
            number,
            now_us + self._ask_after_us,
            attempt,
        )

    def _capture(self, copay: Copay, now_us: int, amount_cents: int) -> CaptureRequested:
        attempt = copay.tries + 1 if copay.status == "capturing" else 1
        ask_at_us = now_us + self._ask_after_us
        return CaptureRequested(copay.appointment_id, copay.payment_id, amount_cents, ask_at_us, attempt)

    def _void(self, copay: Copay, now_us: int, *, final: bool) -> VoidRequested:
        attempt = copay.tries + 1 if copay.status == "voiding" else 1
        ask_at_us = now_us + self._ask_after_us
        return VoidRequested(copay.appointment_id, copay.payment_id, final, ask_at_us, attempt)


WAITING_FOR_PROVIDER = ("requested", "voiding", "capturing")


def _asks_again(copay: Copay) -> bool:
    if copay.status == "declined":
        return copay.ask_at_us > 0
    return copay.status in WAITING_FOR_PROVIDER and copay.tries < ATTEMPTS


# Effects. Each kind of call has one idempotency key a payment, however often it is repeated.


def _authorize_request(event: AuthorizationRequested) -> OutsideRequest:
    return Authorize(event.payment_id, event.payment_id, event.amount_cents, event.card_token, "manual")


def _capture_request(event: CaptureRequested) -> OutsideRequest:
    return Capture(f"{event.payment_id}/capture", event.payment_id, event.amount_cents)


def _void_request(event: VoidRequested) -> OutsideRequest:
    return Void(f"{event.payment_id}/void", event.payment_id)


def _record_answer(event: Any, report: PaymentReport) -> Command:
    return report_command(report)


def report_command(report: PaymentReport) -> RecordReport:
    """The command that records what the provider said, whichever way it came."""
    return RecordReport(report.payment_id, report.status, report.captured_cents, report.capture_id, report.reason)


EFFECTS = (
    Effect("authorize", AuthorizationRequested, _authorize_request, _record_answer),
    Effect("capture", CaptureRequested, _capture_request, _record_answer),
    Effect("void", VoidRequested, _void_request, _record_answer),
)
