"""A trip that is overdue stays so, though its bike had been returned in time.

Origin: "ignored: not in state riding", in handlers of devices that tell late.
"""

from __future__ import annotations

from reference_services.bikeshare.trips import EndTrip, Trip, TripDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class FinalTrips(TripDecider):
    """Ends only what is under way."""

    def decide(self, trip: Trip, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, EndTrip) and trip.status in ("overdue", "lost"):
            return []
        return super().decide(trip, command, now_us)


OVERDUE_IS_FINAL = Plant(
    "overdue-is-final",
    "A return in time that arrives after the limit does not end its trip.",
    "state machines that drop what they do not expect",
    "lost-means-late",
    swapped(FinalTrips),
    system="bikeshare",
    live=True,
)
