"""A full station gives the rider free time, and the fare knows nothing of it.

Origin: credits that are granted in one table and never read where the price is computed.
"""

from __future__ import annotations

import msgspec

from reference_services.bikeshare.trips import Trip, TripDecider, TripEnded
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class ForgetfulTrips(TripDecider):
    """Ends trips without the time that full stations gave."""

    def decide(self, trip: Trip, command: Command, now_us: int) -> list[Event]:
        return [_without_bonus(event) for event in super().decide(trip, command, now_us)]


def _without_bonus(event: Event) -> Event:
    return msgspec.structs.replace(event, bonus_us=0) if isinstance(event, TripEnded) else event


FREE_MINUTES_FORGOTTEN = Plant(
    "free-minutes-forgotten",
    "The free minutes of a full station are promised and not subtracted.",
    "credits that are granted in one place and forgotten in another",
    "fare-right",
    swapped(ForgetfulTrips),
    system="bikeshare",
    live=True,
)
