"""Passes are what the terms say, and rides begin on a pass that works, and on such a one always."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..account_messages import ChargeFailed, ChargeSucceeded
from ..entitlements import GrantEnded, RideClaimed, RideDenied, RideGivenBack, RidesGranted
from ..passes import PassActivated, PassExpired, PassPurchased, PassRenewed, RenewalDue, RenewalFailed
from ..pricing import PlanName, plans
from ..riders import UnlockRefused
from ..terms import Terms
from ..trips import TripStarted


class _SoldPass:
    """A pass as it was sold; ``since_us`` is when its end was last set, ``until_us`` that end (0: it does not run)."""

    __slots__ = ("granted_until_us", "paid_us", "plan", "renewals", "since_us", "until_us")

    def __init__(self, plan: PlanName) -> None:
        self.plan: PlanName = plan
        self.paid_us = 0
        self.granted_until_us = 0
        self.since_us = 0
        self.until_us = 0
        self.renewals = 0


class PassAsSold(Invariant):
    """Works out from the terms how long each pass runs, and on which conditions."""

    name = "pass-as-sold"
    statement = (
        "A pass has the plan in the terms, works within the bound once it is paid for, for its time and not longer; a "
        "monthly one is renewed when its month is over, for a month, as often as the terms say."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._plans = plans(terms)
        self._month_us = terms.month_us
        self._renewals_max = terms.renewals_max
        self._valid_us: dict[PlanName, int] = {
            "single": terms.day_pass_us,
            "day": terms.day_pass_us,
            "monthly": terms.month_us,
        }
        self._passes: dict[str, _SoldPass] = {}

    @on(PassPurchased)
    def purchased(self, message: Message[PassPurchased]) -> None:
        plan = message.data.plan
        self._passes[message.data.pass_id] = _SoldPass(plan.name)
        self._judge_plan(message, plan.name)

    @on(ChargeSucceeded)
    def paid(self, message: Message[ChargeSucceeded]) -> None:
        if message.data.purpose in ("pass", "renewal"):
            self._passes[message.data.about].paid_us = message.time_us

    @on(RidesGranted)
    def granted(self, message: Message[RidesGranted]) -> None:
        event = message.data
        sold = self._passes[event.pass_id]
        self._judge_plan(message, sold.plan)
        self._judge_until(message, message.time_us + self._valid_us[sold.plan])
        self._judge_pace(message, sold.paid_us)
        sold.granted_until_us = event.until_us

    @on(PassActivated)
    def activated(self, message: Message[PassActivated]) -> None:
        sold = self._passes[message.data.pass_id]
        self._judge_plan(message, sold.plan)
        self._judge_until(message, sold.granted_until_us)
        self._judge_pace(message, sold.paid_us)
        sold.since_us, sold.until_us = message.time_us, message.data.until_us

    @on(PassRenewed)
    def renewed(self, message: Message[PassRenewed]) -> None:
        sold = self._passes[message.data.pass_id]
        self._judge_until(message, sold.granted_until_us + self._month_us)
        self._judge_pace(message, sold.paid_us)
        sold.granted_until_us = message.data.until_us
        sold.since_us, sold.until_us = message.time_us, message.data.until_us

    @on(RenewalDue)
    def over_for_now(self, message: Message[RenewalDue]) -> None:
        sold = self._passes[message.data.pass_id]
        self._judge_end(message, sold)
        sold.renewals += 1
        if sold.plan != "monthly" or sold.renewals > self._renewals_max:
            self.violate(f"{message.data.pass_id} is renewed, which is not in the terms", message)

    @on(PassExpired)
    def over(self, message: Message[PassExpired]) -> None:
        sold = self._passes[message.data.pass_id]
        self._judge_end(message, sold)
        if sold.plan == "monthly" and sold.renewals < self._renewals_max:
            self.violate(f"{message.data.pass_id} is not renewed, though the terms say so", message)

    def finish(self, end_us: int) -> None:
        for pass_id, sold in self._passes.items():
            if sold.until_us and end_us > max(sold.until_us, sold.since_us) + self._bound_us:
                self.violate(f"{pass_id} is over and goes on", subject=f"pass/{pass_id}", time_us=end_us)

    def _judge_plan(self, message: Message, name: PlanName) -> None:
        plan = message.data.plan
        if plan != self._plans[name]:
            self.violate(f"{message.data.pass_id} has {plan}, it should be {self._plans[name]}", message)

    def _judge_until(self, message: Message, until_us: int) -> None:
        event = message.data
        if event.until_us != until_us:
            self.violate(f"{event.pass_id} works until {event.until_us}, it should until {until_us}", message)

    def _judge_pace(self, message: Message, since_us: int) -> None:
        late_us = message.time_us - since_us - self._bound_us
        if since_us and late_us > 0:
            self.violate(f"{message.data.pass_id} works {late_us} us late", message)

    def _judge_end(self, message: Message, sold: _SoldPass) -> None:
        if message.time_us < sold.until_us:
            self.violate(f"{message.data.pass_id} ends {sold.until_us - message.time_us} us early", message)
        late_us = message.time_us - max(sold.until_us, sold.since_us) - self._bound_us
        if late_us > 0:
            self.violate(f"{message.data.pass_id} ends {late_us} us late", message)
        sold.until_us = 0


class _BoughtPass:
    """A pass as its events tell."""

    __slots__ = ("expired_us", "from_us", "lapsed", "paid", "plan", "rider_id", "rides", "unpaid")

    def __init__(self, plan: PlanName, rider_id: str) -> None:
        self.plan: PlanName = plan
        self.rider_id = rider_id
        self.paid = False
        self.from_us = 0
        self.lapsed = False
        self.unpaid = False
        self.expired_us: int | None = None
        self.rides: set[str] = set()


class NoPassNoRide(Invariant):
    """Holds each ride against the pass that it is claimed on, and each denied one against those there are."""

    name = "no-pass-no-ride"
    statement = (
        "Every trip is claimed on a pass of its rider that is paid for and not over, under its plan: a single pass "
        "carries one ride, a day pass ends after its time, a monthly one with a failed renewal or its last month; who "
        "has such a pass is not denied, and a ride that never began is given back."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._day_pass_us = terms.day_pass_us
        self._plans = plans(terms)
        self._passes: dict[str, _BoughtPass] = {}
        self._granted: dict[str, list[str]] = {}
        self._claims: dict[str, str] = {}
        self._refused: dict[str, int] = {}

    @on(PassPurchased)
    def purchased(self, message: Message[PassPurchased]) -> None:
        event = message.data
        self._passes[event.pass_id] = _BoughtPass(event.plan.name, event.rider_id)

    @on(ChargeSucceeded)
    def paid(self, message: Message[ChargeSucceeded]) -> None:
        if message.data.purpose == "pass":
            self._passes[message.data.about].paid = True

    @on(ChargeFailed)
    def unpaid(self, message: Message[ChargeFailed]) -> None:
        if message.data.purpose == "renewal":
            self._passes[message.data.about].unpaid = True

    @on(RidesGranted)
    def granted(self, message: Message[RidesGranted]) -> None:
        event = message.data
        self._passes[event.pass_id].from_us = message.time_us
        still = [each for each in self._granted.get(event.rider_id, ()) if self._lasts(each, message.time_us)]
        self._granted[event.rider_id] = [*still, event.pass_id]

    @on(GrantEnded)
    def ended(self, message: Message[GrantEnded]) -> None:
        event = message.data
        bought = self._passes[event.pass_id]
        if not bought.unpaid and bought.expired_us is None:
            self.violate(f"{event.pass_id} is taken away, and is neither over nor unpaid", message)
        granted = self._granted.get(event.rider_id, [])
        if event.pass_id in granted:
            granted.remove(event.pass_id)

    @on(RenewalFailed)
    def lapsed(self, message: Message[RenewalFailed]) -> None:
        self._passes[message.data.pass_id].lapsed = True

    @on(PassExpired)
    def expired(self, message: Message[PassExpired]) -> None:
        self._passes[message.data.pass_id].expired_us = message.time_us

    @on(RideClaimed)
    def claimed(self, message: Message[RideClaimed]) -> None:
        event = message.data
        bought = self._passes.get(event.pass_id)
        if bought is None or not bought.paid:
            self.violate(f"{event.trip_id} is claimed on {event.pass_id}, which is not paid for", message)
            return
        if wrong := self._wrong(bought, event, message.time_us):
            self.violate(f"{event.trip_id} is claimed on {event.pass_id}, {wrong}", message)
        bought.rides.add(event.trip_id)
        self._claims[event.trip_id] = event.pass_id

    @on(RideDenied)
    def denied(self, message: Message[RideDenied]) -> None:
        event = message.data
        for pass_id in self._granted.get(event.rider_id, ()):
            used_up = self._passes[pass_id].plan == "single" and self._passes[pass_id].rides
            if self._lasts(pass_id, message.time_us) and not used_up:
                self.violate(f"{event.trip_id} is denied, though {pass_id} works", message)

    @on(UnlockRefused)
    def refused(self, message: Message[UnlockRefused]) -> None:
        if message.data.trip_id in self._claims:
            self._refused[message.data.trip_id] = message.time_us

    @on(RideGivenBack)
    def given_back(self, message: Message[RideGivenBack]) -> None:
        event = message.data
        self._passes[event.pass_id].rides.discard(event.trip_id)
        self._claims.pop(event.trip_id, None)
        late_us = message.time_us - self._refused.pop(event.trip_id, message.time_us) - self._bound_us
        if late_us > 0:
            self.violate(f"{event.trip_id} is given back {late_us} us late", message)

    @on(TripStarted)
    def started(self, message: Message[TripStarted]) -> None:
        event = message.data
        if self._claims.get(event.trip_id) != event.ride.pass_id:
            self.violate(f"{event.trip_id} begins without a ride claimed on {event.ride.pass_id}", message)
            return
        bought = self._passes[event.ride.pass_id]
        if event.ride.rider_id != bought.rider_id or event.ride.plan != self._plans[bought.plan]:
            self.violate(f"{event.trip_id} begins with another's pass, or under another plan", message)

    def finish(self, end_us: int) -> None:
        for trip_id, since_us in self._refused.items():
            if end_us > since_us + self._bound_us:
                self.violate(f"{trip_id} never began and is not given back", subject=f"trip/{trip_id}", time_us=end_us)

    def _wrong(self, bought: _BoughtPass, event: RideClaimed, now_us: int) -> str:
        """What speaks against a ride on a pass that is paid for; empty if nothing does."""
        if event.rider_id != bought.rider_id:
            return f"which is {bought.rider_id}'s"
        if event.plan != self._plans[bought.plan]:
            return f"under {event.plan}, it should be {self._plans[bought.plan]}"
        if bought.lapsed:
            return "whose renewal failed"
        # The pass tells first that it is over, and the rider's rights follow.
        if bought.expired_us is not None and now_us > bought.expired_us + self._bound_us:
            return "which has expired"
        if not self._in_its_time(bought, now_us):
            return "which is over"
        return "which carries one ride" if bought.plan == "single" and bought.rides else ""

    def _lasts(self, pass_id: str, now_us: int) -> bool:
        return self._in_its_time(self._passes[pass_id], now_us)

    def _in_its_time(self, bought: _BoughtPass, now_us: int) -> bool:
        return bought.plan == "monthly" or now_us < bought.from_us + self._day_pass_us
