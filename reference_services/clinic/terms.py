"""The clinic's business terms: every duration and amount that a rule mentions, in one place."""

from __future__ import annotations

from typing import Annotated

import msgspec

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

Duration = Annotated[int, msgspec.Meta(gt=0)]
Cents = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Terms of an appointment. The defaults are real life; a scenario may shorten them to rehearse a day in minutes.

    ``slot_us`` is the grid on which appointments begin; a visit takes one slot or two. ``authorization_renewal_us`` is
    how old a card's authorization may become (card networks let it go after about 7 days). ``close_out_us`` after its
    end a visit that nobody has closed is closed. ``settlement_bound_us`` is a promise to the checkers, not a rule: once
    faults have stopped, everything that was under way is settled within it.
    """

    slot_us: Duration = 15 * MINUTE_US
    hold_ttl_us: Duration = 5 * MINUTE_US
    pair_window_us: Duration = 7 * DAY_US
    authorization_renewal_us: Duration = 6 * DAY_US
    cancellation_cutoff_us: Duration = 2 * HOUR_US
    no_show_grace_us: Duration = 15 * MINUTE_US
    close_out_us: Duration = 4 * HOUR_US
    offer_ttl_us: Duration = 15 * MINUTE_US
    early_reminder_us: Duration = 24 * HOUR_US
    late_reminder_us: Duration = 2 * HOUR_US
    copay_cents: Cents = 2500
    no_show_fee_cents: Cents = 2000
    ask_provider_after_us: Duration = 2 * MINUTE_US
    settlement_bound_us: Duration = 5 * MINUTE_US

    def __post_init__(self) -> None:
        if self.late_reminder_us >= self.early_reminder_us:
            raise ValueError("late_reminder must be shorter than early_reminder")
        if self.no_show_fee_cents > self.copay_cents:
            raise ValueError("no_show_fee must not be more than copay: only what is authorized can be collected")
