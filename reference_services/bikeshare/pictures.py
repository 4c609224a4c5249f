"""What reports draw of the bike share, as data: stations, bikes, trips and money. See ``reports/pictures.py``."""

from __future__ import annotations

from typing import Any

from .pricing import PLAN_NAMES

MONEY_GIVEN_BACK = {"event": "RefundStarted", "amount": "-amount_cents"}


def _trips(plan: str) -> dict[str, Any]:
    ended = {"event": "TripClosed", "amount": "+1", "where": {"plan": plan, "outcome": "ended"}}
    return {"name": plan, "changes": [ended]}


def _revenue(plan: str) -> dict[str, Any]:
    """What was paid for passes, renewals included, and for trips that the pass did not cover."""
    of_plan = {"plan.name": plan}
    passes = {"event": "PassPurchased", "same": {"about": "pass_id"}, "where": of_plan}
    trips = {"event": "FareComputed", "same": {"about": "trip_id"}, "where": of_plan}
    return {"name": plan, "changes": [*_kept({}, passes), *_kept({"purpose": "fare"}, trips)]}


def _lost_bikes() -> dict[str, Any]:
    return {"name": "lost bikes", "changes": _kept({"purpose": "lost-bike"})}


def _kept(where: dict[str, str], owner: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What succeeding charges bring, less what of it goes back."""
    charges = {"event": "ChargeSucceeded", "where": where, "belongs_to": owner}
    return [
        {**charges, "amount": "+amount_cents"},
        {**MONEY_GIVEN_BACK, "belongs_to": {**charges, "same": {"charge_id": "charge_id"}}},
    ]


PICTURES: dict[str, Any] = {
    "headline": "Every bike accounted for: $rides trips, $missing bikes missing at the end",
    "gauges": [
        {
            "title": "Stations empty and full",
            "unit": "stations",
            "stacked": False,
            "told_by": "peak",
            "series": [
                {"name": "empty", "changes": [{"event": "StationChanged", "amount": "+empty_change"}]},
                {"name": "full", "changes": [{"event": "StationChanged", "amount": "+full_change"}]},
            ],
        },
        {
            "title": "Bikes on the road",
            "unit": "bikes",
            "series": [
                {
                    "name": "riding",
                    "changes": [
                        {"event": "BikeUnlocked", "amount": "+1"},
                        {"event": "BikeMissing", "amount": "-1"},
                        {"event": "BikeFound", "amount": "+1"},
                        {"event": "BikeReturned", "amount": "-1"},
                    ],
                },
                {
                    "name": "missing",
                    "changes": [
                        {"event": "BikeMissing", "amount": "+1"},
                        {"event": "BikeFound", "amount": "-1"},
                    ],
                },
            ],
        },
        {
            "title": "Trips by plan",
            "unit": "trips",
            "series": [
                *(_trips(plan) for plan in PLAN_NAMES),
                {"name": "rides", "drawn": False, "changes": [{"event": "TripStarted", "amount": "+1"}]},
            ],
        },
        {
            "title": "Revenue by plan",
            "unit": "US dollars",
            "measure": "money",
            "series": [*(_revenue(plan) for plan in PLAN_NAMES), _lost_bikes()],
        },
    ],
}
