"""Whoever brings a lost bike back pays nothing for it, however late.

Origin: refunds that ask whether the thing is there, not whether it came in time.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.bikeshare.account_messages import ReverseLostBike
from reference_services.bikeshare.bike_messages import BikeFound
from reference_services.kernel.message import Command
from reference_services.kernel.policy import reacts_to

from ..plant import Plant, swapped


@reacts_to(BikeFound)
def reverse_lost_bike(event: BikeFound) -> Iterator[Command]:
    """The bike is here, so nothing is owed."""
    yield ReverseLostBike(event.ride.rider_id, event.ride.trip_id)


FOUND_MEANS_FREE = Plant(
    "found-means-free",
    "Hold or fee are taken back for bikes that came too late, too.",
    "refunds that look at the state and not at the time",
    "lost-means-late",
    swapped(reverse_lost_bike),
    system="bikeshare",
    live=True,
)
