"""What must hold in the bike share over every prefix of a history.

The checkers keep books of their own from the events and never look into the deciders: a rule that is wrong there must
not be wrong here in the same way. ``settlement_bound`` is how long anything may stay under way.
"""

from __future__ import annotations

from ...kernel.invariant import Coverage, InboxDrained, Invariant
from ...kernel.one_history import DecidedOnce, OneHistory
from ...shared.invariants import ToldOnce
from ..terms import Terms
from ..tight_spots import TightSpots
from .debts import OwedIsCharged
from .fares import FareRight, LostMeansLate, OneEndOneFare
from .money import ChargeOnce, GivenBackOnce
from .passes import NoPassNoRide, PassAsSold
from .promises import AcceptedIsKept, EverythingSettles
from .repairs import FlaggedStays
from .returns import ReturnsBelieved
from .rides import BikesConserved, OneTripABike, OneTripARider


def invariants(terms: Terms) -> tuple[Invariant, ...]:
    """Fresh checkers for one history."""
    return (
        OneTripARider(),
        OneTripABike(),
        BikesConserved(),
        FlaggedStays(terms),
        ReturnsBelieved(terms),
        OneEndOneFare(terms.settlement_bound_us),
        FareRight(terms),
        LostMeansLate(terms),
        NoPassNoRide(terms),
        PassAsSold(terms),
        OwedIsCharged(terms),
        ChargeOnce(terms),
        GivenBackOnce(terms),
        AcceptedIsKept(),
        ToldOnce(),
        EverythingSettles(terms),
        InboxDrained(),
        OneHistory(),
        DecidedOnce(),
    )


def coverage(terms: Terms) -> Coverage:
    """Fresh marks for one history."""
    return TightSpots(terms)
