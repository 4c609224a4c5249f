"""A ride lasts until its return arrives, not until the dock has closed.

Origin: "created_at default now()" as the time of an event that a device buffered while it was offline.
"""

from __future__ import annotations

import msgspec

from reference_services.bikeshare.trips import EndTrip, Trip, TripDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class HastyTrips(TripDecider):
    """Believes its own clock."""

    def decide(self, trip: Trip, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, EndTrip):
            limit_us = command.started_at_us + self._overdue_after_us - 1
            ended_at_us = max(command.ended_at_us, min(now_us, limit_us))
            command = msgspec.structs.replace(command, ended_at_us=ended_at_us)
        return super().decide(trip, command, now_us)


FARE_BY_ARRIVAL = Plant(
    "fare-by-arrival",
    "A return that an offline dock tells late is charged until it arrives.",
    "server time in the place of device time, for devices that buffer",
    "fare-right",
    swapped(HastyTrips),
    system="bikeshare",
    live=True,
)
