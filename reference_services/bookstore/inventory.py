"""inventory: the authority on units. It alone decides whether there is one left.

Aggregate ``stock``, keyed by sku. A reservation is held, and ends once: committed (paid for), released or expired.
A committed reservation can later be returned to stock, when its order is cancelled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event
from ..kernel.transitions import TransitionTable
from .terms import Terms

# Commands


class ReceiveStock(Command, frozen=True):
    """Units have been delivered to the store."""

    sku: str
    receipt_id: str
    units: int


class ReserveStock(Command, frozen=True):
    """Hold units for an order line."""

    sku: str
    order_id: str
    reservation_id: str
    units: int


class CommitReservation(Command, frozen=True):
    """The line is paid for: the units are the customer's. If the hold is gone by now, hold again if there is stock."""

    sku: str
    order_id: str
    reservation_id: str
    units: int


class ReleaseStock(Command, frozen=True):
    """The order does not want the units any more."""

    sku: str
    order_id: str
    reservation_id: str


class ExpireReservation(Command, frozen=True):
    """The hold has run its time. Sent by time itself."""

    sku: str
    reservation_id: str


# Events


class StockReceived(Event, frozen=True):
    """``units`` more can be sold."""

    sku: str
    receipt_id: str
    units: int


class StockReserved(Event, frozen=True):
    """``units`` are held until ``expires_us``."""

    sku: str
    order_id: str
    reservation_id: str
    units: int
    expires_us: int


class StockRejected(Event, frozen=True):
    """There are not enough units left for this line."""

    sku: str
    order_id: str
    reservation_id: str
    units: int


class ReservationCommitted(Event, frozen=True):
    """The held units are sold."""

    sku: str
    order_id: str
    reservation_id: str
    units: int


class StockReleased(Event, frozen=True):
    """The units can be sold again. ``was`` tells a hold let go from sold goods that came back."""

    sku: str
    order_id: str
    reservation_id: str
    units: int
    was: Literal["held", "committed"]


class ReservationExpired(Event, frozen=True):
    """The hold ran out unpaid; the units can be sold again."""

    sku: str
    order_id: str
    reservation_id: str
    units: int


# The life of one reservation

RESERVATION = TransitionTable(
    "none",
    {
        ("none", StockReserved): "held",
        ("held", ReservationCommitted): "committed",
        ("held", StockReleased): "released",
        ("held", ReservationExpired): "expired",
        ("committed", StockReleased): "returned",
    },
)

# State


class Reservation(msgspec.Struct, frozen=True):
    """Units set aside for an order; ``expires_us`` counts while held."""

    order_id: str
    units: int
    expires_us: int


class Stock(msgspec.Struct, frozen=True):
    """Units of one product. What was released or expired is not kept. What was sold is: its order may yet be cancelled,
    and nobody tells the inventory of pickups. So the state is bounded by the units ever received, and each sale copies
    it, which is fine for thousands of units of one product, not for millions.

    ``held`` is in order of expiry.
    """

    sku: str
    available: int = 0
    held: Mapping[str, Reservation] = {}
    committed: Mapping[str, Reservation] = {}


class StockDecider(Decider[Stock]):
    """Decides who gets the units of one product."""

    name = "stock"
    key_field = "sku"
    commands = (ReceiveStock, ReserveStock, CommitReservation, ReleaseStock, ExpireReservation)
    events = (StockReceived, StockReserved, StockRejected, ReservationCommitted, StockReleased, ReservationExpired)
    transitions = RESERVATION

    def __init__(self, terms: Terms) -> None:
        self._ttl_us = terms.reservation_ttl_us

    def initial(self, key: str) -> Stock:
        return Stock(key)

    def decide(self, stock: Stock, command: Command, now_us: int) -> list[Event]:
        match command:
            case ReserveStock():
                return self._reserve(stock, command, now_us)
            case CommitReservation():
                return self._commit(stock, command, now_us)
            case ReleaseStock():
                return _release(stock, command)
            case ExpireReservation():
                return _expire(stock, command, now_us)
            case ReceiveStock():
                return [StockReceived(command.sku, command.receipt_id, command.units)]
            case _:
                raise TypeError(f"stock does not decide {type(command).__name__}")

    def evolve(self, stock: Stock, event: Event) -> Stock:
        match event:
            case StockReserved():
                hold = Reservation(event.order_id, event.units, event.expires_us)
                held = _with(stock.held, event.reservation_id, hold)
                return Stock(stock.sku, stock.available - event.units, held, stock.committed)
            case ReservationCommitted():
                committed = {**stock.committed, event.reservation_id: stock.held[event.reservation_id]}
                return Stock(stock.sku, stock.available, _without(stock.held, event.reservation_id), committed)
            case StockReleased(was="committed"):
                committed = _without(stock.committed, event.reservation_id)
                return Stock(stock.sku, stock.available + event.units, stock.held, committed)
            case StockReleased() | ReservationExpired():
                held = _without(stock.held, event.reservation_id)
                return Stock(stock.sku, stock.available + event.units, held, stock.committed)
            case StockReceived():
                return Stock(stock.sku, stock.available + event.units, stock.held, stock.committed)
            case _:
                return stock

    def deadlines(self, stock: Stock) -> Iterable[Deadline]:
        for reservation_id, hold in stock.held.items():
            yield hold.expires_us, ExpireReservation(stock.sku, reservation_id)

    def _reserve(self, stock: Stock, command: ReserveStock, now_us: int) -> list[Event]:
        if command.reservation_id in stock.held or command.reservation_id in stock.committed:
            return []
        if command.units > stock.available:
            return [StockRejected(stock.sku, command.order_id, command.reservation_id, command.units)]
        return [self._hold(stock, command.order_id, command.reservation_id, command.units, now_us)]

    def _commit(self, stock: Stock, command: CommitReservation, now_us: int) -> list[Event]:
        reservation_id, units = command.reservation_id, command.units
        if reservation_id in stock.committed:
            return []
        if reservation_id in stock.held:
            return [ReservationCommitted(stock.sku, command.order_id, reservation_id, units)]
        again = f"{reservation_id}/again"
        if again in stock.committed:
            return []
        if units > stock.available:
            return [StockRejected(stock.sku, command.order_id, reservation_id, units)]
        return [
            self._hold(stock, command.order_id, again, units, now_us),
            ReservationCommitted(stock.sku, command.order_id, again, units),
        ]

    def _hold(self, stock: Stock, order_id: str, reservation_id: str, units: int, now_us: int) -> StockReserved:
        return StockReserved(stock.sku, order_id, reservation_id, units, now_us + self._ttl_us)


def _release(stock: Stock, command: ReleaseStock) -> list[Event]:
    reservation_id = command.reservation_id
    if hold := stock.held.get(reservation_id):
        return [StockReleased(stock.sku, hold.order_id, reservation_id, hold.units, "held")]
    if sold := stock.committed.get(reservation_id):
        return [StockReleased(stock.sku, sold.order_id, reservation_id, sold.units, "committed")]
    return []


def _expire(stock: Stock, command: ExpireReservation, now_us: int) -> list[Event]:
    hold = stock.held.get(command.reservation_id)
    if hold is None or now_us < hold.expires_us:
        return []
    return [ReservationExpired(stock.sku, hold.order_id, command.reservation_id, hold.units)]


def _with(held: Mapping[str, Reservation], reservation_id: str, hold: Reservation) -> dict[str, Reservation]:
    """``held`` and one more, in order of expiry: nearly always last, but the clocks of two senders may differ."""
    more = dict(held)
    latest = next(reversed(more.values()), hold)
    more[reservation_id] = hold
    if latest.expires_us > hold.expires_us:
        return dict(sorted(more.items(), key=lambda item: item[1].expires_us))
    return more


def _without(reservations: Mapping[str, Reservation], reservation_id: str) -> dict[str, Reservation]:
    rest = dict(reservations)
    del rest[reservation_id]
    return rest
