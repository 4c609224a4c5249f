"""The bookstore's business terms: every duration and limit that a rule mentions, in one place."""

from __future__ import annotations

from typing import Annotated

import msgspec

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US

Duration = Annotated[int, msgspec.Meta(gt=0)]


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Terms of sale. The defaults are real life; a scenario may shorten them to rehearse a day in minutes.

    ``settlement_bound_us`` is a promise to the checkers, not a rule: once faults have stopped, everything that was
    under way (an expired hold, a capture without goods, a refund) is settled within it.
    """

    reservation_ttl_us: Duration = 10 * MINUTE_US
    pickup_window_us: Duration = 24 * HOUR_US
    pickup_reminder_before_us: Duration = 4 * HOUR_US
    ask_provider_after_us: Duration = 2 * MINUTE_US
    settlement_bound_us: Duration = 5 * MINUTE_US

    def __post_init__(self) -> None:
        if self.pickup_reminder_before_us >= self.pickup_window_us:
            raise ValueError("pickup_reminder_before must be shorter than pickup_window")
