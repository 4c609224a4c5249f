"""A rider who asks at two docks at once gets two bikes.

Origin: a check "has no open trip" against a table that gets its row only when the dock has opened.
"""

from __future__ import annotations

import msgspec

from reference_services.bikeshare.riders import RIDER, RequestUnlock, Rider, RiderDecider, UnlockRequested
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class TrustingRiders(RiderDecider):
    """Looks for trips that have begun, not for unlocks under way."""

    def decide(self, rider: Rider, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, RequestUnlock) and rider.status in ("unlocking", "offered"):
            rider = msgspec.structs.replace(rider, status=RIDER.initial)
        return super().decide(rider, command, now_us)

    def evolve(self, rider: Rider, event: Event) -> Rider:
        if isinstance(event, UnlockRequested):
            rider = msgspec.structs.replace(rider, status=RIDER.initial)
        return super().evolve(rider, event)


SECOND_UNLOCK_ALLOWED = Plant(
    "second-unlock-allowed",
    "A second unlock is allowed until the first trip has begun.",
    "a guard on rows that are written after the act that it guards",
    "one-trip-a-rider",
    swapped(TrustingRiders),
    system="bikeshare",
    live=True,
)
