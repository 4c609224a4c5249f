"""What is owed is asked for: the right amount, in time, and again if the card was declined."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..account_messages import (
    ChargeFailed,
    ChargeRequested,
    DisputeOpened,
    DisputeSettled,
    FareComputed,
    FeeCharged,
    FeeReversed,
    HoldPlaced,
    Purpose,
)
from ..passes import PassPurchased, RenewalDue
from ..pricing import plans
from ..terms import Terms

TRIES: dict[Purpose, int] = {"pass": 1, "renewal": 1, "fare": 3, "lost-bike": 3}
"""What was ridden, or lost, is asked for again; a pass that is not paid for is simply not had."""


class _Failed:
    """A charge that came to nothing and is due again at ``again_at_us``, or once it is free, at ``free_at_us``."""

    __slots__ = ("again_at_us", "disputed", "free_at_us")

    def __init__(self, again_at_us: int) -> None:
        self.again_at_us = again_at_us
        self.free_at_us = again_at_us
        self.disputed = False


class OwedIsCharged(Invariant):
    """Holds what riders owe, by the terms, against what their cards are charged."""

    name = "owed-is-charged"
    statement = (
        "Each fare, lost-bike fee, pass and renewal is charged within the bound, and nothing else, with the amount in "
        "the terms; what a card was declined for is asked for again when it is due, unless it is disputed, reversed or "
        "written off."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._again_after_us = terms.charge_again_after_us
        self._fee_cents = terms.lost_bike_fee_cents
        self._prices = {name: plan.price_cents for name, plan in plans(terms).items()}
        self._owed: dict[tuple[Purpose, str], tuple[int, int]] = {}
        self._attempts: dict[str, int] = {}
        self._failed: dict[str, _Failed] = {}
        self._reversed: set[str] = set()

    @on(PassPurchased)
    def bought(self, message: Message[PassPurchased]) -> None:
        event = message.data
        self._owe("pass", event.pass_id, self._prices[event.plan.name], message)

    @on(RenewalDue)
    def renewing(self, message: Message[RenewalDue]) -> None:
        self._owe("renewal", message.data.pass_id, self._prices["monthly"], message)

    @on(FareComputed)
    def priced(self, message: Message[FareComputed]) -> None:
        if message.data.fare_cents:
            self._owe("fare", message.data.trip_id, message.data.fare_cents, message)

    @on(FeeCharged)
    def charged_for_loss(self, message: Message[FeeCharged]) -> None:
        self._judge_fee(message)
        self._owe("lost-bike", message.data.trip_id, self._fee_cents, message)

    @on(HoldPlaced)
    def held(self, message: Message[HoldPlaced]) -> None:
        self._judge_fee(message)

    @on(FeeReversed)
    def reversed(self, message: Message[FeeReversed]) -> None:
        self._judge_fee(message)
        self._reversed.add(message.data.charge_id)
        self._failed.pop(message.data.charge_id, None)

    @on(ChargeRequested)
    def charged(self, message: Message[ChargeRequested]) -> None:
        event = message.data
        self._attempts[event.charge_id] = event.attempt
        if event.attempt > 1:
            self._judge_attempt(message)
            return
        amount_cents, since_us = self._owed.pop((event.purpose, event.about), (0, 0))
        if event.amount_cents != amount_cents:
            text = f"{event.charge_id} asks for {event.amount_cents} cents, {amount_cents} are owed"
            self.violate(text, message)
        elif message.time_us > since_us + self._bound_us:
            self.violate(f"{event.charge_id} is asked for {message.time_us - since_us} us after it was owed", message)

    @on(ChargeFailed)
    def failed(self, message: Message[ChargeFailed]) -> None:
        event = message.data
        is_last = event.charge_id in self._reversed or self._attempts.get(event.charge_id, 1) >= TRIES[event.purpose]
        again_at_us = 0 if is_last else message.time_us + self._again_after_us
        if event.again_at_us != again_at_us:
            self.violate(f"{event.charge_id} is due again at {event.again_at_us}, not at {again_at_us}", message)
        if again_at_us:
            self._failed[event.charge_id] = _Failed(again_at_us)

    @on(DisputeOpened)
    def disputed(self, message: Message[DisputeOpened]) -> None:
        failed = self._failed.get(message.data.charge_id)
        if failed is not None:
            failed.disputed = True

    @on(DisputeSettled)
    def settled(self, message: Message[DisputeSettled]) -> None:
        charge_id = message.data.charge_id
        failed = self._failed.get(charge_id)
        if failed is None:
            return
        if message.data.upheld:
            del self._failed[charge_id]
            return
        failed.disputed = False
        failed.free_at_us = max(failed.again_at_us, message.time_us)

    def finish(self, end_us: int) -> None:
        for (purpose, about), (amount_cents, since_us) in self._owed.items():
            if end_us > since_us + self._bound_us:
                text = f"{amount_cents} cents are owed for {about} ({purpose}), and nobody asks for them"
                self.violate(text, subject="account", time_us=end_us)
        for charge_id, failed in self._failed.items():
            if not failed.disputed and end_us > failed.free_at_us + self._bound_us:
                self.violate(f"{charge_id} is not asked for again", subject="account", time_us=end_us)

    def _owe(self, purpose: Purpose, about: str, amount_cents: int, message: Message) -> None:
        self._owed[purpose, about] = (amount_cents, message.time_us)

    def _judge_fee(self, message: Message[HoldPlaced] | Message[FeeCharged] | Message[FeeReversed]) -> None:
        event = message.data
        if event.amount_cents != self._fee_cents:
            text = f"the bike lost on {event.trip_id} costs {event.amount_cents} cents, it should be {self._fee_cents}"
            self.violate(text, message)

    def _judge_attempt(self, message: Message[ChargeRequested]) -> None:
        charge_id = message.data.charge_id
        failed = self._failed.pop(charge_id, None)
        if failed is None or message.time_us < failed.again_at_us:
            self.violate(f"{charge_id} is asked for again before it is due, or after it was settled", message)
        elif message.time_us > failed.free_at_us + self._bound_us:
            text = f"{charge_id} is asked for again {message.time_us - failed.free_at_us} us late"
            self.violate(text, message)
