"""What was promised: a success stands, riders are told once, and whatever is under way comes to rest."""

from __future__ import annotations

from ...kernel import promises
from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ...shared.notifications import NotificationFailed, NotificationRequested, NotificationSent
from ...shared.payments import (
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
from ..riders import BikeOffered, RideBegan, RideEnded, UnlockRefused, UnlockRequested
from ..stations import ReturnIgnored, ReturnOverflowed, ReturnRefused, ReturnTaken, StationOpened
from ..terms import Terms
from ..trips import TripClosed, TripEnded


class AcceptedIsKept(promises.AcceptedIsKept):
    """Knows what riders, docks, bikes and the operator may have been told."""

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
        self.keep(message)


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
    BikeUnlocked,
    UnlockFailed,
    BikeDocked,
    BikeHandedIn,
    BikeMissing,
    TripClosed,
    ChargeSucceeded,
    ChargeFailed,
    ChargeRefunded,
    PaymentDeclined,
    PaymentCaptured,
    PaymentVoided,
    PaymentRefunded,
    NotificationSent,
)


class EverythingSettles(promises.EverythingSettles):
    """Knows what a rider and a bike wait for: the word of the dock."""

    statement = "Every pass, unlock, trip, charge, payment and message reaches rest or waits for a running deadline."

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms.settlement_bound_us)
        self._reports_within_us = terms.bike_reports_within_us

    @on(*UNDER_WAY)
    def under_way(self, message: Message) -> None:
        self.begin(_key(message), message.time_us)

    @on(*AT_REST)
    def at_rest(self, message: Message) -> None:
        self.rest(_key(message))

    @on(BikeOffered, BikeReserved)
    def reserved(self, message: Message[BikeOffered | BikeReserved]) -> None:
        self.wait(message.subject, message.time_us + self._reports_within_us)

    @on(NotificationFailed)
    def message_failed(self, message: Message[NotificationFailed]) -> None:
        self.wait(message.subject, message.data.again_at_us)


def _key(message: Message) -> str:
    """What comes to rest: the aggregate, or one of an account's charges."""
    charge_id = getattr(message.data, "charge_id", "") if message.subject.startswith("account/") else ""
    return f"{message.subject}/{charge_id}" if charge_id else message.subject
