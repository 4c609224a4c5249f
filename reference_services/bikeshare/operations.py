"""The bike share's API calls, each described once: riders, docks, bikes and the operator ask, the provider reports.

HTTP routes, the simulated gateway and the journeys are all made from these. A dock's token names its station and a
bike's the bike: neither speaks for another. The public feed stands in ``gbfs.py``.
"""

from __future__ import annotations

from ..kernel.edge import decimal_of, instant_us, rfc3339
from ..kernel.operation import ANYONE, Accepted, Action, Call, Outcome, Query, accepted
from ..kernel.problem import FORBIDDEN, NOT_FOUND, UNPROCESSABLE, Problem
from ..kernel.projection import Views
from ..shared.payments import TAKE_PAYMENT_REPORT
from .account_messages import OpenDispute, SettleDispute
from .bike_messages import ConfirmRelease, LoadBike, ReportBike
from .bodies import (
    BikeReport,
    CareBody,
    CaresBody,
    ChargeBody,
    ChargesBody,
    PassBody,
    PassesBody,
    PassRequest,
    PlanBody,
    PlansBody,
    ReleaseRequest,
    ReturnBody,
    ReturnRequest,
    SettlementRequest,
    StationBody,
    StationRequest,
    TripBody,
    TripsBody,
    UnlockRequest,
    VanRequest,
)
from .passes import PurchasePass
from .pricing import Plan, plans
from .riders import RequestUnlock
from .stations import OpenStation, ReturnBike
from .terms import Terms
from .views import (
    AccountsView,
    BikeEntry,
    BikesView,
    ChargeEntry,
    PassEntry,
    PassesView,
    StationEntry,
    StationsView,
    TripEntry,
    TripsView,
)

RIDER, DOCK, BIKE, OPERATOR = "rider", "dock", "bike", "operator"
LISTED = 100


# Passes


def buy_pass(call: Call, views: Views) -> PurchasePass:
    return PurchasePass(call.new_id("pass"), call.principal.subject, call.body.plan, call.body.card_token)


def pass_outcome(command: PurchasePass, views: Views) -> Outcome:
    entry = views.get(PassesView).passes[command.pass_id]
    return Outcome(_pass_body(entry), settled=entry.status not in ("unpaid", "paid"), refused=entry.reason)


def read_passes(call: Call, views: Views) -> Outcome:
    view = views.get(PassesView)
    latest = view.by_rider.get(call.principal.subject, [])[-LISTED:]
    return Outcome(PassesBody([_pass_body(view.passes[pass_id]) for pass_id in reversed(latest)]))


def pass_location(command: PurchasePass) -> str:
    return "/passes"


def _pass_body(entry: PassEntry) -> PassBody:
    until = rfc3339(entry.until_us) if entry.until_us else None
    return PassBody(entry.pass_id, entry.plan.name, entry.status, until, entry.reason or None)


# Trips


def unlock_bike(call: Call, views: Views) -> RequestUnlock:
    bike_id = call.body.bike_id
    _known_bike(bike_id, views)
    return RequestUnlock(call.principal.subject, call.new_id("trip"), bike_id)


def unlock_outcome(command: RequestUnlock, views: Views) -> Outcome:
    entry = views.get(TripsView).trips[command.trip_id]
    return Outcome(_trip_body(entry), settled=entry.status != "requested", refused=entry.reason)


def trip_location(command: RequestUnlock) -> str:
    return f"/trips/{command.trip_id}"


def read_trip(call: Call, views: Views) -> Outcome:
    entry = views.get(TripsView).trips.get(call.path["trip_id"])
    if entry is None or (call.principal.role == RIDER and entry.rider_id != call.principal.subject):
        raise Problem(NOT_FOUND, f"you have no trip {call.path['trip_id']!r}")
    return Outcome(_trip_body(entry), settled=entry.status not in ("requested", "unlocking", "ended"))


def read_trips(call: Call, views: Views) -> Outcome:
    view = views.get(TripsView)
    latest = view.by_rider.get(call.principal.subject, [])[-LISTED:]
    return Outcome(TripsBody([_trip_body(view.trips[trip_id]) for trip_id in reversed(latest)]))


def _trip_body(entry: TripEntry) -> TripBody:
    return TripBody(
        entry.trip_id,
        entry.status,
        entry.bike_id,
        entry.from_station_id,
        entry.to_station_id,
        _instant(entry.started_at_us),
        _instant(entry.overdue_at_us),
        _instant(entry.ended_at_us),
        None if entry.fare_cents is None else decimal_of(entry.fare_cents),
        entry.reason or None,
    )


def _instant(time_us: int) -> str | None:
    return rfc3339(time_us) if time_us else None


# Fleet


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


def _known_bike(bike_id: str, views: Views) -> None:
    if bike_id not in views.get(BikesView).bikes:
        raise Problem(NOT_FOUND, f"there is no bike {bike_id!r}")


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
        _known_bike(body.bike_id, views)
        return ConfirmRelease(body.bike_id, body.trip_id, self._device_time_us(call, body.released_at))

    def return_bike(self, call: Call, views: Views) -> ReturnBike:
        station_id = _own_station(call, views)
        body: ReturnRequest = call.body
        _known_bike(body.bike_id, views)
        docked_at_us = self._device_time_us(call, body.docked_at)
        return ReturnBike(station_id, body.bike_id, docked_at_us, body.buffered, body.maintenance, "dock")

    def report_bike(self, call: Call, views: Views) -> ReportBike:
        bike_id = call.path["bike_id"]
        _known_bike(bike_id, views)
        if call.principal.subject != bike_id:
            raise Problem(FORBIDDEN, f"{call.principal.subject} does not speak for {bike_id}")
        return ReportBike(bike_id, call.body.docked)

    def pick_up(self, call: Call, views: Views) -> LoadBike:
        station_id = _own_station(call, views)
        _known_bike(call.body.bike_id, views)
        return LoadBike(call.body.bike_id, station_id, call.principal.subject)

    def drop_off(self, call: Call, views: Views) -> ReturnBike:
        station_id = _own_station(call, views)
        _known_bike(call.body.bike_id, views)
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


# Billing


def read_charges(call: Call, views: Views) -> Outcome:
    view = views.get(AccountsView)
    latest = view.by_rider.get(call.principal.subject, [])[-LISTED:]
    return Outcome(ChargesBody([_charge_body(view.charges[charge_id]) for charge_id in reversed(latest)]))


def open_dispute(call: Call, views: Views) -> OpenDispute:
    entry = _known_charge(call, views)
    if entry.request.rider_id != call.principal.subject:
        raise Problem(NOT_FOUND, f"you have no charge {call.path['charge_id']!r}")
    return OpenDispute(entry.request.rider_id, entry.request.charge_id)


def settle_dispute(call: Call, views: Views) -> SettleDispute:
    entry = _known_charge(call, views)
    return SettleDispute(entry.request.rider_id, entry.request.charge_id, call.body.upheld)


def charge_outcome(command: OpenDispute | SettleDispute, views: Views) -> Outcome:
    return Outcome(_charge_body(views.get(AccountsView).charges[command.charge_id]))


def _known_charge(call: Call, views: Views) -> ChargeEntry:
    entry = views.get(AccountsView).charges.get(call.path["charge_id"])
    if entry is None:
        raise Problem(NOT_FOUND, f"you have no charge {call.path['charge_id']!r}")
    return entry


def _charge_body(entry: ChargeEntry) -> ChargeBody:
    request = entry.request
    amount = decimal_of(request.amount_cents)
    return ChargeBody(request.charge_id, request.purpose, request.about, amount, entry.status, entry.disputed)


# Pricing


def _plan_body(plan: Plan) -> PlanBody:
    return PlanBody(
        plan.name,
        decimal_of(plan.price_cents),
        plan.included_us // 1_000_000,
        plan.overage_step_us // 1_000_000,
        decimal_of(plan.overage_cents),
    )


def pricing(terms: Terms) -> tuple[Query, ...]:
    """What can be asked about prices."""
    body = PlansBody([_plan_body(plan) for plan in plans(terms).values()])
    return (
        Query("list_plans", "/plans", "Every plan on offer", (ANYONE,), lambda call, views: Outcome(body), PlansBody),
    )


PASSES = (
    Action(
        "buy_pass",
        "POST",
        "/passes",
        "Buy a pass",
        (RIDER,),
        buy_pass,
        pass_outcome,
        PassBody,
        body=PassRequest,
        location=pass_location,
        created=True,
    ),
    Query("list_passes", "/passes", "My latest passes", (RIDER,), read_passes, PassesBody),
)

TRIPS = (
    Action(
        "unlock_bike",
        "POST",
        "/trips",
        "Take a bike",
        (RIDER,),
        unlock_bike,
        unlock_outcome,
        TripBody,
        body=UnlockRequest,
        location=trip_location,
        created=True,
    ),
    Query("list_trips", "/trips", "My latest trips", (RIDER,), read_trips, TripsBody),
    Query("view_trip", "/trips/{trip_id}", "One trip", (RIDER, OPERATOR), read_trip, TripBody),
)


def fleet(terms: Terms) -> tuple[Action | Query, ...]:
    """What devices, the operator and whoever looks for a bike can ask."""
    devices = DeviceCalls(terms)
    return (
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


BILLING = (
    Query("list_charges", "/charges", "My latest charges", (RIDER,), read_charges, ChargesBody),
    Action(
        "open_dispute",
        "POST",
        "/charges/{charge_id}/disputes",
        "Say that a charge is wrong",
        (RIDER,),
        open_dispute,
        charge_outcome,
        ChargeBody,
        created=True,
    ),
    Action(
        "settle_dispute",
        "POST",
        "/charges/{charge_id}/settlement",
        "Decide a dispute",
        (OPERATOR,),
        settle_dispute,
        charge_outcome,
        ChargeBody,
        body=SettlementRequest,
    ),
    TAKE_PAYMENT_REPORT,
)
