"""Bugs of the bike share: decisions, policies and calls outside that are nearly right."""

from __future__ import annotations

from ..plant import Plant
from .dispute_freezes_nothing import DISPUTE_FREEZES_NOTHING
from .failed_renewal_ignored import FAILED_RENEWAL_IGNORED
from .fare_by_arrival import FARE_BY_ARRIVAL
from .fee_not_reversed import FEE_NOT_REVERSED
from .found_means_free import FOUND_MEANS_FREE
from .free_minutes_forgotten import FREE_MINUTES_FORGOTTEN
from .full_station_takes_more import FULL_STATION_TAKES_MORE
from .guard_not_given_back import GUARD_NOT_GIVEN_BACK
from .old_return_docks_again import OLD_RETURN_DOCKS_AGAIN
from .overage_rounded_down import OVERAGE_ROUNDED_DOWN
from .overdue_is_final import OVERDUE_IS_FINAL
from .second_unlock_allowed import SECOND_UNLOCK_ALLOWED
from .silence_taken_for_decline import SILENCE_TAKEN_FOR_DECLINE
from .single_pass_reused import SINGLE_PASS_REUSED

PLANTS: tuple[Plant, ...] = (
    DISPUTE_FREEZES_NOTHING,
    FAILED_RENEWAL_IGNORED,
    FARE_BY_ARRIVAL,
    FEE_NOT_REVERSED,
    FOUND_MEANS_FREE,
    FREE_MINUTES_FORGOTTEN,
    FULL_STATION_TAKES_MORE,
    GUARD_NOT_GIVEN_BACK,
    OLD_RETURN_DOCKS_AGAIN,
    OVERAGE_ROUNDED_DOWN,
    OVERDUE_IS_FINAL,
    SECOND_UNLOCK_ALLOWED,
    SILENCE_TAKEN_FOR_DECLINE,
    SINGLE_PASS_REUSED,
)
