"""What was promised: a success stands, riders are told once, and whatever is under way comes to rest."""

from __future__ import annotations

from ...kernel.history import Answered
from ...kernel.invariant import Invariant
from ...kernel.message import Message, Refused
from ...kernel.observer import on
from ...shared.notifications import NotificationFailed, NotificationRequested, NotificationSent
from ..account_messages import (
    ChargeFailed,
    ChargeRefunded,
    ChargeRequested,
    ChargeSucceeded,
    DisputeOpened,
    DisputeSettled,
)
from ..bike_messages import (
    BikeDocked,
    BikeHandedIn,
    BikeLoaded,
    BikeMissing,
    BikeReserved,
    BikeUnlocked,
    DeviceIgnored,
    UnlockFailed,
)
from ..passes import (
    PassActivated,
    PassPaid,
    PassPurchased,
    PassRenewed,
    PassUnpaid,
    RenewalDue,
    RenewalFailed,
)
from ..payments import (
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
from ..riders import BikeOffered, RideBegan, RideEnded, UnlockRefused, UnlockRequested
from ..stations import ReturnIgnored, ReturnOverflowed, ReturnRefused, ReturnTaken, StationOpened
from ..terms import Terms
from ..trips import TripClosed, TripEnded

ACCEPTED = 202


class AcceptedIsKept(Invariant):
    """Every success that a client was told of must be in the history.

    202 says that the command is taken in, not what will be decided; so a later refusal keeps that promise too.
    """

    name = "accepted-is-kept"
    statement = "A command that was answered with success has been decided."

    def __init__(self) -> None:
        super().__init__()
        self._decided: set[str] = set()
        self._refused: set[str] = set()
        self._promised: dict[str, Answered] = {}

    @on(
        PassPurchased,
        UnlockRequested,
        StationOpened,
        BikeUnlocked,
        UnlockFailed,
        DeviceIgnored,
        BikeLoaded,
        ReturnTaken,
        ReturnRefused,
        ReturnOverflowed,
        ReturnIgnored,
        DisputeOpened,
        DisputeSettled,
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

    def finish(self, end_us: int) -> None:
        for command_id, answer in self._promised.items():
            if answer.status != ACCEPTED or command_id not in self._refused:
                text = f"{answer.operation} was answered with success but never decided ({command_id})"
                self.violate(text, time_us=end_us)


class ToldOnce(Invariant):
    """Counts what riders were told."""

    name = "told-once"
    statement = "At most one notification per cause and kind."

    def __init__(self) -> None:
        super().__init__()
        self._sent: set[str] = set()

    @on(NotificationSent)
    def sent(self, message: Message[NotificationSent]) -> None:
        event = message.data
        if event.message_id in self._sent:
            self.violate(f"{event.message_id} was sent twice", message)
        self._sent.add(event.message_id)


UNDER_WAY = (
    PassPurchased,
    PassPaid,
    RenewalDue,
    UnlockRequested,
    TripEnded,
    ChargeRequested,
    AuthorizationRequested,
    PaymentAuthorized,
    PaymentUnresolved,
    VoidRequested,
    RefundRequested,
    NotificationRequested,
)
AT_REST = (
    PassActivated,
    PassUnpaid,
    PassRenewed,
    RenewalFailed,
    RideBegan,
    RideEnded,
    UnlockRefused,
    TripClosed,
    PaymentDeclined,
    PaymentCaptured,
    PaymentVoided,
    PaymentRefunded,
    NotificationSent,
)


class EverythingSettles(Invariant):
    """Liveness: whatever is under way comes to rest, in a final state or under a running deadline."""

    name = "everything-settles"
    statement = "Every pass, unlock, trip, charge, payment and message reaches rest or waits for a running deadline."

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._reports_within_us = terms.bike_reports_within_us
        self._since_us: dict[str, int] = {}

    @on(*UNDER_WAY)
    def under_way(self, message: Message) -> None:
        key = _key(message)
        self._since_us.setdefault(key, message.time_us)

    @on(*AT_REST)
    def at_rest(self, message: Message) -> None:
        self._since_us.pop(_key(message), None)

    @on(ChargeSucceeded, ChargeFailed, ChargeRefunded)
    def collected(self, message: Message) -> None:
        self._since_us.pop(_key(message), None)

    @on(BikeOffered)
    def offered(self, message: Message[BikeOffered]) -> None:
        self._since_us[message.subject] = message.time_us + self._reports_within_us

    @on(BikeReserved)
    def reserved(self, message: Message[BikeReserved]) -> None:
        self._since_us[message.subject] = message.time_us + self._reports_within_us

    @on(BikeUnlocked, UnlockFailed, BikeDocked, BikeHandedIn, BikeMissing)
    def settled(self, message: Message) -> None:
        self._since_us.pop(message.subject, None)

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


def _key(message: Message) -> str:
    """What comes to rest: the aggregate, or one of an account's charges."""
    charge_id = getattr(message.data, "charge_id", "") if message.subject.startswith("account/") else ""
    return f"{message.subject}/{charge_id}" if charge_id else message.subject
