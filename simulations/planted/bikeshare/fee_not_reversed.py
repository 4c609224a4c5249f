"""The missing bike is found, and the rider pays for it all the same.

Origin: the compensation that is drawn in the diagram and missing in the code.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.bikeshare.bike_messages import BikeFound
from reference_services.kernel.message import Command
from reference_services.kernel.policy import reacts_to

from ..plant import Plant, swapped


@reacts_to(BikeFound)
def reverse_lost_bike(event: BikeFound) -> Iterator[Command]:
    """Nobody has written this."""
    return iter(())


FEE_NOT_REVERSED = Plant(
    "fee-not-reversed",
    "A return in time that arrives after the limit takes neither hold nor fee back.",
    "compensations that are drawn and never written",
    "lost-means-late",
    swapped(reverse_lost_bike),
    system="bikeshare",
    live=True,
)
