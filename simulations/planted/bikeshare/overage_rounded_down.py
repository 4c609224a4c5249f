"""Only full steps of overage are charged.

Origin: ``//`` where the tariff says "each started 15 minutes".
"""

from __future__ import annotations

import msgspec

from reference_services.bikeshare.account_messages import ComputeFare
from reference_services.bikeshare.accounts import Account, AccountDecider
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class GenerousAccounts(AccountDecider):
    """Lets the last step go that was not ridden to its end."""

    def decide(self, account: Account, command: Command, now_us: int) -> list[Event]:
        if not isinstance(command, ComputeFare):
            return super().decide(account, command, now_us)
        free_us = command.plan.included_us + command.bonus_us
        over_us = max(0, command.ended_at_us - command.started_at_us - free_us)
        ended_at_us = command.ended_at_us - over_us % command.plan.overage_step_us
        rounded = msgspec.structs.replace(command, ended_at_us=ended_at_us)
        return super().decide(account, rounded, now_us)


OVERAGE_ROUNDED_DOWN = Plant(
    "overage-rounded-down",
    "Overage counts full steps, not started ones.",
    "integer division where a tariff says each started quarter of an hour",
    "fare-right",
    swapped(GenerousAccounts),
    system="bikeshare",
    live=True,
)
