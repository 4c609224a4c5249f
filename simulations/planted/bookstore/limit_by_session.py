"""The limit is counted in the session, and each device has a session of its own.

Origin: limits kept in the shopping session or in a cookie; two devices, or one private window, and nobody adds up.
Here the aggregate that counts is keyed by order, which is what becomes of a session's cart.
"""

from __future__ import annotations

from reference_services.bookstore.allowances import AllowanceDecider, ClaimAllowance, ReleaseAllowance
from reference_services.kernel.message import Command

from ..plant import Plant, swapped


class SessionAllowance(AllowanceDecider):
    """Counts in the wrong place: under a key that two devices of one customer do not share."""

    def key(self, command: Command) -> str:
        assert isinstance(command, (ClaimAllowance, ReleaseAllowance))
        return f"{super().key(command)}/{command.order_id}"


LIMIT_BY_SESSION = Plant(
    "limit-by-session",
    "Each device's session counts for itself, so a customer with two devices has twice the limit.",
    "limits kept in the shopping session or a cookie",
    "customer-limit",
    swapped(SessionAllowance),
    system="bookstore",
    live=True,
)
