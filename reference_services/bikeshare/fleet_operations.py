"""The API calls about stations and bikes: whoever looks for a bike asks, docks and bikes tell, vans even things out.

A dock's token names its station and a bike's the bike: neither speaks for another.
"""

from __future__ import annotations

from ..kernel.edge import instant_us
from ..kernel.operation import ANYONE, Accepted, Action, Call, Outcome, Query, accepted
from ..kernel.problem import FORBIDDEN, NOT_FOUND, UNPROCESSABLE, Problem
from ..kernel.projection import Views
from .bike_messages import ConfirmRelease, LoadBike, ReportBike
from .bodies import (
    BikeReport,
    CareBody,
    CaresBody,
    ReleaseRequest,
    ReturnBody,
    ReturnRequest,
    StationBody,
    StationRequest,
    VanRequest,
)
from .roles import BIKE, DOCK, OPERATOR
from .stations import OpenStation, ReturnBike
from .terms import Terms
from .views import BikeEntry, BikesView, StationEntry, StationsView


def open_station(call: Call, views: Views) -> OpenStation:
    body: StationRequest = call.body
    if len(set(body.bikes)) < len(body.bikes):
        raise Problem(UNPROCESSABLE, "name each bike once")
    if taken := [bike_id for bike_id in body.bikes if bike_id in views.get(BikesView).bikes]:
        raise Problem(UNPROCESSABLE, f"{taken[0]} is in the fleet already; let a van bring it")
    latitude_e6, longitude_e6 = round(body.latitude * 1e6), round(body.longitude * 1e6)
    return OpenStation(call.path["station_id"], body.name, latitude_e6, longitude_e6, body.docks, body.bikes)


def station_outcome(command: OpenStation, views: Views) -> Outcome:
    return _station_outcome(command.station_id, views)


def read_station(call: Call, views: Views) -> Outcome:
    return _station_outcome(call.path["station_id"], views)


def _station_outcome(station_id: str, views: Views) -> Outcome:
    entry, bikes = _known_station(station_id, views), views.get(BikesView)
    docks = entry.opened.docks
    can_be_had = [bike_id for bike_id in entry.bikes if bikes.can_be_had(bike_id)]
    return Outcome(StationBody(station_id, docks, docks - len(entry.bikes), can_be_had))


def read_cares(call: Call, views: Views) -> Outcome:
    bikes = views.get(BikesView).bikes.items()
    flagged = [CareBody(bike_id, each.station_id, "flagged") for bike_id, each in bikes if _waits_in_dock(each)]
    handed_in = [
        CareBody(bike_id, each.station_id, "handed-in") for bike_id, each in bikes if each.status == "handed-in"
    ]
    return Outcome(CaresBody(flagged + handed_in))


def _waits_in_dock(bike: BikeEntry) -> bool:
    return bike.flagged and bike.status == "docked"


def _known_station(station_id: str, views: Views) -> StationEntry:
    entry = views.get(StationsView).stations.get(station_id)
    if entry is None:
        raise Problem(NOT_FOUND, f"there is no station {station_id!r}")
    return entry


def _own_station(call: Call, views: Views) -> str:
    """The station in the path, which the calling dock must belong to."""
    station_id = call.path["station_id"]
    _known_station(station_id, views)
    if call.principal.role == DOCK and call.principal.subject != station_id:
        raise Problem(FORBIDDEN, f"a dock of {call.principal.subject} does not speak for {station_id}")
    return station_id


def return_outcome(command: ReturnBike, views: Views) -> Outcome:
    told = views.get(StationsView).returns.get(command.bike_id)
    if told is None or told[:2] != (command.station_id, command.docked_at_us):
        return Outcome(ReturnBody(command.bike_id, command.station_id, "known"))
    body = ReturnBody(command.bike_id, command.station_id, told[2])
    return Outcome(body, refused="station-full" if told[2] == "refused" else "")


class DeviceCalls:
    """Calls of docks, bikes and vans. A device's clock may run ahead by no more than the terms allow."""

    def __init__(self, terms: Terms) -> None:
        self._ahead_max_us = terms.device_clock_ahead_max_us

    def confirm_release(self, call: Call, views: Views) -> ConfirmRelease:
        _own_station(call, views)
        body: ReleaseRequest = call.body
        known_bike(body.bike_id, views)
        return ConfirmRelease(body.bike_id, body.trip_id, self._device_time_us(call, body.released_at))

    def return_bike(self, call: Call, views: Views) -> ReturnBike:
        station_id = _own_station(call, views)
        body: ReturnRequest = call.body
        known_bike(body.bike_id, views)
        docked_at_us = self._device_time_us(call, body.docked_at)
        return ReturnBike(station_id, body.bike_id, docked_at_us, body.buffered, body.maintenance, "dock")

    def report_bike(self, call: Call, views: Views) -> ReportBike:
        bike_id = call.path["bike_id"]
        known_bike(bike_id, views)
        if call.principal.subject != bike_id:
            raise Problem(FORBIDDEN, f"{call.principal.subject} does not speak for {bike_id}")
        return ReportBike(bike_id, call.body.trip_id, call.body.docked)

    def pick_up(self, call: Call, views: Views) -> LoadBike:
        station_id = _own_station(call, views)
        known_bike(call.body.bike_id, views)
        return LoadBike(call.body.bike_id, station_id, call.principal.subject)

    def drop_off(self, call: Call, views: Views) -> ReturnBike:
        station_id = _own_station(call, views)
        known_bike(call.body.bike_id, views)
        return ReturnBike(station_id, call.body.bike_id, call.now_us, buffered=False, maintenance=False, hands="van")

    def _device_time_us(self, call: Call, told: str | None) -> int:
        """What the device's clock says; no later than now, though clocks that are a little ahead are forgiven."""
        if told is None:
            return call.now_us
        try:
            device_us = instant_us(told)
        except ValueError as error:
            raise Problem(UNPROCESSABLE, str(error)) from error
        if device_us > call.now_us + self._ahead_max_us:
            raise Problem(UNPROCESSABLE, f"{told} has not come yet; set the device's clock and send it again")
        return min(device_us, call.now_us)


def known_bike(bike_id: str, views: Views) -> None:
    """Raises `Problem` for a bike that is not in the fleet."""
    if bike_id not in views.get(BikesView).bikes:
        raise Problem(NOT_FOUND, f"there is no bike {bike_id!r}")


STATIONS = (
    Query("view_station", "/stations/{station_id}", "One station", (ANYONE,), read_station, StationBody),
    Action(
        "open_station",
        "PUT",
        "/stations/{station_id}",
        "Open a station with bikes in its docks",
        (OPERATOR,),
        open_station,
        station_outcome,
        StationBody,
        body=StationRequest,
    ),
)


def fleet(terms: Terms) -> tuple[Action | Query, ...]:
    """What devices, the operator and whoever looks for a bike can ask."""
    devices = DeviceCalls(terms)
    return (*STATIONS, *_told_by_devices(devices), *_done_by_vans(devices))


def _told_by_devices(devices: DeviceCalls) -> tuple[Action, ...]:
    return (
        Action(
            "confirm_release",
            "POST",
            "/stations/{station_id}/releases",
            "A dock tells that a bike was pulled out",
            (DOCK,),
            devices.confirm_release,
            accepted,
            Accepted,
            body=ReleaseRequest,
        ),
        Action(
            "return_bike",
            "POST",
            "/stations/{station_id}/returns",
            "A dock tells that a bike is back",
            (DOCK,),
            devices.return_bike,
            return_outcome,
            ReturnBody,
            body=ReturnRequest,
        ),
        Action(
            "report_bike",
            "POST",
            "/bikes/{bike_id}/reports",
            "A bike tells whether it stands in a dock",
            (BIKE,),
            devices.report_bike,
            accepted,
            Accepted,
            body=BikeReport,
        ),
    )


def _done_by_vans(devices: DeviceCalls) -> tuple[Action | Query, ...]:
    return (
        Query("list_cares", "/cares", "Bikes to look after", (OPERATOR,), read_cares, CaresBody),
        Action(
            "pick_up",
            "POST",
            "/stations/{station_id}/pickups",
            "The van takes a bike",
            (OPERATOR,),
            devices.pick_up,
            accepted,
            Accepted,
            body=VanRequest,
        ),
        Action(
            "drop_off",
            "POST",
            "/stations/{station_id}/dropoffs",
            "The van brings a bike",
            (OPERATOR,),
            devices.drop_off,
            return_outcome,
            ReturnBody,
            body=VanRequest,
        ),
    )
