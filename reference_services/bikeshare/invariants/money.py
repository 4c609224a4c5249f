"""The money: each charge collected once, for what it is for; what is given back is given back once."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ...shared.invariants import BooksAgree
from ...shared.payments import AuthorizationRequested, PaymentCaptured
from ..account_messages import (
    ChargeRefunded,
    ChargeRequested,
    ChargeSucceeded,
    DisputeOpened,
    DisputeSettled,
    FeeReversed,
    RefundStarted,
    charge_behind,
)
from ..terms import Terms


class ChargeOnce(BooksAgree):
    """Knows which charges there are, which have been collected, and which are paid."""

    name = "charge-once"
    statement = (
        "Each charge is collected at most once, with its amount; at the end the provider's books and ours agree, and "
        "what it collected is a paid charge."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms.settlement_bound_us)
        self._amounts: dict[str, int] = {}
        self._captured: dict[str, int] = {}
        self._paid: set[str] = set()

    @on(ChargeRequested)
    def requested(self, message: Message[ChargeRequested]) -> None:
        event = message.data
        if self._amounts.setdefault(event.charge_id, event.amount_cents) != event.amount_cents:
            self.violate(f"{event.charge_id} is asked for with another amount", message)

    @on(AuthorizationRequested)
    def asked(self, message: Message[AuthorizationRequested]) -> None:
        event = message.data
        _, charge_id = charge_behind(event.reference)
        if self._amounts.get(charge_id) != event.amount_cents:
            self.violate(f"{event.payment_id} asks for {event.amount_cents} cents, which nobody charged", message)

    @on(PaymentCaptured)
    def captured(self, message: Message[PaymentCaptured]) -> None:
        super().captured(message)
        event = message.data
        _, charge_id = charge_behind(event.reference)
        if charge_id in self._captured:
            self.violate(f"{charge_id} is collected a second time", message)
        if event.amount_cents != self._amounts.get(charge_id):
            self.violate(f"{charge_id} is collected with {event.amount_cents} cents", message)
        self._captured[charge_id] = message.time_us

    @on(ChargeSucceeded)
    def paid(self, message: Message[ChargeSucceeded]) -> None:
        event = message.data
        if event.charge_id in self._paid:
            self.violate(f"{event.charge_id} is paid a second time", message)
        if event.charge_id not in self._captured:
            self.violate(f"{event.charge_id} is paid without money", message)
        self._paid.add(event.charge_id)

    def finish(self, end_us: int) -> None:
        super().finish(end_us)
        for charge_id, since_us in self._captured.items():
            if charge_id not in self._paid and since_us + self._bound_us < end_us:
                self.violate(f"{charge_id} is collected and never paid", subject="account", time_us=end_us)


class GivenBackOnce(Invariant):
    """Follows what is given back, why, and what is frozen by a dispute."""

    name = "given-back-once"
    statement = (
        "A refund is of a paid charge that was reversed or rightly disputed, of its amount and once; each such charge "
        "is given back, and the money arrives, within the bound; nothing is asked for, reversed or given back while a "
        "charge is disputed."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._paid: dict[str, int] = {}
        self._unwanted: set[str] = set()
        self._owed: dict[str, int] = {}
        self._started: dict[str, int] = {}
        self._refunded: set[str] = set()
        self._disputed: set[str] = set()

    @on(ChargeSucceeded)
    def paid(self, message: Message[ChargeSucceeded]) -> None:
        charge_id = message.data.charge_id
        self._paid[charge_id] = message.data.amount_cents
        if charge_id in self._unwanted:
            self._owe(charge_id, message.time_us)

    @on(ChargeRequested)
    def asked(self, message: Message[ChargeRequested]) -> None:
        self._judge_frozen(message)

    @on(FeeReversed)
    def reversed(self, message: Message[FeeReversed]) -> None:
        self._judge_frozen(message)
        self._unwanted.add(message.data.charge_id)
        self._owe(message.data.charge_id, message.time_us)

    @on(RefundStarted)
    def started(self, message: Message[RefundStarted]) -> None:
        event = message.data
        if event.charge_id in self._disputed:
            self.violate(f"{event.charge_id} is given back while it is disputed", message)
        if event.charge_id in self._started:
            self.violate(f"{event.charge_id} is given back a second time", message)
        if self._paid.get(event.charge_id) != event.amount_cents:
            self.violate(
                f"{event.amount_cents} cents of {event.charge_id} are given back, which were not paid", message
            )
        if self._owed.pop(event.charge_id, None) is None:
            self.violate(f"{event.charge_id} is given back, and nothing was wrong with it", message)
        self._started[event.charge_id] = message.time_us

    @on(ChargeRefunded)
    def refunded(self, message: Message[ChargeRefunded]) -> None:
        self._refunded.add(message.data.charge_id)

    @on(DisputeOpened)
    def disputed(self, message: Message[DisputeOpened]) -> None:
        self._disputed.add(message.data.charge_id)

    @on(DisputeSettled)
    def settled(self, message: Message[DisputeSettled]) -> None:
        event = message.data
        self._disputed.discard(event.charge_id)
        if event.upheld:
            self._owe(event.charge_id, message.time_us)

    def finish(self, end_us: int) -> None:
        for charge_id, since_us in self._owed.items():
            if end_us > since_us + self._bound_us:
                self.violate(f"{charge_id} is paid, and not given back", subject="account", time_us=end_us)
        for charge_id, since_us in self._started.items():
            if charge_id not in self._refunded and end_us > since_us + self._bound_us:
                self.violate(f"the refund of {charge_id} never arrives", subject="account", time_us=end_us)

    def _judge_frozen(self, message: Message[ChargeRequested] | Message[FeeReversed]) -> None:
        if message.data.charge_id in self._disputed:
            self.violate(f"{message.data.charge_id} moves while it is disputed", message)

    def _owe(self, charge_id: str, since_us: int) -> None:
        """The rider is to have the money back, if it is here and not on its way back."""
        if charge_id in self._paid and charge_id not in self._started:
            self._owed[charge_id] = since_us
