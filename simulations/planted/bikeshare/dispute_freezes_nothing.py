"""A charge that is disputed is tried again, and taken back, as if nobody disputed it.

Origin: "under review" as a label that no other job looks at.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reference_services.bikeshare.account_messages import ChargeAgain, ReverseLostBike
from reference_services.bikeshare.accounts import Account, AccountDecider
from reference_services.kernel.decider import Deadline
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class RestlessAccounts(AccountDecider):
    """Charges again and reverses, whatever else is going on."""

    def decide(self, account: Account, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, ChargeAgain | ReverseLostBike):
            account = _thawed(account)
        return super().decide(account, command, now_us)

    def deadlines(self, account: Account) -> Iterable[Deadline]:
        return super().deadlines(_thawed(account))


def _thawed(account: Account) -> Account:
    charges = {name: msgspec.structs.replace(charge, disputed=False) for name, charge in account.charges.items()}
    return msgspec.structs.replace(account, charges=charges)


DISPUTE_FREEZES_NOTHING = Plant(
    "dispute-freezes-nothing",
    "A charge is tried again, or its fee reversed, in the middle of a dispute about it.",
    "under review as a label that nothing obeys",
    "given-back-once",
    swapped(RestlessAccounts),
    system="bikeshare",
    live=True,
)
