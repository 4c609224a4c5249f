"""The saga around a ride: when this happened, ask for that.

Orchestrated by trips. Read from top to bottom the policies tell the story of a pass, then of a ride that goes well,
then of one that does not: a refused unlock, a full station, a bike that is not returned, and one that was after all.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..kernel.message import Command
from ..kernel.policy import reacts_to
from ..shared.payments import (
    AuthorizePayment,
    CancelPayment,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
)
from .account_messages import (
    ChargeFailed,
    ChargeRequested,
    ChargeSucceeded,
    ComputeFare,
    FareComputed,
    FeeCharged,
    PlaceHold,
    RecordPaid,
    RecordRefund,
    RecordUnpaid,
    RefundStarted,
    RequestCharge,
    ReverseLostBike,
    charge_behind,
    charge_reference,
)
from .bike_messages import (
    BikeFound,
    BikeLeftUnseen,
    BikeLoaded,
    BikeMissing,
    BikeRefused,
    BikeReserved,
    BikeReturned,
    BikeUnlocked,
    DockBike,
    DockingIgnored,
    EarlierReturnTold,
    HandInBike,
    MarkMissing,
    NoteRefusal,
    RecordOldReturn,
    UnlockBike,
    UnlockFailed,
    UnlockRejected,
)
from .entitlements import (
    ClaimRide,
    EndGrant,
    GiveRideBack,
    GrantEnded,
    GrantRides,
    RideClaimed,
    RideDenied,
    RidesGranted,
)
from .passes import (
    ActivatePass,
    FailPass,
    PassExpired,
    PassPaid,
    PassPurchased,
    RecordFailedRenewal,
    RecordPassPaid,
    RecordRenewal,
    RenewalDue,
)
from .riders import BeginRide, EndRide, OfferBike, RefuseUnlock, UnlockRefused, UnlockRequested
from .stations import FreeDock, ReturnIgnored, ReturnOverflowed, ReturnRefused, ReturnTaken, StationOpened
from .trips import (
    CloseTrip,
    EndTrip,
    GrantFreeMinutes,
    Ride,
    StartTrip,
    TripEnded,
    TripOverdue,
    TripStarted,
)

# A pass


@reacts_to(PassPurchased)
def charge_pass(event: PassPurchased) -> Iterator[Command]:
    """A pass is paid for first."""
    price_cents, card = event.plan.price_cents, event.card_token
    yield RequestCharge(event.rider_id, event.charge_id, "pass", event.pass_id, price_cents, card)


@reacts_to(RenewalDue)
def charge_renewal(event: RenewalDue) -> Iterator[Command]:
    """The next month is charged to the card used last."""
    yield RequestCharge(event.rider_id, event.charge_id, "renewal", event.pass_id, event.amount_cents)


@reacts_to(ChargeRequested)
def collect_payment(event: ChargeRequested) -> Iterator[Command]:
    """The provider is asked for the amount of the charge."""
    reference = charge_reference(event.rider_id, event.charge_id)
    yield AuthorizePayment(event.payment_id, reference, event.amount_cents, event.card_token)


@reacts_to(PaymentCaptured)
def record_paid(event: PaymentCaptured) -> Iterator[Command]:
    """The account learns that the money is here."""
    yield RecordPaid(*charge_behind(event.reference), event.payment_id, event.amount_cents)


@reacts_to(PaymentDeclined)
def record_declined(event: PaymentDeclined) -> Iterator[Command]:
    """The account learns that the card was declined."""
    yield RecordUnpaid(*charge_behind(event.reference), event.payment_id)


@reacts_to(PaymentVoided)
def record_voided(event: PaymentVoided) -> Iterator[Command]:
    """The account learns that the payment came to nothing."""
    yield RecordUnpaid(*charge_behind(event.reference), event.payment_id)


@reacts_to(ChargeSucceeded)
def record_pass_paid(event: ChargeSucceeded) -> Iterator[Command]:
    """The pass learns that it is paid for, from now on or for another month."""
    if event.purpose == "pass":
        yield RecordPassPaid(event.about)
    elif event.purpose == "renewal":
        yield RecordRenewal(event.about, event.charge_id)


@reacts_to(PassPaid)
def grant_rides(event: PassPaid) -> Iterator[Command]:
    """Paid: the rider may ride."""
    yield GrantRides(event.rider_id, event.pass_id, event.plan)


@reacts_to(RidesGranted)
def activate_pass(event: RidesGranted) -> Iterator[Command]:
    """The rider may ride: now the pass is told, and whoever reads it."""
    yield ActivatePass(event.pass_id, event.until_us)


@reacts_to(ChargeFailed)
def end_unpaid_pass(event: ChargeFailed) -> Iterator[Command]:
    """Not paid: the pass is not had, or ends with the next unlock."""
    if event.purpose == "pass":
        yield FailPass(event.about, "payment-declined")
    elif event.purpose == "renewal":
        yield EndGrant(event.rider_id, event.about)


@reacts_to(GrantEnded)
def record_failed_renewal(event: GrantEnded) -> Iterator[Command]:
    """Nothing can be ridden any more: now the pass is told, and whoever reads it."""
    yield RecordFailedRenewal(event.pass_id)


@reacts_to(PassExpired)
def end_expired_grant(event: PassExpired) -> Iterator[Command]:
    """A pass that is over is forgotten."""
    yield EndGrant(event.rider_id, event.pass_id)


# A ride


@reacts_to(UnlockRequested)
def claim_ride(event: UnlockRequested) -> Iterator[Command]:
    """Who has no other trip needs a pass."""
    yield ClaimRide(event.rider_id, event.trip_id, event.bike_id)


@reacts_to(RideClaimed)
def unlock_bike(event: RideClaimed) -> Iterator[Command]:
    """Who has a pass may have the bike."""
    yield UnlockBike(event.bike_id, Ride(event.trip_id, event.rider_id, event.pass_id, event.plan))


@reacts_to(BikeReserved)
def offer_bike(event: BikeReserved) -> Iterator[Command]:
    """The rider learns that the dock opens."""
    yield OfferBike(event.ride.rider_id, event.ride.trip_id, event.station_id)


@reacts_to(BikeUnlocked)
def start_trip(event: BikeUnlocked) -> Iterator[Command]:
    """The bike has left: the trip begins."""
    yield StartTrip(event.ride.trip_id, event.ride, event.bike_id, event.station_id, event.left_at_us)


@reacts_to(BikeUnlocked)
def free_dock(event: BikeUnlocked) -> Iterator[Command]:
    """The bike has left: its dock is free."""
    yield FreeDock(event.station_id, event.bike_id, event.docked_at_us)


@reacts_to(TripStarted)
def begin_ride(event: TripStarted) -> Iterator[Command]:
    """The rider is on the way."""
    yield BeginRide(event.ride.rider_id, event.trip_id)


@reacts_to(ReturnTaken)
def dock_bike(event: ReturnTaken) -> Iterator[Command]:
    """A dock has closed on the bike."""
    yield DockBike(event.bike_id, event.station_id, event.docked_at_us, event.maintenance, event.hands)


@reacts_to(BikeReturned)
def end_trip(event: BikeReturned) -> Iterator[Command]:
    """The bike is back: the trip ends at the device's time."""
    yield _end_trip(event)


@reacts_to(TripEnded)
def end_ride(event: TripEnded) -> Iterator[Command]:
    """The rider may begin another trip."""
    yield EndRide(event.ride.rider_id, event.trip_id)


@reacts_to(TripEnded)
def compute_fare(event: TripEnded) -> Iterator[Command]:
    """What the trip costs is computed under the plan that it began with."""
    ride = event.ride
    yield ComputeFare(ride.rider_id, event.trip_id, ride.plan, event.started_at_us, event.ended_at_us, event.bonus_us)


@reacts_to(FareComputed)
def close_trip(event: FareComputed) -> Iterator[Command]:
    """The fare is known: the trip is done with."""
    yield CloseTrip(event.trip_id, "ended", event.fare_cents)


# An unlock that comes to nothing


@reacts_to(RideDenied)
def refuse_without_pass(event: RideDenied) -> Iterator[Command]:
    """No pass: the guard is given back."""
    yield RefuseUnlock(event.rider_id, event.trip_id, "no-valid-pass")


@reacts_to(UnlockRejected)
def refuse_unlock(event: UnlockRejected) -> Iterator[Command]:
    """The bike cannot be had: the guard is given back."""
    yield RefuseUnlock(event.ride.rider_id, event.ride.trip_id, event.reason)


@reacts_to(UnlockFailed)
def refuse_failed_unlock(event: UnlockFailed) -> Iterator[Command]:
    """The bike never left: the guard is given back."""
    yield RefuseUnlock(event.ride.rider_id, event.ride.trip_id, event.reason)


@reacts_to(UnlockRefused)
def give_ride_back(event: UnlockRefused) -> Iterator[Command]:
    """A ride that was claimed for nothing can be claimed again."""
    yield GiveRideBack(event.rider_id, event.trip_id)


# A return that is not an ordinary one


@reacts_to(ReturnRefused)
def note_refusal(event: ReturnRefused) -> Iterator[Command]:
    """A full station sends the bike away; whoever rides it has time to find another."""
    yield NoteRefusal(event.bike_id, event.station_id, event.at_us)


@reacts_to(BikeRefused)
def grant_free_minutes(event: BikeRefused) -> Iterator[Command]:
    """The rider gets free time to the next station."""
    yield GrantFreeMinutes(event.trip_id, event.station_id)


@reacts_to(ReturnOverflowed)
def hand_in_bike(event: ReturnOverflowed) -> Iterator[Command]:
    """A bike for which there is no dock by our books is the operator's to fetch."""
    yield HandInBike(event.bike_id, event.station_id, event.docked_at_us, event.maintenance)


@reacts_to(DockingIgnored)
def free_ignored_dock(event: DockingIgnored) -> Iterator[Command]:
    """An old return, told again, takes no dock."""
    yield FreeDock(event.station_id, event.bike_id, event.docked_at_us)


@reacts_to(BikeLeftUnseen)
def free_left_dock(event: BikeLeftUnseen) -> Iterator[Command]:
    """A bike that turned up elsewhere has left its dock."""
    yield FreeDock(event.station_id, event.bike_id, event.docked_at_us)


@reacts_to(BikeLoaded)
def free_loaded_dock(event: BikeLoaded) -> Iterator[Command]:
    """A bike in the van has left its dock."""
    yield FreeDock(event.station_id, event.bike_id, event.docked_at_us)


@reacts_to(StationOpened)
def dock_first_bikes(event: StationOpened) -> Iterator[Command]:
    """A station opens with bikes in its docks."""
    for bike_id in event.bikes:
        yield DockBike(bike_id, event.station_id, event.opened_at_us, maintenance=False, hands="van")


# A bike that is not returned


@reacts_to(TripOverdue)
def mark_missing(event: TripOverdue) -> Iterator[Command]:
    """The time is over: the bike is missing."""
    yield MarkMissing(event.bike_id, event.trip_id)


@reacts_to(TripOverdue)
def end_overdue_ride(event: TripOverdue) -> Iterator[Command]:
    """The rider is not kept from riding for ever."""
    yield EndRide(event.rider_id, event.trip_id)


@reacts_to(BikeMissing)
def place_hold(event: BikeMissing) -> Iterator[Command]:
    """The rider learns what a missing bike will cost."""
    yield PlaceHold(event.ride.rider_id, event.ride.trip_id)


@reacts_to(FeeCharged)
def close_lost_trip(event: FeeCharged) -> Iterator[Command]:
    """The bike is charged for: nothing more is expected of the trip."""
    yield CloseTrip(event.trip_id, "lost", 0)


@reacts_to(BikeFound)
def reverse_lost_bike(event: BikeFound) -> Iterator[Command]:
    """A bike that had been returned in time costs nothing."""
    if event.in_time:
        yield ReverseLostBike(event.ride.rider_id, event.ride.trip_id)


@reacts_to(ReturnIgnored)
def record_old_return(event: ReturnIgnored) -> Iterator[Command]:
    """A station that has the bike again may still tell of a return before."""
    yield RecordOldReturn(event.bike_id, event.station_id, event.docked_at_us)


@reacts_to(EarlierReturnTold)
def end_trip_in_time(event: EarlierReturnTold) -> Iterator[Command]:
    """The trip was over in time, whoever moved the bike since: it ends, and the bike costs nothing."""
    yield _end_trip(event)
    yield ReverseLostBike(event.ride.rider_id, event.ride.trip_id)


def _end_trip(event: BikeReturned | EarlierReturnTold) -> EndTrip:
    return EndTrip(
        event.ride.trip_id,
        event.ride,
        event.bike_id,
        event.from_station_id,
        event.left_at_us,
        event.station_id,
        event.returned_at_us,
    )


@reacts_to(RefundStarted)
def refund_payment(event: RefundStarted) -> Iterator[Command]:
    """Money that was not owed goes back."""
    yield CancelPayment(event.payment_id)


@reacts_to(PaymentRefunded)
def record_refund(event: PaymentRefunded) -> Iterator[Command]:
    """The account learns that the money is back."""
    yield RecordRefund(*charge_behind(event.reference))


POLICIES = (
    charge_pass,
    charge_renewal,
    collect_payment,
    record_paid,
    record_declined,
    record_voided,
    record_pass_paid,
    grant_rides,
    activate_pass,
    end_unpaid_pass,
    record_failed_renewal,
    end_expired_grant,
    claim_ride,
    unlock_bike,
    offer_bike,
    start_trip,
    free_dock,
    begin_ride,
    dock_bike,
    end_trip,
    end_ride,
    compute_fare,
    close_trip,
    refuse_without_pass,
    refuse_unlock,
    refuse_failed_unlock,
    give_ride_back,
    note_refusal,
    grant_free_minutes,
    hand_in_bike,
    free_ignored_dock,
    free_left_dock,
    free_loaded_dock,
    dock_first_bikes,
    mark_missing,
    end_overdue_ride,
    place_hold,
    close_lost_trip,
    reverse_lost_bike,
    record_old_return,
    end_trip_in_time,
    refund_payment,
    record_refund,
)
