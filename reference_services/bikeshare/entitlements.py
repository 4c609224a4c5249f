"""passes, the second half: whether a ride may begin. Aggregate ``entitlement``, keyed by rider_id."""

from __future__ import annotations

import msgspec

from ..kernel.decider import Decider
from ..kernel.message import Command, Event
from .pricing import Plan, PlanName, plans
from .terms import Terms

# Commands


class GrantRides(Command, frozen=True):
    """A pass has been paid for."""

    rider_id: str
    pass_id: str
    plan: PlanName


class EndGrant(Command, frozen=True):
    """The renewal of a pass failed, or its time is over."""

    rider_id: str
    pass_id: str


class ClaimRide(Command, frozen=True):
    """A rider wants to begin a ride."""

    rider_id: str
    trip_id: str
    bike_id: str


class GiveRideBack(Command, frozen=True):
    """The ride that was claimed never began."""

    rider_id: str
    trip_id: str


# Events


class RidesGranted(Event, frozen=True):
    """The rider may ride on a pass until ``until_us`` (monthly: until a renewal fails)."""

    rider_id: str
    pass_id: str
    plan: Plan
    until_us: int


class GrantEnded(Event, frozen=True):
    """Nothing can be ridden on the pass any more."""

    rider_id: str
    pass_id: str


class RideClaimed(Event, frozen=True):
    """A ride may begin, on this pass, under its plan as it is now."""

    rider_id: str
    trip_id: str
    bike_id: str
    pass_id: str
    plan: Plan


class RideDenied(Event, frozen=True):
    """The rider has no pass that works."""

    rider_id: str
    trip_id: str
    bike_id: str


class RideGivenBack(Event, frozen=True):
    """The claimed ride can be claimed again."""

    rider_id: str
    trip_id: str
    pass_id: str


RANK: dict[PlanName, int] = {"monthly": 0, "day": 1, "single": 2}
"""Which pass a ride is claimed on if there are several: what is paid for anyway before what is used up."""


class Grant(msgspec.Struct, frozen=True):
    """A pass that can be ridden on; ``used`` tells of a single ride that it is taken."""

    pass_id: str
    plan: Plan
    until_us: int
    used: bool = False

    def works(self, now_us: int) -> bool:
        """Whether a ride may begin on it at ``now_us``. A month that is being renewed still counts."""
        return not self.used and (self.plan.name == "monthly" or now_us < self.until_us)


class Entitlement(msgspec.Struct, frozen=True):
    """What one rider can ride on, and the ride that was claimed last."""

    rider_id: str
    grants: tuple[Grant, ...] = ()
    trip_id: str = ""
    pass_id: str = ""


class EntitlementDecider(Decider[Entitlement]):
    """Decides whether a ride may begin."""

    name = "entitlement"
    key_field = "rider_id"
    commands = (GrantRides, EndGrant, ClaimRide, GiveRideBack)
    events = (RidesGranted, GrantEnded, RideClaimed, RideDenied, RideGivenBack)

    def __init__(self, terms: Terms) -> None:
        self._plans = plans(terms)
        self._valid_us: dict[PlanName, int] = {
            "single": terms.day_pass_us,
            "day": terms.day_pass_us,
            "monthly": terms.month_us,
        }

    def initial(self, key: str) -> Entitlement:
        return Entitlement(key)

    def decide(self, rider: Entitlement, command: Command, now_us: int) -> list[Event]:
        match command:
            case GrantRides():
                return self._grant(rider, command, now_us)
            case EndGrant() if any(grant.pass_id == command.pass_id for grant in rider.grants):
                return [GrantEnded(rider.rider_id, command.pass_id)]
            case ClaimRide() if command.trip_id != rider.trip_id:
                return [_claim(rider, command, now_us)]
            case GiveRideBack() if command.trip_id == rider.trip_id and rider.pass_id:
                return [RideGivenBack(rider.rider_id, command.trip_id, rider.pass_id)]
            case _:
                return []

    def evolve(self, rider: Entitlement, event: Event) -> Entitlement:
        change = msgspec.structs.replace
        match event:
            case RidesGranted():
                grants = tuple(each for each in rider.grants if not each.used or each.pass_id == rider.pass_id)
                return change(rider, grants=(*grants, Grant(event.pass_id, event.plan, event.until_us)))
            case GrantEnded():
                return change(rider, grants=tuple(each for each in rider.grants if each.pass_id != event.pass_id))
            case RideClaimed():
                grants = tuple(_with_ride(grant, event.pass_id, used=True) for grant in rider.grants)
                return change(rider, grants=grants, trip_id=event.trip_id, pass_id=event.pass_id)
            case RideGivenBack():
                grants = tuple(_with_ride(grant, event.pass_id, used=False) for grant in rider.grants)
                return change(rider, grants=grants, pass_id="")
            case _:
                return rider

    def _grant(self, rider: Entitlement, command: GrantRides, now_us: int) -> list[Event]:
        if any(grant.pass_id == command.pass_id for grant in rider.grants):
            return []
        until_us = now_us + self._valid_us[command.plan]
        return [RidesGranted(rider.rider_id, command.pass_id, self._plans[command.plan], until_us)]


def _claim(rider: Entitlement, command: ClaimRide, now_us: int) -> RideClaimed | RideDenied:
    working = [grant for grant in rider.grants if grant.works(now_us)]
    if not working:
        return RideDenied(command.rider_id, command.trip_id, command.bike_id)
    best = min(working, key=lambda grant: RANK[grant.plan.name])
    return RideClaimed(command.rider_id, command.trip_id, command.bike_id, best.pass_id, best.plan)


def _with_ride(grant: Grant, pass_id: str, used: bool) -> Grant:
    if grant.pass_id != pass_id or grant.plan.name != "single":
        return grant
    return msgspec.structs.replace(grant, used=used)
