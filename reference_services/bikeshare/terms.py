"""The bike share's business terms: every duration, price and limit that a rule mentions, in one place."""

from __future__ import annotations

from typing import Annotated

import msgspec

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

Duration = Annotated[int, msgspec.Meta(gt=0)]
Cents = Annotated[int, msgspec.Meta(ge=0)]


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Terms of use. The defaults are real life; a scenario may shorten them to rehearse a month in minutes.

    ``settlement_bound_us`` is a promise to the checkers, not a rule: once faults have stopped, everything that was
    under way is settled within it.
    """

    single_price_cents: Cents = 350
    single_included_us: Duration = 30 * MINUTE_US
    single_overage_cents: Cents = 400
    day_price_cents: Cents = 1_000
    day_pass_us: Duration = DAY_US
    day_overage_cents: Cents = 400
    monthly_price_cents: Cents = 2_500
    month_us: Duration = 30 * DAY_US
    renewals_max: Annotated[int, msgspec.Meta(ge=0)] = 11
    monthly_overage_cents: Cents = 250
    pass_included_us: Duration = 45 * MINUTE_US
    overage_step_us: Duration = 15 * MINUTE_US
    full_station_bonus_us: Duration = 15 * MINUTE_US
    lock_answers_within_us: Duration = 30 * SECOND_US
    bike_reports_within_us: Duration = 30 * MINUTE_US
    overdue_after_us: Duration = DAY_US
    hold_us: Duration = DAY_US
    lost_bike_fee_cents: Cents = 120_000
    charge_again_after_us: Duration = DAY_US
    device_clock_ahead_max_us: Duration = MINUTE_US
    device_clock_behind_max_us: Duration = 5 * MINUTE_US
    ask_provider_after_us: Duration = 2 * MINUTE_US
    settlement_bound_us: Duration = 5 * MINUTE_US

    def __post_init__(self) -> None:
        if self.lock_answers_within_us >= self.bike_reports_within_us:
            raise ValueError("lock_answers_within must be shorter than bike_reports_within")
        if self.bike_reports_within_us >= self.overdue_after_us:
            raise ValueError("bike_reports_within must be shorter than overdue_after")
