"""A bike cannot be had, and the rider is kept from asking for another one.

Origin: locks that are taken first and released only on the way on which everything goes well.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.bikeshare.bike_messages import UnlockRejected
from reference_services.kernel.message import Command
from reference_services.kernel.policy import reacts_to

from ..plant import Plant, swapped


@reacts_to(UnlockRejected)
def refuse_unlock(event: UnlockRejected) -> Iterator[Command]:
    """Nobody has written this."""
    return iter(())


GUARD_NOT_GIVEN_BACK = Plant(
    "guard-not-given-back",
    "A refused unlock never gives the rider's guard back.",
    "locks without a finally",
    "everything-settles",
    swapped(refuse_unlock),
    system="bikeshare",
    live=True,
)
