"""The limit per customer is checked for each request by itself.

Origin: purchase limits of shop plugins that look at the quantity in the cart only, so that whoever orders twice has
twice as much; the hole through which sneaker bots buy.
"""

from __future__ import annotations

from reference_services.bookstore.allowances import Allowance, AllowanceDecider, ClaimAllowance
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class ForgetfulAllowance(AllowanceDecider):
    """Does not look at what the customer has."""

    def decide(self, allowance: Allowance, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, ClaimAllowance):
            allowance = Allowance()
        return super().decide(allowance, command, now_us)


LIMIT_PER_REQUEST = Plant(
    "limit-per-request",
    "The limit per customer counts the units of one order, not of all that the customer has.",
    "purchase limits of shop plugins that look at the quantity in the cart only",
    "customer-limit",
    swapped(ForgetfulAllowance),
    system="bookstore",
    live=True,
)
