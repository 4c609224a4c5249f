"""Allowances: how many units of a product a customer has in live orders. Part of the orders service.

Aggregate ``allowance``, keyed by customer_id/sku, so two devices of one customer meet here, in one partition.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ..kernel.decider import Decider
from ..kernel.message import Command, Event

ENDED_KEPT = 20
"""Of how many ended orders, the latest, a claim that comes after its release is turned away."""

# Commands


class ClaimAllowance(Command, frozen=True):
    """An order wants ``units`` under the product's limit per customer."""

    customer_id: str
    sku: str
    order_id: str
    units: int
    limit_per_customer: int


class ReleaseAllowance(Command, frozen=True):
    """The order has ended without a sale; its units no longer count."""

    customer_id: str
    sku: str
    order_id: str


# Events


class AllowanceClaimed(Event, frozen=True):
    """The order is within the customer's limit."""

    customer_id: str
    sku: str
    order_id: str
    units: int


class AllowanceRefused(Event, frozen=True):
    """The order would exceed the customer's limit."""

    customer_id: str
    sku: str
    order_id: str
    units: int


class AllowanceReleased(Event, frozen=True):
    """The order's units no longer count. Of an order without a claim, 0 units: none is to come any more."""

    customer_id: str
    sku: str
    order_id: str
    units: int


# State


class Allowance(msgspec.Struct, frozen=True):
    """Units claimed, by live order; ``ended`` are orders that were released without a claim."""

    claims: Mapping[str, int] = {}
    ended: tuple[str, ...] = ()


class AllowanceDecider(Decider[Allowance]):
    """Decides whether a customer may have more of one product."""

    name = "allowance"
    commands = (ClaimAllowance, ReleaseAllowance)
    events = (AllowanceClaimed, AllowanceRefused, AllowanceReleased)

    def key(self, command: Command) -> str:
        assert isinstance(command, (ClaimAllowance, ReleaseAllowance))
        return f"{command.customer_id}/{command.sku}"

    def initial(self, key: str) -> Allowance:
        return Allowance()

    def decide(self, allowance: Allowance, command: Command, now_us: int) -> list[Event]:
        match command:
            case ClaimAllowance():
                return _claim(allowance, command)
            case ReleaseAllowance():
                if command.order_id in allowance.ended:
                    return []
                units = allowance.claims.get(command.order_id, 0)
                return [AllowanceReleased(command.customer_id, command.sku, command.order_id, units)]
            case _:
                raise TypeError(f"allowance does not decide {type(command).__name__}")

    def evolve(self, allowance: Allowance, event: Event) -> Allowance:
        match event:
            case AllowanceClaimed():
                return Allowance({**allowance.claims, event.order_id: event.units}, allowance.ended)
            case AllowanceReleased(units=0):
                return Allowance(allowance.claims, (*allowance.ended, event.order_id)[-ENDED_KEPT:])
            case AllowanceReleased():
                rest = {order_id: units for order_id, units in allowance.claims.items() if order_id != event.order_id}
                return Allowance(rest, allowance.ended)
            case _:
                return allowance


def _claim(allowance: Allowance, command: ClaimAllowance) -> list[Event]:
    if command.order_id in allowance.claims or command.order_id in allowance.ended:
        return []
    answer = (command.customer_id, command.sku, command.order_id, command.units)
    if sum(allowance.claims.values()) + command.units > command.limit_per_customer:
        return [AllowanceRefused(*answer)]
    return [AllowanceClaimed(*answer)]
