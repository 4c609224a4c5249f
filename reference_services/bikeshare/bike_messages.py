"""fleet: what can be asked of a bike, and what can happen to it."""

from __future__ import annotations

from typing import Literal

from ..kernel.message import Command, Event
from .stations import Hands
from .trips import Ride

# Commands


class UnlockBike(Command, frozen=True):
    """Let this ride have the bike."""

    bike_id: str
    ride: Ride


class ConfirmRelease(Command, frozen=True):
    """The dock tells that the bike was pulled out at ``released_at_us``."""

    bike_id: str
    trip_id: str
    released_at_us: int


class ReportBike(Command, frozen=True):
    """The bike itself, asked about this trip, tells whether it stands in a dock."""

    bike_id: str
    trip_id: str
    docked: bool


class AskBike(Command, frozen=True):
    """The dock has not answered in time. Sent by time itself."""

    bike_id: str


class GiveUpUnlock(Command, frozen=True):
    """Neither has the bike. Sent by time itself."""

    bike_id: str


class DockBike(Command, frozen=True):
    """A dock has closed on the bike."""

    bike_id: str
    station_id: str
    docked_at_us: int
    maintenance: bool
    hands: Hands


class HandInBike(Command, frozen=True):
    """The bike was returned to a station whose docks are all taken by our books."""

    bike_id: str
    station_id: str
    docked_at_us: int
    maintenance: bool


class RecordOldReturn(Command, frozen=True):
    """A station that has the bike was told of an older return of it."""

    bike_id: str
    station_id: str
    docked_at_us: int


class NoteRefusal(Command, frozen=True):
    """A full station has refused the bike at ``at_us``, by the device's clock."""

    bike_id: str
    station_id: str
    at_us: int


class MarkMissing(Command, frozen=True):
    """The bike's trip is overdue."""

    bike_id: str
    trip_id: str


class LoadBike(Command, frozen=True):
    """The operator takes the bike into a van."""

    bike_id: str
    station_id: str
    van_id: str


# Events


class BikeReserved(Event, frozen=True):
    """The bike is kept for a ride and its dock opens; the dock is to answer by ``answer_by_us``."""

    bike_id: str
    ride: Ride
    station_id: str
    reserved_at_us: int
    answer_by_us: int


class UnlockRejected(Event, frozen=True):
    """Nobody, or somebody else, can have the bike."""

    bike_id: str
    ride: Ride
    reason: str


class UnlockUnconfirmed(Event, frozen=True):
    """The dock has not answered; the bike's own report settles whether it left, if it comes by ``report_by_us``."""

    bike_id: str
    trip_id: str
    report_by_us: int


class UnlockFailed(Event, frozen=True):
    """The bike did not leave, or nobody could say that it did."""

    bike_id: str
    ride: Ride
    reason: str


class BikeUnlocked(Event, frozen=True):
    """The bike has left at ``left_at_us`` the dock in which it stood since ``docked_at_us``."""

    bike_id: str
    ride: Ride
    station_id: str
    docked_at_us: int
    left_at_us: int


class BikeLeftUnseen(Event, frozen=True):
    """The bike turned up elsewhere, so it has left this dock."""

    bike_id: str
    station_id: str
    docked_at_us: int


class BikeRefused(Event, frozen=True):
    """A full station has sent the rider away."""

    bike_id: str
    trip_id: str
    station_id: str


class BikeReturned(Event, frozen=True):
    """The ride is over, by the clock of the device that took the bike."""

    bike_id: str
    ride: Ride
    from_station_id: str
    left_at_us: int
    station_id: str
    returned_at_us: int


class BikeDocked(Event, frozen=True):
    """The bike stands in a dock."""

    bike_id: str
    station_id: str
    docked_at_us: int


class BikeHandedIn(Event, frozen=True):
    """The bike is in the operator's hands, beside a full station."""

    bike_id: str
    station_id: str
    docked_at_us: int


class BikeFlagged(Event, frozen=True):
    """The bike has to be repaired before it can be unlocked again."""

    bike_id: str
    reason: Literal["maintenance-dock", "silent"]


class BikeRepaired(Event, frozen=True):
    """The bike can be unlocked again."""

    bike_id: str


class BikeLoaded(Event, frozen=True):
    """The bike is in the van."""

    bike_id: str
    station_id: str
    docked_at_us: int
    van_id: str


class BikeMissing(Event, frozen=True):
    """The bike was not returned in time."""

    bike_id: str
    ride: Ride


class BikeFound(Event, frozen=True):
    """The missing bike is back; ``in_time`` tells whether it had been returned before it was given up for lost."""

    bike_id: str
    ride: Ride
    in_time: bool


class EarlierReturnTold(Event, frozen=True):
    """The last ride that ended too late had been returned in time; somebody has brought the bike elsewhere since."""

    bike_id: str
    ride: Ride
    from_station_id: str
    left_at_us: int
    station_id: str
    returned_at_us: int


class DockingIgnored(Event, frozen=True):
    """An old return was told again; the dock does not hold the bike since ``docked_at_us``."""

    bike_id: str
    station_id: str
    docked_at_us: int


class DeviceIgnored(Event, frozen=True):
    """A dock or bike told what was known already, or what settles nothing."""

    bike_id: str
