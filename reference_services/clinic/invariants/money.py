"""The money: collected once, for a visit or for a visit that was missed, and otherwise let go."""

from __future__ import annotations

import msgspec

from ...kernel.history import ProviderBooked
from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRejected,
    PatientArrived,
    PatientNoShow,
    VisitFulfilled,
)
from ..billing import (
    AuthorizationRequested,
    CopayAuthorized,
    CopayCaptured,
    CopayDeclined,
    CopayVoided,
    NoShowFeeCharged,
)
from ..terms import Terms


class _Account(msgspec.Struct, gc=False):
    """The money of one appointment. ``owed``: what it has to come to ("copay", "fee", "nothing", "" while open)."""

    owed: str = ""
    since_us: int = 0
    open_payment_id: str = ""
    collected: int = 0
    moved_cents: int = 0
    uncollectable: bool = False


class CopayFollowsVisit(Invariant):
    """Keeps an account for each appointment, and holds the provider's own books against it."""

    name = "copay-follows-visit"
    statement = (
        "The co-pay is collected if and only if the visit took place, or as the fee for missing it; otherwise it is "
        "let go within the bound. Money never moves twice, and never in another amount."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._amounts = {"copay": terms.copay_cents, "fee": terms.no_show_fee_cents}
        self._accounts: dict[str, _Account] = {}

    @on(AuthorizationRequested)
    def requested(self, message: Message[AuthorizationRequested]) -> None:
        account, payment_id = self._account(message.data.appointment_id), message.data.payment_id
        if account.open_payment_id not in ("", payment_id):
            self.violate(f"{payment_id} is asked for while {account.open_payment_id} is open", message)
        account.open_payment_id = payment_id

    @on(CopayAuthorized)
    def authorized(self, message: Message[CopayAuthorized]) -> None:
        self._account(message.data.appointment_id).open_payment_id = message.data.payment_id

    @on(CopayDeclined, CopayVoided)
    def let_go(self, message: Message[CopayDeclined | CopayVoided]) -> None:
        event = message.data
        account = self._account(event.appointment_id)
        account.open_payment_id = ""
        if isinstance(event, CopayDeclined) and event.renewed and not event.again_at_us:
            account.uncollectable = True

    @on(VisitFulfilled, PatientNoShow, AppointmentRejected, AppointmentCancelled)
    def ended(self, message: Message) -> None:
        event = message.data
        account = self._account(event.appointment_id)
        if isinstance(event, VisitFulfilled):
            account.owed = "copay"
        elif isinstance(event, PatientNoShow) or (isinstance(event, AppointmentCancelled) and event.late):
            account.owed = "fee"
        else:
            account.owed = "nothing"
        account.since_us = message.time_us

    @on(CopayCaptured, NoShowFeeCharged)
    def captured(self, message: Message[CopayCaptured | NoShowFeeCharged]) -> None:
        event = message.data
        account = self._account(event.appointment_id)
        kind = "copay" if isinstance(event, CopayCaptured) else "fee"
        account.collected += 1
        account.open_payment_id = ""
        if account.owed != kind:
            self.violate(
                f"{event.appointment_id}: the {kind} is collected, owed is {account.owed or 'nothing yet'}", message
            )
        elif event.amount_cents != self._amounts[kind]:
            self.violate(f"{event.appointment_id}: {event.amount_cents} cents are collected as {kind}", message)
        if account.collected > 1:
            self.violate(f"{event.appointment_id}: money is collected twice", message)

    @on(ProviderBooked)
    def booked(self, message: Message[ProviderBooked]) -> None:
        entry = message.data.entry
        account = self._account(entry.payment_id.rpartition("/")[0])
        account.moved_cents += entry.amount_cents if entry.kind == "capture" else -entry.amount_cents

    def finish(self, end_us: int) -> None:
        for appointment_id, account in self._accounts.items():
            expected = self._amounts.get(account.owed, 0)
            if account.moved_cents > expected:
                text = f"the provider moved {account.moved_cents} cents, owed are {expected}"
                self.violate(text, subject=f"copay/{appointment_id}", time_us=end_us)
            if not account.owed or end_us <= account.since_us + self._bound_us:
                continue
            if account.open_payment_id and account.owed == "nothing":
                text = f"{account.open_payment_id} is neither collected nor let go"
                self.violate(text, subject=f"copay/{appointment_id}", time_us=end_us)
            elif expected and not account.collected and not account.uncollectable:
                self.violate(
                    f"the {account.owed} was never collected", subject=f"copay/{appointment_id}", time_us=end_us
                )

    def _account(self, appointment_id: str) -> _Account:
        account = self._accounts.get(appointment_id)
        if account is None:
            account = self._accounts[appointment_id] = _Account()
        return account


class FeeFair(Invariant):
    """Knows when each visit begins and whether its patient came."""

    name = "fee-fair"
    statement = (
        "A fee is charged at most once, and only to patients who had not come by the end of the grace period, or who "
        "cancelled after the cutoff; who cancels before it pays nothing."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._cutoff_us = terms.cancellation_cutoff_us
        self._grace_us = terms.no_show_grace_us
        self._starts_us: dict[str, int] = {}
        self._arrived: set[str] = set()
        self._liable: set[str] = set()

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        self._starts_us[message.data.appointment_id] = message.data.place.starts_us

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        self._starts_us[message.data.appointment_id] = message.data.new.starts_us

    @on(PatientArrived)
    def arrived(self, message: Message[PatientArrived]) -> None:
        self._arrived.add(message.data.appointment_id)

    @on(PatientNoShow)
    def no_show(self, message: Message[PatientNoShow]) -> None:
        appointment_id = message.data.appointment_id
        early_us = self._starts_us[appointment_id] + self._grace_us - message.time_us
        if appointment_id in self._arrived:
            self.violate(f"the patient of {appointment_id} came, and is taken for absent", message)
        if early_us > 0:
            self.violate(f"the patient of {appointment_id} is given up {early_us} us early", message)
        self._liable.add(appointment_id)

    @on(AppointmentCancelled)
    def cancelled(self, message: Message[AppointmentCancelled]) -> None:
        event = message.data
        too_late = message.time_us > self._starts_us[event.appointment_id] - self._cutoff_us
        fair = too_late and event.because == "patient"
        if event.late != fair:
            said = "late" if event.late else "in time"
            self.violate(f"{event.appointment_id} is taken for cancelled {said}", message)
        if fair:
            self._liable.add(event.appointment_id)

    @on(NoShowFeeCharged)
    def charged(self, message: Message[NoShowFeeCharged]) -> None:
        appointment_id = message.data.appointment_id
        if appointment_id not in self._liable:
            self.violate(f"{appointment_id} is charged a fee without reason, or twice", message)
        self._liable.discard(appointment_id)
