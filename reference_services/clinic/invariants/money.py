"""The money: collected once, for a visit or for a visit that was missed, and otherwise let go."""

from __future__ import annotations

from collections.abc import Iterator

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
    CaptureRequested,
    CopayAuthorized,
    CopayCaptured,
    CopayDeclined,
    CopayVoided,
    NoShowFeeCharged,
    VoidRequested,
)
from ..terms import Terms


class _Account(msgspec.Struct, gc=False):
    """The money of one appointment. ``owed``: what it has to come to ("copay", "fee", "nothing", "" while open).

    ``authorized_us`` is since when a card has kept money for it (0: none does), ``heard_us`` until when nobody had to
    say anything about it, and ``changed_us`` when money last moved, by our ledger or by the provider's.
    """

    owed: str = ""
    since_us: int = 0
    open_payment_id: str = ""
    authorized_us: int = 0
    heard_us: int = 0
    collected: int = 0
    collected_cents: int = 0
    moved_cents: int = 0
    changed_us: int = 0
    uncollectable: bool = False


class CopayFollowsVisit(Invariant):
    """Keeps an account for each appointment, and holds the provider's own books against it.

    How long the provider takes is not ours to promise: it may be away. But whenever it has been silent, it is asked
    again; so once the money is to move, the next word, ours or its, must come within the bound.
    """

    name = "copay-follows-visit"
    statement = (
        "The co-pay is authorized, again before the card lets it go, and collected if and only if the visit took "
        "place, or as the fee for missing it; otherwise it is let go within the bound. Money never moves twice, and "
        "never in another amount; in the end our ledger is the provider's."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._renewal_us = terms.authorization_renewal_us
        self._authorized_cents = terms.copay_cents
        self._amounts = {"copay": terms.copay_cents, "fee": terms.no_show_fee_cents}
        self._accounts: dict[str, _Account] = {}

    @on(AuthorizationRequested)
    def requested(self, message: Message[AuthorizationRequested]) -> None:
        event = message.data
        account, payment_id = self._account(event.appointment_id), event.payment_id
        self._hear(account, message)
        self._judge_amount(message)
        if account.open_payment_id not in ("", payment_id):
            self.violate(f"{payment_id} is asked for while {account.open_payment_id} is open", message)
        account.open_payment_id = payment_id

    @on(CopayAuthorized)
    def authorized(self, message: Message[CopayAuthorized]) -> None:
        event = message.data
        account = self._account(event.appointment_id)
        self._hear(account, message)
        self._judge_amount(message)
        if event.renew_at_us > message.time_us + self._renewal_us:
            self.violate(f"{event.payment_id} is to get older than the card keeps it", message)
        account.open_payment_id = event.payment_id
        account.authorized_us = message.time_us

    @on(CaptureRequested, VoidRequested)
    def used(self, message: Message[CaptureRequested | VoidRequested]) -> None:
        account = self._account(message.data.appointment_id)
        self._hear(account, message)
        if self._is_stale(account, message.time_us):
            self.violate(f"{message.data.payment_id} was not renewed in time", message)
        account.authorized_us = 0

    @on(CopayDeclined, CopayVoided)
    def let_go(self, message: Message[CopayDeclined | CopayVoided]) -> None:
        event = message.data
        account = self._account(event.appointment_id)
        self._hear(account, message)
        account.open_payment_id = ""
        if isinstance(event, CopayDeclined):
            account.heard_us = max(message.time_us, event.again_at_us)
            if event.renewed and not event.again_at_us:
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
        self._hear(account, message)
        kind = "copay" if isinstance(event, CopayCaptured) else "fee"
        account.collected += 1
        account.collected_cents += event.amount_cents
        account.changed_us = max(account.changed_us, message.time_us)
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
        account.changed_us = max(account.changed_us, entry.time_us)

    def finish(self, end_us: int) -> None:
        for appointment_id, account in self._accounts.items():
            for text in self._faults_of(account, end_us):
                self.violate(text, subject=f"copay/{appointment_id}", time_us=end_us)

    def _faults_of(self, account: _Account, end_us: int) -> Iterator[str]:
        expected = self._amounts.get(account.owed, 0)
        if account.moved_cents > expected:
            yield f"the provider moved {account.moved_cents} cents, owed are {expected}"
        elif account.moved_cents != account.collected_cents and end_us > account.changed_us + self._bound_us:
            yield f"we have booked {account.collected_cents} cents, the provider {account.moved_cents}"
        if self._is_stale(account, end_us):
            yield f"{account.open_payment_id} was never renewed"
        if not account.owed or end_us <= account.since_us + self._bound_us:
            return
        if account.open_payment_id and account.owed == "nothing":
            yield f"{account.open_payment_id} is neither collected nor let go"
        elif expected and not account.collected and not account.uncollectable:
            yield f"the {account.owed} was never collected"

    def _hear(self, account: _Account, message: Message) -> None:
        """A word about the money: once it is to move, the next must come within the bound of the one before."""
        late_us = message.time_us - max(account.since_us, account.heard_us) - self._bound_us
        if account.owed and late_us > 0:
            self.violate(f"{message.data.payment_id} goes on {late_us} us late", message)
        account.heard_us = message.time_us

    def _judge_amount(self, message: Message) -> None:
        event = message.data
        if event.amount_cents != self._authorized_cents:
            self.violate(f"{event.payment_id} is for {event.amount_cents} cents", message)

    def _is_stale(self, account: _Account, now_us: int) -> bool:
        """Whether a card has kept the money for longer than it should be relied on to."""
        return account.authorized_us > 0 and now_us > account.authorized_us + self._renewal_us + self._bound_us

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
