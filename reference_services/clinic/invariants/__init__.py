"""What must hold in the clinic over every prefix of a history.

The checkers keep books of their own from the events and never look into the deciders: a rule that is wrong there must
not be wrong here in the same way. ``settlement_bound`` is how long anything may stay under way.
"""

from __future__ import annotations

from ...kernel.invariant import Coverage, InboxDrained, Invariant
from ...kernel.one_history import DecidedOnce, OneHistory
from ..terms import Terms
from ..tight_spots import TightSpots
from .calendar import InsideCalendar
from .money import CopayFollowsVisit, FeeFair
from .publishing import DaysAsPublished
from .reminding import RemindedOnce
from .returning import TimeGivenBack
from .settling import EverythingSettles
from .slots import HoldEndsOnce, NoDoubleBooking
from .visits import MoveIsAtomic, OneActivePerWeek
from .waiting import FreedSlotOffered, OneOfferASlot


def invariants(terms: Terms) -> tuple[Invariant, ...]:
    """Fresh checkers for one history."""
    return (
        NoDoubleBooking(),
        DaysAsPublished(terms),
        InsideCalendar(terms),
        OneActivePerWeek(terms),
        HoldEndsOnce(terms),
        CopayFollowsVisit(terms),
        FeeFair(terms),
        OneOfferASlot(terms),
        FreedSlotOffered(terms),
        MoveIsAtomic(terms),
        TimeGivenBack(terms),
        RemindedOnce(terms),
        EverythingSettles(terms),
        InboxDrained(),
        OneHistory(),
        DecidedOnce(),
    )


def coverage(terms: Terms) -> Coverage:
    """Fresh marks for one history."""
    return TightSpots(terms)
