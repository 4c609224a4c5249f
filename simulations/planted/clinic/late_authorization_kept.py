"""An authorization that comes when the appointment is off is kept.

Origin: code that voids what it knows to be authorized. While the provider has not answered there is nothing to void, it
thinks; the answer comes a moment later, and the money stays blocked on the card.
"""

from __future__ import annotations

from reference_services.clinic.billing import CancelCopay, Copay, CopayDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class TrustingCopays(CopayDecider):
    """Lets go of what is there, and does not ask what is still to come."""

    def decide(self, copay: Copay, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, CancelCopay) and copay.status == "requested":
            return []
        return super().decide(copay, command, now_us)


LATE_AUTHORIZATION_KEPT = Plant(
    "late-authorization-kept",
    "An authorization that is answered after the appointment was given up is never let go.",
    "code that voids only what it already knows to be authorized",
    "copay-follows-visit",
    swapped(TrustingCopays),
    system="clinic",
)
