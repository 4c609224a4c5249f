"""Passes, the rider's guard and trips: each rule by the commands that it is about."""

from __future__ import annotations

from bike_examples import (
    DAY,
    HOUR_US,
    LIMIT_US,
    MINUTE_US,
    MONTHLY,
    NOW_US,
    RIDE,
    SINGLE,
    STARTED,
    TERMS,
    names,
    told,
)

from reference_services.bikeshare.entitlements import (
    ClaimRide,
    EndGrant,
    EntitlementDecider,
    GiveRideBack,
    GrantRides,
    RideClaimed,
    RideDenied,
    RidesGranted,
)
from reference_services.bikeshare.passes import (
    ActivatePass,
    EndPeriod,
    FailPass,
    PassActivated,
    PassDecider,
    PassExpired,
    PassPaid,
    PassPurchased,
    PassUnpaid,
    PurchasePass,
    RecordFailedRenewal,
    RecordPassPaid,
    RecordRenewal,
    RenewalDue,
    RenewalFailed,
)
from reference_services.bikeshare.riders import (
    BeginRide,
    BikeOffered,
    EndRide,
    OfferBike,
    RefuseUnlock,
    RequestUnlock,
    RideBegan,
    RideEnded,
    RiderDecider,
    UnlockRefused,
    UnlockRequested,
)
from reference_services.bikeshare.trips import (
    CloseTrip,
    DeclareOverdue,
    EndTrip,
    FreeMinutesGranted,
    GrantFreeMinutes,
    StartTrip,
    TripClosed,
    TripDecider,
    TripEnded,
    TripOverdue,
)

PASS, ENTITLEMENT, RIDER, TRIP = PassDecider(TERMS), EntitlementDecider(TERMS), RiderDecider(), TripDecider(TERMS)
UNTIL_US = NOW_US + TERMS.month_us
BOUGHT = PassPurchased("pass-1", "ann", MONTHLY, "pass-1-1", "card")
ACTIVE = (BOUGHT, PassPaid("pass-1", "ann", "monthly", 2_500), PassActivated("pass-1", "ann", MONTHLY, UNTIL_US))
CLAIM = ClaimRide("ann", "t-1", "b-1")


def test_a_pass_is_bought_once_and_works_once_it_is_paid_for() -> None:
    ann = told(PASS, "pass-1")
    assert ann.asked(PurchasePass("pass-1", "ann", "monthly", "card")) == [BOUGHT]
    assert ann.refuses(PurchasePass("pass-1", "ann", "day", "card")) == "pass-exists"
    assert ann.asked(ActivatePass("pass-1", UNTIL_US)) == []
    assert names(ann.asked(RecordPassPaid("pass-1"))) == ["PassPaid"]
    assert names(ann.asked(ActivatePass("pass-1", UNTIL_US))) == ["PassActivated"]
    assert ann.asked(FailPass("pass-1", "late")) == []


def test_a_pass_that_is_not_paid_for_never_works() -> None:
    ann = told(PASS, "pass-1", BOUGHT)
    assert ann.asked(FailPass("pass-1", "payment-declined")) == [PassUnpaid("pass-1", "ann", "payment-declined")]
    assert ann.asked(ActivatePass("pass-1", UNTIL_US)) == []


def test_a_month_renews_itself_and_a_failed_renewal_ends_it() -> None:
    ann = told(PASS, "pass-1", *ACTIVE)
    assert list(PASS.deadlines(ann.state)) == [(UNTIL_US, EndPeriod("pass-1"))]
    assert ann.asked(EndPeriod("pass-1"), UNTIL_US - 1) == []
    assert ann.asked(EndPeriod("pass-1"), UNTIL_US) == [RenewalDue("pass-1", "ann", "pass-1-2", 2_500, 2)]
    assert ann.asked(RecordRenewal("pass-1", "pass-1-1")) == []
    assert names(ann.asked(RecordRenewal("pass-1", "pass-1-2"))) == ["PassRenewed"]
    ann.asked(EndPeriod("pass-1"), UNTIL_US + TERMS.month_us)
    assert ann.asked(RecordFailedRenewal("pass-1")) == [RenewalFailed("pass-1", "ann")]
    assert list(PASS.deadlines(ann.state)) == []


def test_a_day_expires() -> None:
    bought = PassPurchased("pass-1", "ann", DAY, "pass-1-1", "card")
    active = PassActivated("pass-1", "ann", DAY, UNTIL_US)
    ann = told(PASS, "pass-1", bought, PassPaid("pass-1", "ann", "day", 1_000), active)
    assert ann.asked(EndPeriod("pass-1"), UNTIL_US) == [PassExpired("pass-1", "ann")]


def test_nobody_rides_without_a_pass() -> None:
    assert told(ENTITLEMENT, "ann").asked(CLAIM) == [RideDenied("ann", "t-1", "b-1")]


def test_a_single_pass_carries_one_ride_and_again_if_it_never_began() -> None:
    ann = told(ENTITLEMENT, "ann")
    assert names(ann.asked(GrantRides("ann", "pass-1", "single"))) == ["RidesGranted"]
    assert ann.asked(CLAIM) == [RideClaimed("ann", "t-1", "b-1", "pass-1", SINGLE)]
    assert names(ann.asked(ClaimRide("ann", "t-2", "b-2"))) == ["RideDenied"]
    assert names(ann.asked(GiveRideBack("ann", "t-1"))) == ["RideGivenBack"]
    assert ann.asked(GiveRideBack("ann", "t-1")) == []
    assert names(ann.asked(ClaimRide("ann", "t-3", "b-2"))) == ["RideClaimed"]


def test_a_ride_comes_back_though_another_pass_was_bought_meanwhile() -> None:
    ann = told(ENTITLEMENT, "ann")
    ann.asked(GrantRides("ann", "pass-1", "single"))
    ann.asked(CLAIM)
    ann.asked(GrantRides("ann", "pass-2", "single"))
    ann.asked(GiveRideBack("ann", "t-1"))
    claims = [ann.asked(ClaimRide("ann", trip, "b-1")) for trip in ("t-2", "t-3", "t-4")]
    assert [names(claim) for claim in claims] == [["RideClaimed"], ["RideClaimed"], ["RideDenied"]]


def test_a_day_pass_is_over_after_its_time_and_a_monthly_one_when_its_grant_ends() -> None:
    until_us = NOW_US + TERMS.day_pass_us
    day = told(ENTITLEMENT, "ann", RidesGranted("ann", "pass-1", DAY, until_us))
    assert names(day.asked(CLAIM, until_us - 1)) == ["RideClaimed"]
    assert names(day.asked(ClaimRide("ann", "t-2", "b-1"), until_us)) == ["RideDenied"]

    monthly = told(ENTITLEMENT, "ann", RidesGranted("ann", "pass-1", MONTHLY, NOW_US))
    assert names(monthly.asked(CLAIM, NOW_US + 1)) == ["RideClaimed"]
    assert names(monthly.asked(EndGrant("ann", "pass-1"))) == ["GrantEnded"]
    assert names(monthly.asked(ClaimRide("ann", "t-2", "b-1"))) == ["RideDenied"]


def test_what_is_paid_for_anyway_is_ridden_before_what_is_used_up() -> None:
    ann = told(ENTITLEMENT, "ann")
    ann.asked(GrantRides("ann", "pass-1", "single"))
    ann.asked(GrantRides("ann", "pass-2", "monthly"))
    assert ann.asked(CLAIM) == [RideClaimed("ann", "t-1", "b-1", "pass-2", MONTHLY)]


def test_a_rider_has_one_trip_at_a_time() -> None:
    ann = told(RIDER, "ann")
    assert ann.asked(RequestUnlock("ann", "t-1", "b-1")) == [UnlockRequested("ann", "t-1", "b-1")]
    assert ann.refuses(RequestUnlock("ann", "t-2", "b-2")) == "trip-under-way"
    assert ann.asked(OfferBike("ann", "t-1", "park")) == [BikeOffered("ann", "t-1", "b-1", "park")]
    assert ann.asked(BeginRide("ann", "t-1")) == [RideBegan("ann", "t-1")]
    assert ann.refuses(RequestUnlock("ann", "t-2", "b-2")) == "trip-under-way"
    assert ann.asked(EndRide("ann", "t-9")) == []
    assert ann.asked(EndRide("ann", "t-1")) == [RideEnded("ann", "t-1")]
    assert names(ann.asked(RequestUnlock("ann", "t-2", "b-2"))) == ["UnlockRequested"]


def test_a_refusal_gives_the_guard_back_once() -> None:
    ann = told(RIDER, "ann", UnlockRequested("ann", "t-1", "b-1"))
    assert ann.asked(RefuseUnlock("ann", "t-1", "bike-taken")) == [UnlockRefused("ann", "t-1", "b-1", "bike-taken")]
    assert ann.asked(RefuseUnlock("ann", "t-1", "bike-taken")) == []
    assert ann.asked(BeginRide("ann", "t-1")) == []


START = StartTrip("t-1", RIDE, "b-1", "park", NOW_US)


def end(at_us: int) -> EndTrip:
    return EndTrip("t-1", RIDE, "b-1", "park", NOW_US, "hall", at_us)


def test_a_trip_ends_at_the_devices_time_once() -> None:
    trip = told(TRIP, "t-1")
    assert trip.asked(START) == [STARTED]
    assert trip.asked(START) == []
    ended = TripEnded("t-1", RIDE, "b-1", "hall", NOW_US, NOW_US + HOUR_US, 0)
    assert trip.asked(end(NOW_US + HOUR_US), NOW_US + 3 * HOUR_US) == [ended]
    assert trip.asked(end(NOW_US + HOUR_US)) == []
    assert trip.asked(CloseTrip("t-1", "ended", 400)) == [TripClosed("t-1", "ann", "ended", 400, "day")]
    assert trip.asked(end(NOW_US + HOUR_US)) == []


def test_an_end_that_is_known_before_the_start_tells_both() -> None:
    trip = told(TRIP, "t-1")
    assert names(trip.asked(end(NOW_US + HOUR_US))) == ["TripStarted", "TripEnded"]
    assert trip.asked(START) == []


def test_each_full_station_gives_free_time_once() -> None:
    trip = told(TRIP, "t-1", STARTED)
    granted = FreeMinutesGranted("t-1", "full", 15 * MINUTE_US)
    assert trip.asked(GrantFreeMinutes("t-1", "full")) == [granted]
    assert trip.asked(GrantFreeMinutes("t-1", "full")) == []
    trip.asked(GrantFreeMinutes("t-1", "full too"))
    (ended,) = trip.asked(end(NOW_US + HOUR_US))
    assert isinstance(ended, TripEnded)
    assert ended.bonus_us == 30 * MINUTE_US


def test_a_trip_is_overdue_at_its_limit_and_not_before() -> None:
    trip = told(TRIP, "t-1", STARTED)
    assert list(TRIP.deadlines(trip.state)) == [(NOW_US + LIMIT_US, DeclareOverdue("t-1"))]
    assert trip.asked(DeclareOverdue("t-1"), NOW_US + LIMIT_US - 1) == []
    assert trip.asked(DeclareOverdue("t-1"), NOW_US + LIMIT_US) == [TripOverdue("t-1", "ann", "b-1")]


def test_a_return_beside_the_limit_counts_by_the_devices_time() -> None:
    just_in_time = told(TRIP, "t-1", STARTED)
    assert names(just_in_time.asked(end(NOW_US + LIMIT_US - 1), NOW_US + LIMIT_US)) == ["TripEnded"]
    just_too_late = told(TRIP, "t-1", STARTED)
    assert names(just_too_late.asked(end(NOW_US + LIMIT_US), NOW_US + LIMIT_US)) == ["TripOverdue"]
    assert just_too_late.asked(DeclareOverdue("t-1"), NOW_US + LIMIT_US + 1) == []


def test_a_return_in_time_ends_a_lost_trip_however_late_it_is_told() -> None:
    overdue = TripOverdue("t-1", "ann", "b-1")
    trip = told(TRIP, "t-1", STARTED, overdue)
    assert trip.asked(CloseTrip("t-1", "lost", 0)) == [TripClosed("t-1", "ann", "lost", 0, "day")]
    assert trip.asked(end(NOW_US + LIMIT_US)) == []
    assert names(trip.asked(end(NOW_US + LIMIT_US - 1), NOW_US + 10 * LIMIT_US)) == ["TripEnded"]
    assert names(trip.asked(CloseTrip("t-1", "ended", 400))) == ["TripClosed"]


def test_a_lost_bikes_fee_does_not_close_a_trip_that_ended_in_time_after_all() -> None:
    trip = told(TRIP, "t-1", STARTED, TripOverdue("t-1", "ann", "b-1"))
    trip.asked(end(NOW_US + LIMIT_US - 1))
    assert trip.asked(CloseTrip("t-1", "lost", 0)) == []
    assert trip.asked(CloseTrip("t-1", "ended", 6_800)) == [TripClosed("t-1", "ann", "ended", 6_800, "day")]


def test_a_fare_does_not_close_a_trip_that_has_not_ended() -> None:
    trip = told(TRIP, "t-1", STARTED, TripOverdue("t-1", "ann", "b-1"))
    assert trip.asked(CloseTrip("t-1", "ended", 400)) == []
