"""What was promised: a success stands, and whatever is under way comes to rest."""

from __future__ import annotations

from ...kernel import promises
from ...kernel.message import Message
from ...kernel.observer import on
from ...shared.invariants import PaymentsAndMessagesSettle
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


UNDER_WAY = (
    PassPurchased,
    PassPaid,
    RenewalDue,
    UnlockRequested,
    TripEnded,
    ChargeRequested,
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
)


class EverythingSettles(PaymentsAndMessagesSettle):
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


def _key(message: Message) -> str:
    """What comes to rest: the aggregate, or one of an account's charges."""
    charge_id = getattr(message.data, "charge_id", "") if message.subject.startswith("account/") else ""
    return f"{message.subject}/{charge_id}" if charge_id else message.subject
