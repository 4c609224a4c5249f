"""billing: what can be asked of a rider's account, and what can happen in it."""

from __future__ import annotations

from typing import Literal

from ..kernel.message import Command, Event
from .pricing import Plan

Purpose = Literal["pass", "renewal", "fare", "lost-bike"]
"""What a charge is for; ``about`` names the pass or the trip."""


def charge_reference(rider_id: str, charge_id: str) -> str:
    """What a payment is for, as the provider's side of billing is told: a charge to a rider's account."""
    return f"{rider_id}/{charge_id}"


def charge_behind(reference: str) -> tuple[str, str]:
    """The rider and the charge that a payment is for."""
    rider_id, _, charge_id = reference.rpartition("/")
    return rider_id, charge_id


# Commands


class RequestCharge(Command, frozen=True):
    """A pass, or its next month, is to be paid for. An empty card stands for the one used last."""

    rider_id: str
    charge_id: str
    purpose: Purpose
    about: str
    amount_cents: int
    card_token: str = ""


class ComputeFare(Command, frozen=True):
    """A trip has ended."""

    rider_id: str
    trip_id: str
    plan: Plan
    started_at_us: int
    ended_at_us: int
    bonus_us: int


class RecordPaid(Command, frozen=True):
    """The money for a charge is here."""

    rider_id: str
    charge_id: str
    payment_id: str
    amount_cents: int


class RecordUnpaid(Command, frozen=True):
    """An attempt to collect a charge came to nothing."""

    rider_id: str
    charge_id: str
    payment_id: str


class ChargeAgain(Command, frozen=True):
    """A charge that failed is due again. Sent by time itself."""

    rider_id: str
    charge_id: str


class PlaceHold(Command, frozen=True):
    """The rider's bike is missing."""

    rider_id: str
    trip_id: str


class ChargeLostBike(Command, frozen=True):
    """The hold is over and the bike is still missing. Sent by time itself."""

    rider_id: str
    trip_id: str


class ReverseLostBike(Command, frozen=True):
    """The bike had been returned in time after all."""

    rider_id: str
    trip_id: str


class OpenDispute(Command, frozen=True):
    """The rider says that a charge is wrong."""

    rider_id: str
    charge_id: str


class SettleDispute(Command, frozen=True):
    """The operator has looked into it; ``upheld``: the rider was right."""

    rider_id: str
    charge_id: str
    upheld: bool


class RecordRefund(Command, frozen=True):
    """The money is back with the rider."""

    rider_id: str
    charge_id: str


# Events


class FareComputed(Event, frozen=True):
    """What the trip costs beyond the pass."""

    rider_id: str
    trip_id: str
    plan: Plan
    started_at_us: int
    ended_at_us: int
    bonus_us: int
    fare_cents: int


class ChargeRequested(Event, frozen=True):
    """The card is being charged, for the ``attempt``-th time."""

    rider_id: str
    charge_id: str
    purpose: Purpose
    about: str
    amount_cents: int
    card_token: str
    attempt: int
    payment_id: str


class ChargeSucceeded(Event, frozen=True):
    """The charge is paid."""

    rider_id: str
    charge_id: str
    purpose: Purpose
    about: str
    amount_cents: int
    payment_id: str


class ChargeFailed(Event, frozen=True):
    """The card could not be charged; the next attempt is due at ``again_at_us`` (0: there is none)."""

    rider_id: str
    charge_id: str
    purpose: Purpose
    about: str
    payment_id: str
    again_at_us: int


class HoldPlaced(Event, frozen=True):
    """The lost-bike fee is announced; it is charged at ``charged_at_us`` unless the bike turns out returned in time."""

    rider_id: str
    trip_id: str
    amount_cents: int
    charged_at_us: int


class HoldReleased(Event, frozen=True):
    """The bike had been returned in time, and the fee was not charged yet."""

    rider_id: str
    trip_id: str


class FeeCharged(Event, frozen=True):
    """The lost-bike fee is charged."""

    rider_id: str
    trip_id: str
    charge_id: str
    amount_cents: int


class ReversalDeferred(Event, frozen=True):
    """The fee is to be reversed, once the dispute about it is settled."""

    rider_id: str
    trip_id: str


class FeeReversed(Event, frozen=True):
    """The lost-bike fee was wrong and is given back, or never collected."""

    rider_id: str
    trip_id: str
    charge_id: str
    amount_cents: int


class DisputeOpened(Event, frozen=True):
    """The charge is frozen until the dispute is settled."""

    rider_id: str
    charge_id: str


class DisputeSettled(Event, frozen=True):
    """The charge is free again; ``upheld``: the money goes back."""

    rider_id: str
    charge_id: str
    upheld: bool


class RefundStarted(Event, frozen=True):
    """The money of a charge goes back."""

    rider_id: str
    charge_id: str
    payment_id: str
    amount_cents: int


class ChargeRefunded(Event, frozen=True):
    """The money is back with the rider."""

    rider_id: str
    charge_id: str
