"""The bike share, wired: seven services and the words in which it says no."""

from __future__ import annotations

from ..kernel.problem import ProblemKind
from ..kernel.system import Service, System
from ..shared.notifications import DELIVERY_CALLS, NoticeDecider
from ..shared.payments import PROVIDER_CALLS, PaymentDecider
from . import gbfs, notifications, operations, saga
from .accounts import AccountDecider
from .bikes import BikeDecider
from .entitlements import EntitlementDecider
from .fleet_operations import fleet
from .passes import PassDecider
from .riders import RiderDecider
from .stations import StationDecider
from .terms import Terms
from .trips import TripDecider
from .views import AccountsView, BikesView, PassesView, StationsView, TripsView

__all__ = ["REFUSALS", "Terms", "build"]

REFUSALS = {
    kind.slug: kind
    for kind in (
        ProblemKind("pass-exists", 409, "This pass has been bought before"),
        ProblemKind("payment-declined", 402, "The card was declined"),
        ProblemKind("no-valid-pass", 402, "There is no pass to ride on"),
        ProblemKind("trip-under-way", 409, "Another trip is under way"),
        ProblemKind("bike-taken", 409, "Somebody else has this bike"),
        ProblemKind("bike-flagged", 409, "This bike has to be repaired first"),
        ProblemKind("lock-stuck", 409, "The dock did not open"),
        ProblemKind("no-word-from-bike", 409, "Neither dock nor bike has answered"),
        ProblemKind("not-unlocked", 409, "This trip waits for no bike"),
        ProblemKind("bike-not-here", 409, "The bike is not at this station"),
        ProblemKind("station-exists", 409, "This station has been opened before"),
        ProblemKind("station-full", 409, "All docks are taken; there is free time to find another station"),
        ProblemKind("no-such-station", 404, "There is no such station"),
        ProblemKind("no-such-charge", 404, "There is no such charge"),
        ProblemKind("not-disputable", 409, "This charge cannot be disputed now"),
        ProblemKind("not-disputed", 409, "Nobody disputes this charge"),
    )
}


def build(terms: Terms) -> System:
    """The bike share under ``terms``."""
    return System(
        "bikeshare",
        (
            Service(
                "passes",
                "What riders have bought, and what they may ride on it",
                (PassDecider(terms), EntitlementDecider(terms)),
                operations=operations.PASSES,
                views=(PassesView,),
            ),
            Service(
                "trips",
                "One trip a rider, and the saga around it",
                (RiderDecider(), TripDecider(terms)),
                policies=saga.POLICIES,
                operations=operations.TRIPS,
                views=(TripsView, BikesView),
            ),
            Service(
                "fleet",
                "Where each bike is, and which docks are taken",
                (BikeDecider(terms), StationDecider()),
                operations=fleet(terms),
                views=(StationsView, BikesView),
            ),
            Service("pricing", "What rides cost", (), operations=operations.pricing(terms)),
            Service(
                "billing",
                "Fares, fees, charges and disputes, and what the provider says of them",
                (AccountDecider(terms), PaymentDecider(terms.ask_provider_after_us)),
                effects=PROVIDER_CALLS,
                operations=operations.BILLING,
                views=(AccountsView,),
            ),
            Service(
                "notifications",
                "What riders are told",
                (NoticeDecider(terms.ask_provider_after_us),),
                policies=notifications.POLICIES,
                effects=DELIVERY_CALLS,
            ),
            Service(
                "gbfs",
                "The public feed",
                (),
                operations=gbfs.operations(terms),
                views=(StationsView, BikesView),
            ),
        ),
        REFUSALS,
    )
