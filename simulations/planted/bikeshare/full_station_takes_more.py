"""A full station takes bikes as long as they come.

Origin: capacity that is checked on the map of the app, not where bikes are taken.
"""

from __future__ import annotations

import msgspec

from reference_services.bikeshare.stations import ReturnBike, Station, StationDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class RoomyStations(StationDecider):
    """Leaves counting to the app."""

    def decide(self, station: Station, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, ReturnBike) and station.docks:
            station = msgspec.structs.replace(station, docks=station.docks + 100)
        return super().decide(station, command, now_us)


FULL_STATION_TAKES_MORE = Plant(
    "full-station-takes-more",
    "Nobody counts docks when a bike is returned.",
    "capacity that is checked in the app only",
    "bikes-conserved",
    swapped(RoomyStations),
    system="bikeshare",
    live=True,
)
