"""A renewal fails, and the pass works on.

Origin: subscriptions whose failed invoices are only looked at by the accounts department.
"""

from __future__ import annotations

import msgspec

from reference_services.bikeshare.entitlements import Entitlement, EntitlementDecider, GrantEnded
from reference_services.kernel.message import Event

from ..plant import Plant, swapped


class PatientEntitlements(EntitlementDecider):
    """Notes that a grant has ended and keeps it."""

    def evolve(self, rider: Entitlement, event: Event) -> Entitlement:
        after = super().evolve(rider, event)
        return msgspec.structs.replace(after, grants=rider.grants) if isinstance(event, GrantEnded) else after


FAILED_RENEWAL_IGNORED = Plant(
    "failed-renewal-ignored",
    "A monthly pass whose renewal failed still opens docks.",
    "subscriptions that go on after a failed invoice",
    "no-pass-no-ride",
    swapped(PatientEntitlements),
    system="bikeshare",
    live=True,
)
