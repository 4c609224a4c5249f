"""Bikes and docks: who has a bike, where it is, and what is made of devices that are silent, late, or tell twice."""

from __future__ import annotations

import msgspec
from bike_examples import DAY, HOUR_US, LIMIT_US, NOW_US, RIDE, TERMS, Told, names, told

from reference_services.bikeshare.bike_messages import (
    AskBike,
    BikeDocked,
    BikeFound,
    BikeRefused,
    BikeReserved,
    BikeReturned,
    BikeUnlocked,
    ConfirmRelease,
    DockBike,
    EarlierReturnTold,
    GiveUpUnlock,
    HandInBike,
    LoadBike,
    MarkMissing,
    NoteRefusal,
    RecordOldReturn,
    ReportBike,
    UnlockBike,
    UnlockRejected,
)
from reference_services.bikeshare.bikes import Bike, BikeDecider
from reference_services.bikeshare.stations import (
    FreeDock,
    OpenStation,
    ReturnBike,
    Station,
    StationChanged,
    StationDecider,
)
from reference_services.bikeshare.trips import Ride

BIKE, STATION = BikeDecider(TERMS), StationDecider()
DOCKED = BikeDocked("b-1", "park", NOW_US - HOUR_US)
RESERVED = BikeReserved("b-1", RIDE, "park", NOW_US, NOW_US + TERMS.lock_answers_within_us)
LEFT = BikeUnlocked("b-1", RIDE, "park", NOW_US - HOUR_US, NOW_US)
REPORT_BY_US = NOW_US + TERMS.bike_reports_within_us


def reserved() -> Told[Bike]:
    return told(BIKE, "b-1", DOCKED, RESERVED)


def riding() -> Told[Bike]:
    return told(BIKE, "b-1", DOCKED, RESERVED, LEFT)


def docked_at(at_us: int, *, maintenance: bool = False) -> DockBike:
    return DockBike("b-1", "hall", at_us, maintenance, "dock")


def test_one_of_two_riders_gets_the_bike() -> None:
    bike = told(BIKE, "b-1", DOCKED)
    bob = Ride("t-2", "bob", "pass-2", DAY)
    assert bike.asked(UnlockBike("b-1", RIDE)) == [RESERVED]
    assert bike.asked(UnlockBike("b-1", bob)) == [UnlockRejected("b-1", bob, "bike-taken")]
    assert bike.asked(ConfirmRelease("b-1", "t-1", NOW_US)) == [LEFT]
    assert names(bike.asked(UnlockBike("b-1", bob))) == ["UnlockRejected"]
    assert bike.refuses(ConfirmRelease("b-1", "t-2", NOW_US)) == "not-unlocked"


def test_when_the_dock_is_silent_the_bikes_own_report_settles_whether_it_left() -> None:
    bike = reserved()
    assert list(BIKE.deadlines(bike.state)) == [(RESERVED.answer_by_us, AskBike("b-1"))]
    assert names(bike.asked(ReportBike("b-1", "t-1", docked=True))) == ["DeviceIgnored"]
    assert names(bike.asked(AskBike("b-1"), RESERVED.answer_by_us)) == ["UnlockUnconfirmed"]
    assert bike.asked(ReportBike("b-1", "t-1", docked=False)) == [LEFT]

    stuck = reserved()
    stuck.asked(AskBike("b-1"), RESERVED.answer_by_us)
    assert names(stuck.asked(ReportBike("b-1", "t-1", docked=True))) == ["UnlockFailed"]
    assert names(stuck.asked(UnlockBike("b-1", RIDE))) == ["BikeReserved"]


def test_a_report_about_an_earlier_ride_settles_nothing_of_this_one() -> None:
    bike = reserved()
    bike.asked(AskBike("b-1"), RESERVED.answer_by_us)
    for is_docked in (True, False):
        assert names(bike.asked(ReportBike("b-1", "t-0", docked=is_docked))) == ["DeviceIgnored"]
    assert bike.asked(ReportBike("b-1", "t-1", docked=False)) == [LEFT]


def test_when_both_are_silent_the_rider_is_let_go_and_the_bike_is_looked_at() -> None:
    bike = reserved()
    bike.asked(AskBike("b-1"), RESERVED.answer_by_us)
    assert list(BIKE.deadlines(bike.state)) == [(REPORT_BY_US, GiveUpUnlock("b-1"))]
    assert bike.asked(GiveUpUnlock("b-1"), REPORT_BY_US - 1) == []
    assert names(bike.asked(GiveUpUnlock("b-1"), REPORT_BY_US)) == ["UnlockFailed", "BikeFlagged"]
    assert bike.asked(UnlockBike("b-1", RIDE)) == [UnlockRejected("b-1", RIDE, "bike-flagged")]


def test_a_return_before_the_start_is_known_proves_that_the_bike_left() -> None:
    events = reserved().asked(docked_at(NOW_US + HOUR_US))
    assert names(events) == ["BikeUnlocked", "BikeReturned", "BikeDocked"]
    assert events[1] == BikeReturned("b-1", RIDE, "park", NOW_US, "hall", NOW_US + HOUR_US)


def test_a_return_is_told_twice_and_counts_once() -> None:
    bike = riding()
    assert names(bike.asked(docked_at(NOW_US + HOUR_US))) == ["BikeReturned", "BikeDocked"]
    assert names(bike.asked(docked_at(NOW_US + HOUR_US))) == ["DockingIgnored"]
    bike.asked(UnlockBike("b-1", RIDE), NOW_US + 2 * HOUR_US)
    assert names(bike.asked(docked_at(NOW_US + HOUR_US))) == ["DockingIgnored"]


def test_a_maintenance_dock_ends_the_trip_and_flags_the_bike_until_a_van_brings_it_back() -> None:
    bike = riding()
    assert names(bike.asked(docked_at(NOW_US + 1, maintenance=True))) == ["BikeReturned", "BikeDocked", "BikeFlagged"]
    assert names(bike.asked(UnlockBike("b-1", RIDE))) == ["UnlockRejected"]
    assert bike.refuses(LoadBike("b-1", "park", "van")) == "bike-not-here"
    assert names(bike.asked(LoadBike("b-1", "hall", "van"))) == ["BikeLoaded"]
    brought = DockBike("b-1", "park", NOW_US + HOUR_US, maintenance=False, hands="van")
    assert names(bike.asked(brought)) == ["BikeDocked", "BikeRepaired"]
    assert names(bike.asked(UnlockBike("b-1", RIDE))) == ["BikeReserved"]


def test_a_missing_bike_that_was_returned_in_time_is_found_in_time() -> None:
    bike = riding()
    assert bike.asked(MarkMissing("b-1", "t-9")) == []
    assert names(bike.asked(MarkMissing("b-1", "t-1"))) == ["BikeMissing"]
    events = bike.asked(docked_at(NOW_US + LIMIT_US - 1), NOW_US + 5 * LIMIT_US)
    assert names(events) == ["BikeFound", "BikeReturned", "BikeDocked"]
    assert events[0] == BikeFound("b-1", RIDE, in_time=True)


def test_a_bike_that_returns_too_late_has_been_missing() -> None:
    events = riding().asked(docked_at(NOW_US + LIMIT_US))
    assert names(events) == ["BikeMissing", "BikeFound", "BikeReturned", "BikeDocked"]
    assert events[1] == BikeFound("b-1", RIDE, in_time=False)


def brought_back_too_late() -> Told[Bike]:
    """The van has found the missing bike after its limit."""
    bike = riding()
    bike.asked(MarkMissing("b-1", "t-1"))
    bike.asked(DockBike("b-1", "park", NOW_US + 2 * LIMIT_US, maintenance=False, hands="van"))
    return bike


def test_an_earlier_return_in_time_is_believed_once_though_the_bike_has_moved_on() -> None:
    earlier = EarlierReturnTold("b-1", RIDE, "park", NOW_US, "hall", NOW_US + HOUR_US)
    bike = brought_back_too_late()
    assert bike.asked(docked_at(NOW_US + HOUR_US))[0] == earlier
    assert names(bike.asked(docked_at(NOW_US + HOUR_US))) == ["DockingIgnored"]

    beside_a_full_station = brought_back_too_late()
    handed_in = HandInBike("b-1", "hall", NOW_US + HOUR_US, False)
    assert names(beside_a_full_station.asked(handed_in)) == ["EarlierReturnTold", "DockingIgnored"]

    of_the_same_station = brought_back_too_late()
    assert of_the_same_station.asked(RecordOldReturn("b-1", "hall", NOW_US + HOUR_US)) == [earlier]


def test_an_earlier_return_that_was_late_too_or_of_another_ride_changes_nothing() -> None:
    bike = brought_back_too_late()
    for told_us in (NOW_US + LIMIT_US, NOW_US, DOCKED.docked_at_us):
        assert names(bike.asked(docked_at(told_us))) == ["DockingIgnored"]
    assert riding().asked(RecordOldReturn("b-1", "hall", NOW_US + HOUR_US)) == []


def test_a_dock_whose_clock_is_a_little_slow_is_believed_of_a_bike_that_is_out() -> None:
    slow_us = DOCKED.docked_at_us - TERMS.device_clock_behind_max_us
    assert names(riding().asked(docked_at(slow_us + 1))) == ["BikeReturned", "BikeDocked"]
    assert names(riding().asked(docked_at(slow_us))) == ["DockingIgnored"]
    assert names(told(BIKE, "b-1", DOCKED).asked(docked_at(slow_us + 1))) == ["DockingIgnored"]

    bike = riding()
    bike.asked(docked_at(slow_us + 1))
    again = DockBike("b-1", DOCKED.station_id, DOCKED.docked_at_us, maintenance=False, hands="dock")
    assert names(bike.asked(again)) == ["DockingIgnored"]


def test_a_bike_that_turns_up_elsewhere_has_left_its_dock() -> None:
    events = told(BIKE, "b-1", DOCKED).asked(docked_at(NOW_US))
    assert names(events) == ["BikeLeftUnseen", "BikeDocked"]


def test_a_bike_that_is_handed_in_is_the_operators() -> None:
    bike = riding()
    assert names(bike.asked(HandInBike("b-1", "hall", NOW_US + 1, False))) == ["BikeReturned", "BikeHandedIn"]
    assert names(bike.asked(UnlockBike("b-1", RIDE))) == ["UnlockRejected"]


def test_a_bike_that_is_handed_in_for_repairs_is_flagged_until_a_van_brings_it_back() -> None:
    bike = riding()
    handed_in = bike.asked(HandInBike("b-1", "hall", NOW_US + 1, True))
    assert names(handed_in) == ["BikeReturned", "BikeHandedIn", "BikeFlagged"]
    brought = DockBike("b-1", "park", NOW_US + HOUR_US, maintenance=False, hands="van")
    assert names(bike.asked(brought)) == ["BikeDocked", "BikeRepaired"]


def test_only_who_rides_is_sent_away_by_a_full_station() -> None:
    assert names(riding().asked(NoteRefusal("b-1", "hall", NOW_US + 1))) == ["BikeRefused"]
    assert told(BIKE, "b-1", DOCKED).asked(NoteRefusal("b-1", "hall", NOW_US + 1)) == []


def test_a_refusal_from_before_the_ride_gives_nothing() -> None:
    for bike in (reserved(), riding()):
        assert bike.asked(NoteRefusal("b-1", "hall", NOW_US)) == []


def test_a_refusal_proves_that_the_bike_left() -> None:
    assert reserved().asked(NoteRefusal("b-1", "hall", NOW_US + 1)) == [LEFT, BikeRefused("b-1", "t-1", "hall")]


OPEN = OpenStation("hall", "Hall", 38_900_000, -77_030_000, 2, ("b-8",))


def returned(bike: str, at_us: int, *, buffered: bool = False) -> ReturnBike:
    return ReturnBike("hall", bike, at_us, buffered, maintenance=False, hands="dock")


def hall() -> Told[Station]:
    station = told(STATION, "hall")
    station.asked(OPEN, NOW_US)
    return station


def test_a_station_opens_once_with_no_more_bikes_than_docks() -> None:
    assert hall().refuses(OPEN) == "station-exists"
    assert told(STATION, "hall").refuses(msgspec.structs.replace(OPEN, docks=0)) == "station-full"
    assert told(STATION, "hall").refuses(returned("b-1", NOW_US)) == "no-such-station"


def test_a_full_station_refuses_until_a_dock_is_free() -> None:
    station = hall()
    taken = station.asked(returned("b-1", NOW_US + 1))
    assert taken[1:] == [StationChanged("hall", 2, 2, 0, 1)]
    assert names(station.asked(returned("b-2", NOW_US + 2))) == ["ReturnRefused"]
    assert station.asked(FreeDock("hall", "b-8", NOW_US))[1:] == [StationChanged("hall", 1, 2, 0, -1)]
    assert names(station.asked(returned("b-2", NOW_US + 3))) == ["ReturnTaken", "StationChanged"]


def test_what_an_offline_dock_has_taken_is_never_refused() -> None:
    station = hall()
    station.asked(returned("b-1", NOW_US + 1))
    assert names(station.asked(returned("b-2", NOW_US + 2, buffered=True))) == ["ReturnOverflowed"]


def test_a_station_knows_a_return_again() -> None:
    station = hall()
    station.asked(returned("b-1", NOW_US + 5))
    assert names(station.asked(returned("b-1", NOW_US + 5))) == ["ReturnIgnored"]
    assert names(station.asked(returned("b-1", NOW_US + 4))) == ["ReturnIgnored"]
    assert names(station.asked(returned("b-1", NOW_US + 9))) == ["ReturnTaken"]
    assert station.asked(FreeDock("hall", "b-1", NOW_US + 5)) == []
    assert names(station.asked(FreeDock("hall", "b-1", NOW_US + 9))) == ["DockFreed", "StationChanged"]
