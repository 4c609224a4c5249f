"""What reports draw of the bike share, as data: stations, bikes, trips and money. See ``reports/pictures.py``."""

from __future__ import annotations

from typing import Any

from .pricing import PLAN_NAMES


def _trips(plan: str) -> dict[str, Any]:
    ended = {"event": "TripClosed", "amount": "+1", "where": {"plan": plan, "outcome": "ended"}}
    return {"name": plan, "changes": [ended]}


def _revenue(plan: str) -> dict[str, Any]:
    passes = {"event": "PassPaid", "amount": "+price_cents", "where": {"plan": plan}}
    renewals = {"event": "ChargeSucceeded", "amount": "+amount_cents", "where": {"purpose": "renewal"}}
    fares = {"event": "TripClosed", "amount": "+fare_cents", "where": {"plan": plan}}
    return {"name": plan, "changes": [passes, fares, *([renewals] if plan == "monthly" else [])]}


def _lost_bikes() -> dict[str, Any]:
    paid = {"event": "ChargeSucceeded", "amount": "+amount_cents", "where": {"purpose": "lost-bike"}}
    given_back = {"event": "FeeReversed", "amount": "-amount_cents"}
    return {"name": "lost bikes", "changes": [paid, given_back]}


PICTURES = {
    "headline": "Every bike accounted for: $rides trips, $missing bikes missing at the end",
    "gauges": [
        {
            "title": "Stations",
            "unit": "stations",
            "stacked": False,
            "series": [
                {"name": "empty", "changes": [{"event": "StationChanged", "amount": "+empty_change"}]},
                {"name": "full", "changes": [{"event": "StationChanged", "amount": "+full_change"}]},
            ],
        },
        {
            "title": "Bikes",
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
            "unit": "cents",
            "series": [*(_revenue(plan) for plan in PLAN_NAMES), _lost_bikes()],
        },
    ],
}
