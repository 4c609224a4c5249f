"""fleet, the second half: one bike. Aggregate ``bike``, keyed by bike_id: the authority on where it is and who has it.

Two devices speak of it, dock and bike, and either may be silent, late, or say a thing twice. A return is proof: a bike
that stands in a dock has left every other place.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event, Refused
from ..kernel.transitions import TransitionTable
from .bike_messages import (
    AskBike,
    BikeDocked,
    BikeFlagged,
    BikeFound,
    BikeHandedIn,
    BikeLeftUnseen,
    BikeLoaded,
    BikeMissing,
    BikeRefused,
    BikeRepaired,
    BikeReserved,
    BikeReturned,
    BikeUnlocked,
    ConfirmRelease,
    DeviceIgnored,
    DockBike,
    DockingIgnored,
    EarlierReturnTold,
    GiveUpUnlock,
    HandInBike,
    LoadBike,
    MarkMissing,
    NoteRefusal,
    RecordOldReturn,
    ReportBike,
    UnlockBike,
    UnlockFailed,
    UnlockRejected,
    UnlockUnconfirmed,
)
from .terms import Terms
from .trips import Ride

BIKE = TransitionTable(
    "new",
    {
        ("new", BikeDocked): "docked",
        ("docked", BikeReserved): "reserved",
        ("docked", BikeFlagged): "docked",
        ("docked", BikeRepaired): "docked",
        ("docked", BikeLoaded): "van",
        ("docked", BikeLeftUnseen): "between",
        ("reserved", UnlockUnconfirmed): "reserved",
        ("reserved", UnlockFailed): "docked",
        ("reserved", BikeUnlocked): "riding",
        ("riding", BikeRefused): "riding",
        ("riding", BikeMissing): "missing",
        ("riding", BikeReturned): "between",
        ("missing", BikeFound): "found",
        ("found", BikeReturned): "between",
        ("between", BikeDocked): "docked",
        ("between", BikeHandedIn): "van",
        ("van", BikeDocked): "docked",
        ("van", BikeHandedIn): "van",
        ("van", BikeFlagged): "van",
    },
)
"""``between`` and ``found`` last no longer than one decision."""

SILENT = (UnlockRejected, DockingIgnored, DeviceIgnored)
"""Events that change nothing."""

DOCKINGS_KNOWN = 4
"""How many of its last returns a bike knows again."""


class Bike(msgspec.Struct, frozen=True):
    """One bike. ``docked_at_us`` is its last return, by the device's clock; ``dockings`` are where and when the last
    ones were, newest last; ``ride`` is there from reserved to return; ``next_ask_us`` is when dock or bike should have
    answered, while reserved; ``late`` is the last ride that ended too late, of which an earlier return may be told."""

    bike_id: str
    status: str = BIKE.initial
    station_id: str = ""
    docked_at_us: int = -1
    dockings: tuple[tuple[str, int], ...] = ()
    flagged: bool = False
    ride: Ride | None = None
    reserved_at_us: int = 0
    asked: bool = False
    next_ask_us: int = 0
    left_at_us: int = 0
    late: BikeReturned | None = None


class BikeDecider(Decider[Bike]):
    """Decides who has the bike, and where it is."""

    name = "bike"
    key_field = "bike_id"
    commands = (
        UnlockBike,
        ConfirmRelease,
        ReportBike,
        AskBike,
        GiveUpUnlock,
        DockBike,
        HandInBike,
        RecordOldReturn,
        NoteRefusal,
        MarkMissing,
        LoadBike,
    )
    events = (
        BikeReserved,
        UnlockRejected,
        UnlockUnconfirmed,
        UnlockFailed,
        BikeUnlocked,
        BikeLeftUnseen,
        BikeRefused,
        BikeReturned,
        BikeDocked,
        BikeHandedIn,
        BikeFlagged,
        BikeRepaired,
        BikeLoaded,
        BikeMissing,
        BikeFound,
        EarlierReturnTold,
        DockingIgnored,
        DeviceIgnored,
    )
    transitions = BIKE

    def __init__(self, terms: Terms) -> None:
        self._answers_within_us = terms.lock_answers_within_us
        self._reports_within_us = terms.bike_reports_within_us
        self._overdue_after_us = terms.overdue_after_us
        self._behind_max_us = terms.device_clock_behind_max_us

    def initial(self, key: str) -> Bike:
        return Bike(key)

    def decide(self, bike: Bike, command: Command, now_us: int) -> list[Event]:
        match command:
            case UnlockBike():
                return self._unlock(bike, command, now_us)
            case ConfirmRelease():
                return _confirm(bike, command)
            case ReportBike():
                return _report(bike, command)
            case AskBike() if bike.status == "reserved" and not bike.asked and now_us >= bike.next_ask_us:
                assert bike.ride is not None
                report_by_us = bike.reserved_at_us + self._reports_within_us
                return [UnlockUnconfirmed(bike.bike_id, bike.ride.trip_id, report_by_us)]
            case GiveUpUnlock() if bike.status == "reserved" and bike.asked and now_us >= bike.next_ask_us:
                return [*_fail(bike, "no-word-from-bike"), BikeFlagged(bike.bike_id, "silent")]
            case DockBike() | HandInBike():
                return self._take_back(bike, command)
            case RecordOldReturn():
                return self._recall(bike, command)
            case NoteRefusal():
                return _refuse(bike, command)
            case MarkMissing() if bike.status == "riding" and bike.ride is not None:
                same = bike.ride.trip_id == command.trip_id
                return [BikeMissing(bike.bike_id, bike.ride)] if same else []
            case LoadBike():
                return _load(bike, command)
            case _:
                return []

    def evolve(self, bike: Bike, event: Event) -> Bike:
        change = msgspec.structs.replace
        if isinstance(event, SILENT):
            return bike
        if isinstance(event, EarlierReturnTold):
            return change(bike, late=None)
        status = BIKE.next(bike.status, event)
        match event:
            case BikeReserved():
                start_us, ask_us = event.reserved_at_us, event.answer_by_us
                return change(
                    bike, status=status, ride=event.ride, reserved_at_us=start_us, asked=False, next_ask_us=ask_us
                )
            case UnlockUnconfirmed():
                return change(bike, status=status, asked=True, next_ask_us=event.report_by_us)
            case BikeUnlocked():
                return change(bike, status=status, left_at_us=event.left_at_us)
            case UnlockFailed():
                return change(bike, status=status, ride=None)
            case BikeReturned():
                in_time = self._in_time(event.left_at_us, event.returned_at_us)
                return change(bike, status=status, ride=None, late=bike.late if in_time else event)
            case BikeDocked() | BikeHandedIn():
                station_id, at_us = event.station_id, event.docked_at_us
                dockings = (*bike.dockings, (station_id, at_us))[-DOCKINGS_KNOWN:]
                return change(bike, status=status, station_id=station_id, docked_at_us=at_us, dockings=dockings)
            case BikeFlagged() | BikeRepaired():
                return change(bike, status=status, flagged=isinstance(event, BikeFlagged))
            case _:
                return change(bike, status=status)

    def deadlines(self, bike: Bike) -> Iterable[Deadline]:
        if bike.status == "reserved":
            yield bike.next_ask_us, GiveUpUnlock(bike.bike_id) if bike.asked else AskBike(bike.bike_id)

    def _unlock(self, bike: Bike, command: UnlockBike, now_us: int) -> list[Event]:
        if bike.status != "docked":
            return [UnlockRejected(bike.bike_id, command.ride, "bike-taken")]
        if bike.flagged:
            return [UnlockRejected(bike.bike_id, command.ride, "bike-flagged")]
        return [BikeReserved(bike.bike_id, command.ride, bike.station_id, now_us, now_us + self._answers_within_us)]

    def _take_back(self, bike: Bike, command: DockBike | HandInBike) -> list[Event]:
        if self._is_old(bike, command):
            ignored = DockingIgnored(bike.bike_id, command.station_id, command.docked_at_us)
            return [*self._recall(bike, command), ignored]
        return [*self._left_the_last_place(bike, command), *_put_down(bike, command)]

    def _is_old(self, bike: Bike, command: DockBike | HandInBike) -> bool:
        """Whether the bike has been elsewhere since. Of a bike that is out, a dock whose clock is slow is believed."""
        if (command.station_id, command.docked_at_us) in bike.dockings:
            return True
        latest_us = max((at_us for _, at_us in bike.dockings), default=-1)
        slow_by_us = self._behind_max_us if bike.ride is not None else 0
        return command.docked_at_us + slow_by_us <= latest_us

    def _recall(self, bike: Bike, command: DockBike | HandInBike | RecordOldReturn) -> list[Event]:
        """What an old return still tells: a ride that seemed to have ended too late was over in time."""
        late, told_us = bike.late, command.docked_at_us
        if late is None or told_us <= late.left_at_us or not self._in_time(late.left_at_us, told_us):
            return []
        return [
            EarlierReturnTold(
                bike.bike_id, late.ride, late.from_station_id, late.left_at_us, command.station_id, told_us
            )
        ]

    def _in_time(self, left_at_us: int, returned_at_us: int) -> bool:
        return returned_at_us < left_at_us + self._overdue_after_us

    def _left_the_last_place(self, bike: Bike, command: DockBike | HandInBike) -> list[Event]:
        """What a return proves of where the bike was: it is not docked there, and its ride is over."""
        if bike.status == "docked":
            return [BikeLeftUnseen(bike.bike_id, bike.station_id, bike.docked_at_us)]
        if bike.ride is None:
            return []
        events: list[Event] = []
        left_at_us = bike.left_at_us
        if bike.status == "reserved":
            left_at_us = bike.reserved_at_us
            events += _leave(bike, left_at_us)
        returned_at_us = max(left_at_us, command.docked_at_us)
        in_time = self._in_time(left_at_us, returned_at_us)
        if bike.status != "missing" and not in_time:
            events.append(BikeMissing(bike.bike_id, bike.ride))
        if bike.status == "missing" or not in_time:
            events.append(BikeFound(bike.bike_id, bike.ride, in_time))
        station_id = command.station_id
        events.append(BikeReturned(bike.bike_id, bike.ride, bike.station_id, left_at_us, station_id, returned_at_us))
        return events


def _put_down(bike: Bike, command: DockBike | HandInBike) -> list[Event]:
    put_down = BikeHandedIn if isinstance(command, HandInBike) else BikeDocked
    events: list[Event] = [put_down(bike.bike_id, command.station_id, command.docked_at_us)]
    by_van = isinstance(command, DockBike) and command.hands == "van"
    if command.maintenance and not bike.flagged:
        events.append(BikeFlagged(bike.bike_id, "maintenance-dock"))
    elif by_van and not command.maintenance and bike.flagged:
        events.append(BikeRepaired(bike.bike_id))
    return events


def _confirm(bike: Bike, command: ConfirmRelease) -> list[Event]:
    if bike.status == "reserved" and bike.ride is not None and bike.ride.trip_id == command.trip_id:
        return _leave(bike, max(bike.reserved_at_us, command.released_at_us))
    if bike.ride is not None and bike.ride.trip_id == command.trip_id:
        return [DeviceIgnored(bike.bike_id)]  # the bike's own report was faster
    return [Refused("not-unlocked", "this trip does not wait for the bike")]


def _report(bike: Bike, command: ReportBike) -> list[Event]:
    about_this_ride = bike.ride is not None and bike.ride.trip_id == command.trip_id
    if bike.status != "reserved" or not about_this_ride or (command.docked and not bike.asked):
        return [DeviceIgnored(bike.bike_id)]
    return _fail(bike, "lock-stuck") if command.docked else _leave(bike, bike.reserved_at_us)


def _refuse(bike: Bike, command: NoteRefusal) -> list[Event]:
    """Who rides has come in vain; a refusal from before the ride was told again, or meant somebody else."""
    if bike.ride is None or bike.status not in ("reserved", "riding"):
        return []
    reserved = bike.status == "reserved"
    if command.at_us <= (bike.reserved_at_us if reserved else bike.left_at_us):
        return []
    left = _leave(bike, bike.reserved_at_us) if reserved else []
    return [*left, BikeRefused(bike.bike_id, bike.ride.trip_id, command.station_id)]


def _leave(bike: Bike, left_at_us: int) -> list[Event]:
    assert bike.ride is not None
    return [BikeUnlocked(bike.bike_id, bike.ride, bike.station_id, bike.docked_at_us, left_at_us)]


def _fail(bike: Bike, reason: str) -> list[Event]:
    assert bike.ride is not None
    return [UnlockFailed(bike.bike_id, bike.ride, reason)]


def _load(bike: Bike, command: LoadBike) -> list[Event]:
    if bike.status != "docked" or bike.station_id != command.station_id:
        return [Refused("bike-not-here")]
    return [BikeLoaded(bike.bike_id, bike.station_id, bike.docked_at_us, command.van_id)]
