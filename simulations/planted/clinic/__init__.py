"""Bugs of the clinic: decisions and policies that are nearly right."""

from __future__ import annotations

from ..plant import Plant
from .cancelled_reminder_sent import CANCELLED_REMINDER_SENT
from .cutoff_by_the_wall_clock import CUTOFF_BY_THE_WALL_CLOCK
from .freed_slot_forgotten import FREED_SLOT_FORGOTTEN
from .hold_taken_after_expiry import HOLD_TAKEN_AFTER_EXPIRY
from .late_authorization_kept import LATE_AUTHORIZATION_KEPT
from .longest_waiting_last import LONGEST_WAITING_LAST
from .no_show_after_arrival import NO_SHOW_AFTER_ARRIVAL
from .old_slot_freed_first import OLD_SLOT_FREED_FIRST
from .overlap_by_start import OVERLAP_BY_START
from .pair_limit_forgotten import PAIR_LIMIT_FORGOTTEN
from .patients_not_told import PATIENTS_NOT_TOLD
from .slots_outlive_the_calendar import SLOTS_OUTLIVE_THE_CALENDAR

PLANTS: tuple[Plant, ...] = (
    CANCELLED_REMINDER_SENT,
    CUTOFF_BY_THE_WALL_CLOCK,
    FREED_SLOT_FORGOTTEN,
    HOLD_TAKEN_AFTER_EXPIRY,
    LATE_AUTHORIZATION_KEPT,
    LONGEST_WAITING_LAST,
    NO_SHOW_AFTER_ARRIVAL,
    OLD_SLOT_FREED_FIRST,
    OVERLAP_BY_START,
    PAIR_LIMIT_FORGOTTEN,
    PATIENTS_NOT_TOLD,
    SLOTS_OUTLIVE_THE_CALENDAR,
)
