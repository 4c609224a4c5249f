"""The bike share's API calls, each described once: riders and the operator ask, the provider reports.

HTTP routes, the simulated gateway and the journeys are all made from these. Stations and bikes are asked about, and
speak, in ``fleet_operations.py``; the public feed stands in ``gbfs.py``.
"""

from __future__ import annotations

from ..kernel.edge import decimal_of, rfc3339
from ..kernel.operation import ANYONE, Action, Call, Outcome, Query
from ..kernel.problem import NOT_FOUND, Problem
from ..kernel.projection import Views
from ..shared.payments import TAKE_PAYMENT_REPORT
from .account_messages import OpenDispute, SettleDispute
from .bodies import (
    ChargeBody,
    ChargesBody,
    PassBody,
    PassesBody,
    PassRequest,
    PlanBody,
    PlansBody,
    SettlementRequest,
    TripBody,
    TripsBody,
    UnlockRequest,
)
from .fleet_operations import known_bike
from .passes import PurchasePass
from .pricing import Plan, plans
from .riders import RequestUnlock
from .roles import OPERATOR, RIDER
from .terms import Terms
from .views import (
    AccountsView,
    ChargeEntry,
    PassEntry,
    PassesView,
    TripEntry,
    TripsView,
)

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
    known_bike(bike_id, views)
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
