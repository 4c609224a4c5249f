"""What must hold in the bookstore over every prefix of a history.

The checkers keep books of their own from the events and never look into the deciders: a rule that is wrong there must
not be wrong here in the same way. ``settlement_bound`` is how long anything may stay under way.

A checker keeps what it knows of an order while some later event could still break a rule about it: a cancelled order
may yet be picked up, a message be sent twice. So it keeps little: most orders of a sale never see a payment.
"""

from __future__ import annotations

from ...kernel.invariant import Coverage, InboxDrained, Invariant
from ...kernel.one_history import DecidedOnce, OneHistory
from ..terms import Terms
from ..tight_spots import TightSpots
from .goods import CustomerLimit, NoOversell, OneEnding, PickupXorCancel, SaleWindow
from .money import CaptureOnce, MoneyFollowsGoods, PriceKept
from .promises import AcceptedIsKept, EverythingSettles, ToldOnce


def invariants(terms: Terms) -> tuple[Invariant, ...]:
    """Fresh checkers for one history."""
    return (
        NoOversell(),
        OneEnding(terms),
        CustomerLimit(terms),
        SaleWindow(),
        PriceKept(),
        MoneyFollowsGoods(terms),
        CaptureOnce(terms),
        PickupXorCancel(terms),
        AcceptedIsKept(),
        ToldOnce(terms),
        EverythingSettles(terms),
        InboxDrained(),
        OneHistory(),
        DecidedOnce(),
    )


def coverage(terms: Terms) -> Coverage:
    """Fresh marks for one history."""
    return TightSpots(terms)
