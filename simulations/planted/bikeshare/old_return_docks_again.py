"""A return that is told twice docks the bike twice, though it has left meanwhile.

Origin: handlers of device messages without a look at the device's time; at-least-once delivery does the rest.
"""

from __future__ import annotations

import msgspec

from reference_services.bikeshare.bike_messages import DockBike, HandInBike
from reference_services.bikeshare.bikes import Bike, BikeDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class CredulousBikes(BikeDecider):
    """Takes every return for a new one."""

    def decide(self, bike: Bike, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, DockBike | HandInBike) and bike.status == "docked":
            bike = msgspec.structs.replace(bike, docked_at_us=-1, dockings=(), status="new", ride=None)
        return super().decide(bike, command, now_us)

    def evolve(self, bike: Bike, event: Event) -> Bike:
        if type(event).__name__ == "BikeDocked" and bike.status == "docked":
            bike = msgspec.structs.replace(bike, status="new")
        return super().evolve(bike, event)


OLD_RETURN_DOCKS_AGAIN = Plant(
    "old-return-docks-again",
    "An old return, told once more, moves a docked bike back to where it was.",
    "handlers of device messages that do not look at the device's time",
    "bikes-conserved",
    swapped(CredulousBikes),
    system="bikeshare",
    live=True,
)
