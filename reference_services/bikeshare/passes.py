"""passes: what a rider has bought, and what may be ridden on it.

Aggregate ``pass``, keyed by pass_id: a purchase, its renewals and its end. Aggregate ``entitlement``, keyed by
rider_id: the authority on whether a ride may begin. It hears of a payment first and the pass second, so whoever reads
that a pass is active can ride on it, and whoever reads that a renewal failed cannot.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event, Refused
from ..kernel.transitions import TransitionTable
from .pricing import Plan, PlanName, plans
from .terms import Terms

# Commands to a pass


class PurchasePass(Command, frozen=True):
    """A rider wants a pass and names the card to charge."""

    pass_id: str
    rider_id: str
    plan: PlanName
    card_token: str


class RecordPassPaid(Command, frozen=True):
    """The pass is paid for."""

    pass_id: str


class ActivatePass(Command, frozen=True):
    """The rider may ride on it now."""

    pass_id: str
    until_us: int


class FailPass(Command, frozen=True):
    """The payment came to nothing."""

    pass_id: str
    reason: str


class EndPeriod(Command, frozen=True):
    """What was paid for is over. Sent by time itself."""

    pass_id: str


class RecordRenewal(Command, frozen=True):
    """The next month has been paid for."""

    pass_id: str
    charge_id: str


class RecordFailedRenewal(Command, frozen=True):
    """The next month has not been paid for, and nothing can be ridden on the pass any more."""

    pass_id: str


# Events of a pass


class PassPurchased(Event, frozen=True):
    """A pass is bought and waits for its payment."""

    pass_id: str
    rider_id: str
    plan: Plan
    charge_id: str
    card_token: str


class PassPaid(Event, frozen=True):
    """The money is here; the rider is about to be let ride."""

    pass_id: str
    rider_id: str
    plan: PlanName
    price_cents: int


class PassActivated(Event, frozen=True):
    """The pass works until ``until_us``; a monthly one then renews itself."""

    pass_id: str
    rider_id: str
    plan: Plan
    until_us: int


class PassUnpaid(Event, frozen=True):
    """The pass was never paid for and never works."""

    pass_id: str
    rider_id: str
    reason: str


class RenewalDue(Event, frozen=True):
    """A month is over and the next one is being charged; the pass works meanwhile."""

    pass_id: str
    rider_id: str
    charge_id: str
    amount_cents: int
    period: int


class PassRenewed(Event, frozen=True):
    """The next month is paid for."""

    pass_id: str
    rider_id: str
    until_us: int


class RenewalFailed(Event, frozen=True):
    """The next month could not be charged. A trip under way goes on; the next unlock needs a new pass."""

    pass_id: str
    rider_id: str


class PassExpired(Event, frozen=True):
    """A pass that does not renew itself, or not any more, is over."""

    pass_id: str
    rider_id: str


PASS = TransitionTable(
    "none",
    {
        ("none", PassPurchased): "unpaid",
        ("unpaid", PassPaid): "paid",
        ("paid", PassActivated): "active",
        ("unpaid", PassUnpaid): "failed",
        ("active", RenewalDue): "renewing",
        ("renewing", PassRenewed): "active",
        ("renewing", RenewalFailed): "lapsed",
        ("active", PassExpired): "expired",
    },
)


class Pass(msgspec.Struct, frozen=True):
    """One pass; ``period`` counts what has been charged for it."""

    pass_id: str
    status: str = PASS.initial
    rider_id: str = ""
    plan: Plan | None = None
    period: int = 0
    until_us: int = 0


class PassDecider(Decider[Pass]):
    """Decides the life of one pass."""

    name = "pass"
    key_field = "pass_id"
    commands = (
        PurchasePass,
        RecordPassPaid,
        ActivatePass,
        FailPass,
        EndPeriod,
        RecordRenewal,
        RecordFailedRenewal,
    )
    events = (
        PassPurchased,
        PassPaid,
        PassActivated,
        PassUnpaid,
        RenewalDue,
        PassRenewed,
        RenewalFailed,
        PassExpired,
    )
    transitions = PASS

    def __init__(self, terms: Terms) -> None:
        self._plans = plans(terms)
        self._month_us = terms.month_us
        self._periods_max = 1 + terms.renewals_max

    def initial(self, key: str) -> Pass:
        return Pass(key)

    def decide(self, bought: Pass, command: Command, now_us: int) -> list[Event]:
        match command:
            case PurchasePass():
                return self._purchase(bought, command)
            case RecordPassPaid() if bought.status == "unpaid" and bought.plan is not None:
                return [PassPaid(bought.pass_id, bought.rider_id, bought.plan.name, bought.plan.price_cents)]
            case ActivatePass() if bought.status == "paid" and bought.plan is not None:
                return [PassActivated(bought.pass_id, bought.rider_id, bought.plan, command.until_us)]
            case FailPass() if bought.status == "unpaid":
                return [PassUnpaid(bought.pass_id, bought.rider_id, command.reason)]
            case EndPeriod():
                return self._end_period(bought, now_us)
            case RecordRenewal() if bought.status == "renewing" and command.charge_id == _last_charge_id(bought):
                return [PassRenewed(bought.pass_id, bought.rider_id, bought.until_us + self._month_us)]
            case RecordFailedRenewal() if bought.status == "renewing":
                return [RenewalFailed(bought.pass_id, bought.rider_id)]
            case _:
                return []

    def evolve(self, bought: Pass, event: Event) -> Pass:
        status = PASS.next(bought.status, event)
        change = msgspec.structs.replace
        match event:
            case PassPurchased():
                return Pass(bought.pass_id, status, event.rider_id, event.plan, 1)
            case PassActivated() | PassRenewed():
                return change(bought, status=status, until_us=event.until_us)
            case RenewalDue():
                return change(bought, status=status, period=event.period)
            case _:
                return change(bought, status=status)

    def deadlines(self, bought: Pass) -> Iterable[Deadline]:
        if bought.status == "active":
            yield bought.until_us, EndPeriod(bought.pass_id)

    def _purchase(self, bought: Pass, command: PurchasePass) -> list[Event]:
        if bought.status != PASS.initial:
            return [Refused("pass-exists")]
        plan = self._plans[command.plan]
        charge_id = _charge_id(command.pass_id, 1)
        return [PassPurchased(command.pass_id, command.rider_id, plan, charge_id, command.card_token)]

    def _end_period(self, bought: Pass, now_us: int) -> list[Event]:
        if bought.status != "active" or bought.plan is None or now_us < bought.until_us:
            return []
        if bought.plan.name != "monthly" or bought.period >= self._periods_max:
            return [PassExpired(bought.pass_id, bought.rider_id)]
        period = bought.period + 1
        charge_id = _charge_id(bought.pass_id, period)
        return [RenewalDue(bought.pass_id, bought.rider_id, charge_id, bought.plan.price_cents, period)]


def _last_charge_id(bought: Pass) -> str:
    """What is being charged now: a month that was paid for before does not pay for this one."""
    return _charge_id(bought.pass_id, bought.period)


def _charge_id(pass_id: str, period: int) -> str:
    return f"{pass_id}-{period}"
