"""A single pass carries as many rides as one likes.

Origin: a flag "used" that is written after the ride, or never.
"""

from __future__ import annotations

import msgspec

from reference_services.bikeshare.entitlements import Entitlement, EntitlementDecider, RideClaimed
from reference_services.kernel.message import Event

from ..plant import Plant, swapped


class LastingEntitlements(EntitlementDecider):
    """Claims rides and takes nothing off."""

    def evolve(self, rider: Entitlement, event: Event) -> Entitlement:
        after = super().evolve(rider, event)
        return msgspec.structs.replace(after, grants=rider.grants) if isinstance(event, RideClaimed) else after


SINGLE_PASS_REUSED = Plant(
    "single-pass-reused",
    "A single pass is not used up by its ride.",
    "vouchers that are marked as used too late",
    "no-pass-no-ride",
    swapped(LastingEntitlements),
    system="bikeshare",
    live=True,
)
