"""gbfs: the public feed, General Bikeshare Feed Specification 3.0 (https://gbfs.org/documentation/reference).

A service without decisions of its own: each file is a query over views that the gateway keeps up to date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ..kernel.edge import rfc3339
from ..kernel.operation import ANYONE, Call, Outcome, Query
from ..kernel.problem import NOT_READY, Problem
from ..kernel.projection import Views
from .pricing import Plan, plans
from .terms import MINUTE_US, SECOND_US, Terms
from .views import BikesView, StationEntry, StationsView

VERSION = "3.0"
LANGUAGE = "en"
VEHICLE_TYPE = "bike"
CURRENCY = "USD"
OLDEST_SHOWN_US = 10 * SECOND_US
FILES = (
    "system_information",
    "vehicle_types",
    "station_information",
    "station_status",
    "vehicle_status",
    "system_pricing_plans",
)


class FeedBody(msgspec.Struct, frozen=True):
    """One file of the feed. ``last_updated`` is the instant that it shows; ``ttl`` is 0: it is made for every call."""

    last_updated: str
    ttl: int
    version: str
    data: dict[str, Any]


def operations(terms: Terms) -> tuple[Query, ...]:
    """The files of the feed, each as a query that anyone may ask."""
    reads = {
        "system_information": _reads_fixed(_system_information()),
        "vehicle_types": _reads_fixed(_vehicle_types()),
        "station_information": read_station_information,
        "station_status": read_station_status,
        "vehicle_status": read_vehicle_status,
        "system_pricing_plans": _reads_fixed({"plans": [_pricing_plan(plan) for plan in plans(terms).values()]}),
    }
    discovery = Query(
        "gbfs",
        "/gbfs.json",
        "Where the files of the feed are",
        (ANYONE,),
        read_discovery,
        FeedBody,
    )
    files = (
        Query(f"gbfs_{name}", f"/{VERSION}/{name}.json", f"GBFS {name}", (ANYONE,), reads[name], FeedBody)
        for name in FILES
    )
    return (discovery, *files)


def read_discovery(call: Call, views: Views) -> Outcome:
    return _answer(call, {"feeds": [_feed(name, call.base_url) for name in FILES]})


def read_station_information(call: Call, views: Views) -> Outcome:
    stations = views.get(StationsView).stations.values()
    return _answer(call, {"stations": [_station_information(entry) for entry in stations]})


def read_station_status(call: Call, views: Views) -> Outcome:
    bikes = views.get(BikesView)
    return _answer(
        call, {"stations": [_station_status(entry, bikes) for entry in views.get(StationsView).stations.values()]}
    )


def read_vehicle_status(call: Call, views: Views) -> Outcome:
    return _answer(call, {"vehicles": list(_vehicles(views.get(BikesView)))})


def _reads_fixed(data: dict[str, Any]) -> Any:
    def read(call: Call, views: Views) -> Outcome:
        return _answer(call, data)

    return read


def _answer(call: Call, data: dict[str, Any]) -> Outcome:
    """The file, dated by what is known. Raises `Problem` (503) rather than show what may long have changed."""
    if call.views_age_us > OLDEST_SHOWN_US:
        raise Problem(NOT_READY, f"what is known here is {call.views_age_us // SECOND_US} s old; ask again")
    return Outcome(FeedBody(rfc3339(call.now_us - call.views_age_us), 0, VERSION, data))


def _text(text: str) -> list[dict[str, str]]:
    return [{"text": text, "language": LANGUAGE}]


def _feed(name: str, base_url: str) -> dict[str, str]:
    return {"name": name, "url": f"{base_url}/gbfs/{VERSION}/{name}.json"}


def _system_information() -> dict[str, Any]:
    return {
        "system_id": "doorbuster-bikes",
        "languages": [LANGUAGE],
        "name": _text("Doorbuster Bikes"),
        "opening_hours": "24/7",
        "feed_contact_email": "feed@bikes.example",
        "timezone": "America/New_York",
    }


def _vehicle_types() -> dict[str, Any]:
    return {
        "vehicle_types": [
            {
                "vehicle_type_id": VEHICLE_TYPE,
                "form_factor": "bicycle",
                "propulsion_type": "human",
                "name": _text("City bike"),
                "return_constraint": "any_station",
                "default_pricing_plan_id": "single",
                "pricing_plan_ids": ["single", "day", "monthly"],
            }
        ]
    }


def _station_information(entry: StationEntry) -> dict[str, Any]:
    opened = entry.opened
    return {
        "station_id": opened.station_id,
        "name": _text(opened.name),
        "lat": opened.latitude_e6 / 1e6,
        "lon": opened.longitude_e6 / 1e6,
        "capacity": opened.docks,
    }


def _station_status(entry: StationEntry, bikes: BikesView) -> dict[str, Any]:
    available = sum(bikes.can_be_had(bike_id) for bike_id in entry.bikes)
    return {
        "station_id": entry.opened.station_id,
        "num_vehicles_available": available,
        "num_vehicles_disabled": sum(bikes.is_disabled(bike_id) for bike_id in entry.bikes),
        "vehicle_types_available": [{"vehicle_type_id": VEHICLE_TYPE, "count": available}],
        "num_docks_available": entry.opened.docks - len(entry.bikes),
        "is_installed": True,
        "is_renting": True,
        "is_returning": True,
        "last_reported": rfc3339(entry.heard_us),
    }


def _vehicles(view: BikesView) -> Iterator[dict[str, Any]]:
    """Those that stand in a dock. Bikes on a trip are nobody else's business, and a van's place is not public."""
    for bike_id, bike in view.bikes.items():
        if bike.status in ("docked", "reserved"):
            yield {
                "vehicle_id": bike_id,
                "vehicle_type_id": VEHICLE_TYPE,
                "station_id": bike.station_id,
                "is_reserved": bike.status == "reserved",
                "is_disabled": bike.flagged,
                "last_reported": rfc3339(bike.heard_us),
            }


def _pricing_plan(plan: Plan) -> dict[str, Any]:
    included_min = plan.included_us // MINUTE_US
    step_min = max(1, plan.overage_step_us // MINUTE_US)
    overage = plan.overage_cents / 100
    return {
        "plan_id": plan.name,
        "name": _text(plan.name.capitalize()),
        "currency": CURRENCY,
        "price": plan.price_cents / 100,
        "is_taxable": False,
        "description": _text(f"{included_min} minutes of each ride are free, then {overage} each started {step_min}."),
        "per_min_pricing": [{"start": included_min, "rate": overage, "interval": step_min}],
    }
