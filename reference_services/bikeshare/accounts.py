"""billing, the first half: what a rider owes, and why. Aggregate ``account``, keyed by rider_id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event, Refused
from .account_messages import (
    ChargeAgain,
    ChargeFailed,
    ChargeLostBike,
    ChargeRefunded,
    ChargeRequested,
    ChargeSucceeded,
    ComputeFare,
    DisputeOpened,
    DisputeSettled,
    FareComputed,
    FeeCharged,
    FeeReversed,
    HoldPlaced,
    HoldReleased,
    OpenDispute,
    PlaceHold,
    Purpose,
    RecordPaid,
    RecordRefund,
    RecordUnpaid,
    RefundStarted,
    RequestCharge,
    ReversalDeferred,
    ReverseLostBike,
    SettleDispute,
)
from .pricing import fare_cents
from .terms import Terms

ATTEMPTS: dict[Purpose, int] = {"pass": 1, "renewal": 1, "fare": 3, "lost-bike": 3}
"""How often a charge is tried. A pass that is not paid for is simply not had; what was ridden is asked for again."""

DISPUTABLE = ("paid", "failed")


class Charge(msgspec.Struct, frozen=True):
    """One charge: requested, paid, failed, refunding, refunded, or written off. ``reversed``: not wanted any more."""

    request: ChargeRequested
    status: str = "requested"
    again_at_us: int = 0
    disputed: bool = False
    reversed: bool = False


class Account(msgspec.Struct, frozen=True):
    """One rider's account. ``lost`` tells by trip how its lost bike stands: held, charged, deferred or reversed;
    ``holds`` when each fee is charged."""

    rider_id: str
    card_token: str = ""
    charges: Mapping[str, Charge] = {}
    trips: frozenset[str] = frozenset()
    lost: Mapping[str, str] = {}
    holds: Mapping[str, int] = {}


class AccountDecider(Decider[Account]):
    """Decides what is charged to a rider, and what is given back."""

    name = "account"
    key_field = "rider_id"
    commands = (
        RequestCharge,
        ComputeFare,
        RecordPaid,
        RecordUnpaid,
        ChargeAgain,
        PlaceHold,
        ChargeLostBike,
        ReverseLostBike,
        OpenDispute,
        SettleDispute,
        RecordRefund,
    )
    events = (
        FareComputed,
        ChargeRequested,
        ChargeSucceeded,
        ChargeFailed,
        HoldPlaced,
        HoldReleased,
        FeeCharged,
        ReversalDeferred,
        FeeReversed,
        DisputeOpened,
        DisputeSettled,
        RefundStarted,
        ChargeRefunded,
    )

    def __init__(self, terms: Terms) -> None:
        self._fee_cents = terms.lost_bike_fee_cents
        self._hold_us = terms.hold_us
        self._again_after_us = terms.charge_again_after_us

    def initial(self, key: str) -> Account:
        return Account(key)

    def decide(self, account: Account, command: Command, now_us: int) -> list[Event]:
        match command:
            case RequestCharge():
                card = command.card_token or account.card_token
                return _request(account, command.charge_id, command.purpose, command.about, command.amount_cents, card)
            case ComputeFare():
                return [] if command.trip_id in account.trips else _fare(account, command)
            case RecordPaid():
                return _paid(account, command)
            case RecordUnpaid():
                return self._unpaid(account, command, now_us)
            case ChargeAgain():
                return _charge_again(account, command, now_us)
            case PlaceHold() if command.trip_id not in account.lost:
                charged_at_us = now_us + self._hold_us
                return [HoldPlaced(account.rider_id, command.trip_id, self._fee_cents, charged_at_us)]
            case ChargeLostBike():
                return self._charge_lost_bike(account, command.trip_id, now_us)
            case ReverseLostBike():
                return _reverse(account, command.trip_id)
            case OpenDispute():
                return _open_dispute(account, command)
            case SettleDispute():
                return _settle_dispute(account, command)
            case RecordRefund() if account.charges[command.charge_id].status == "refunding":
                return [ChargeRefunded(account.rider_id, command.charge_id)]
            case _:
                return []

    def evolve(self, account: Account, event: Event) -> Account:
        change = msgspec.structs.replace
        match event:
            case FareComputed():
                return change(account, trips=account.trips | {event.trip_id})
            case ChargeRequested():
                charges = {**account.charges, event.charge_id: Charge(event)}
                return change(account, charges=charges, card_token=event.card_token)
            case ChargeSucceeded():
                return _with(account, event.charge_id, status="paid", again_at_us=0)
            case ChargeFailed():
                return _with(account, event.charge_id, status="failed", again_at_us=event.again_at_us)
            case RefundStarted():
                return _with(account, event.charge_id, status="refunding")
            case ChargeRefunded():
                return _with(account, event.charge_id, status="refunded")
            case DisputeOpened():
                return _with(account, event.charge_id, disputed=True)
            case DisputeSettled():
                charge = account.charges[event.charge_id]
                written_off = event.upheld and charge.status == "failed"
                again_at_us = 0 if event.upheld else charge.again_at_us
                status = "written-off" if written_off else charge.status
                return _with(account, event.charge_id, disputed=False, status=status, again_at_us=again_at_us)
            case _:
                return _with_lost_bike(account, event)

    def deadlines(self, account: Account) -> Iterable[Deadline]:
        due: list[Deadline] = [
            (charge.again_at_us, ChargeAgain(account.rider_id, charge_id))
            for charge_id, charge in account.charges.items()
            if charge.again_at_us and not charge.disputed and not charge.reversed
        ]
        due += [(due_us, ChargeLostBike(account.rider_id, trip_id)) for trip_id, due_us in account.holds.items()]
        return sorted(due, key=lambda deadline: deadline[0])

    def _unpaid(self, account: Account, command: RecordUnpaid, now_us: int) -> list[Event]:
        charge = account.charges[command.charge_id]
        request = charge.request
        if charge.status != "requested" or request.payment_id != command.payment_id:
            return []
        tried_enough = request.attempt >= ATTEMPTS[request.purpose] or charge.reversed
        again_at_us = 0 if tried_enough else now_us + self._again_after_us
        return [
            ChargeFailed(
                account.rider_id, command.charge_id, request.purpose, request.about, command.payment_id, again_at_us
            )
        ]

    def _charge_lost_bike(self, account: Account, trip_id: str, now_us: int) -> list[Event]:
        if account.lost.get(trip_id) != "held" or now_us < account.holds[trip_id]:
            return []
        charge_id = lost_bike_charge(trip_id)
        fee = FeeCharged(account.rider_id, trip_id, charge_id, self._fee_cents)
        return [fee, *_request(account, charge_id, "lost-bike", trip_id, self._fee_cents, account.card_token)]


def lost_bike_charge(trip_id: str) -> str:
    """The id of the charge for a lost bike."""
    return f"{trip_id}-lost"


def fare_charge(trip_id: str) -> str:
    """The id of the charge for a fare."""
    return f"{trip_id}-fare"


def _request(
    account: Account, charge_id: str, purpose: Purpose, about: str, amount_cents: int, card: str, attempt: int = 1
) -> list[Event]:
    if charge_id in account.charges and attempt == 1:
        return []
    payment_id = f"{charge_id}-{attempt}"
    return [ChargeRequested(account.rider_id, charge_id, purpose, about, amount_cents, card, attempt, payment_id)]


def _fare(account: Account, trip: ComputeFare) -> list[Event]:
    cents = fare_cents(trip.plan, trip.started_at_us, trip.ended_at_us, trip.bonus_us)
    computed = FareComputed(
        trip.rider_id, trip.trip_id, trip.plan, trip.started_at_us, trip.ended_at_us, trip.bonus_us, cents
    )
    if not cents:
        return [computed]
    return [computed, *_request(account, fare_charge(trip.trip_id), "fare", trip.trip_id, cents, account.card_token)]


def _paid(account: Account, command: RecordPaid) -> list[Event]:
    charge = account.charges[command.charge_id]
    request = charge.request
    if charge.status != "requested" or request.payment_id != command.payment_id:
        return []
    paid = ChargeSucceeded(
        account.rider_id,
        command.charge_id,
        request.purpose,
        request.about,
        command.amount_cents,
        command.payment_id,
    )
    return [paid, _refund(account, charge)] if charge.reversed else [paid]


def _charge_again(account: Account, command: ChargeAgain, now_us: int) -> list[Event]:
    charge = account.charges[command.charge_id]
    if not charge.again_at_us or charge.disputed or charge.reversed or now_us < charge.again_at_us:
        return []
    request = charge.request
    return _request(
        account,
        command.charge_id,
        request.purpose,
        request.about,
        request.amount_cents,
        account.card_token,
        request.attempt + 1,
    )


def _reverse(account: Account, trip_id: str) -> list[Event]:
    """Take back what was done, or is yet to be done, about a bike that had been returned in time."""
    match account.lost.get(trip_id):
        case None | "held":
            return [HoldReleased(account.rider_id, trip_id)]
        case "charged":
            charge = account.charges[lost_bike_charge(trip_id)]
            if charge.disputed:
                return [ReversalDeferred(account.rider_id, trip_id)]
            return _reverse_fee(account, charge)
        case _:
            return []


def _reverse_fee(account: Account, charge: Charge) -> list[Event]:
    request = charge.request
    reversal = FeeReversed(account.rider_id, request.about, request.charge_id, request.amount_cents)
    return [reversal, _refund(account, charge)] if charge.status == "paid" else [reversal]


def _refund(account: Account, charge: Charge) -> RefundStarted:
    request = charge.request
    return RefundStarted(account.rider_id, request.charge_id, request.payment_id, request.amount_cents)


def _open_dispute(account: Account, command: OpenDispute) -> list[Event]:
    charge = account.charges.get(command.charge_id)
    if charge is None:
        return [Refused("no-such-charge")]
    if charge.disputed or charge.reversed or charge.status not in DISPUTABLE:
        return [Refused("not-disputable", f"the charge is {'disputed' if charge.disputed else charge.status}")]
    return [DisputeOpened(account.rider_id, command.charge_id)]


def _settle_dispute(account: Account, command: SettleDispute) -> list[Event]:
    charge = account.charges.get(command.charge_id)
    if charge is None or not charge.disputed:
        return [Refused("not-disputed")]
    settled = DisputeSettled(account.rider_id, command.charge_id, command.upheld)
    if charge.request.purpose == "lost-bike" and account.lost[charge.request.about] == "deferred":
        return [settled, *_reverse_fee(account, charge)]
    if command.upheld and charge.status == "paid":
        return [settled, _refund(account, charge)]
    return [settled]


def _with(account: Account, charge_id: str, **changes: object) -> Account:
    charge = msgspec.structs.replace(account.charges[charge_id], **changes)
    return msgspec.structs.replace(account, charges={**account.charges, charge_id: charge})


def _with_lost_bike(account: Account, event: Event) -> Account:
    change = msgspec.structs.replace
    match event:
        case HoldPlaced():
            holds = {**account.holds, event.trip_id: event.charged_at_us}
            return change(account, lost={**account.lost, event.trip_id: "held"}, holds=holds)
        case HoldReleased() | FeeCharged():
            status = "charged" if isinstance(event, FeeCharged) else "reversed"
            holds = {trip_id: due_us for trip_id, due_us in account.holds.items() if trip_id != event.trip_id}
            return change(account, lost={**account.lost, event.trip_id: status}, holds=holds)
        case ReversalDeferred():
            return change(account, lost={**account.lost, event.trip_id: "deferred"})
        case FeeReversed():
            lost = {**account.lost, event.trip_id: "reversed"}
            return _with(change(account, lost=lost), event.charge_id, reversed=True)
        case _:
            return account
