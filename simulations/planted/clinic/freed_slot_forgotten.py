"""The waiting list hears of holds that ran out of use, and not of appointments that were cancelled.

Origin: a handler of "slot became free" that hangs on the wrong one of two states with nearly the same name:
busy-tentative and busy.
"""

from __future__ import annotations

from collections.abc import Iterable

from reference_services.clinic.schedules import SlotFreed
from reference_services.clinic.waitlist import offer_freed_slot
from reference_services.kernel.message import Command
from reference_services.kernel.policy import Policy

from ..plant import Plant, swapped


def offer_tentative_slots(event: SlotFreed) -> Iterable[Command]:
    """Offers what was held, which nobody had."""
    return offer_freed_slot.react(event) if event.was == "held" else ()


FREED_SLOT_FORGOTTEN = Plant(
    "freed-slot-forgotten",
    "The waiting list is not told of slots that cancelled appointments give back.",
    "busy-tentative taken for busy in the handler that tells the waiting list",
    "freed-slot-offered",
    swapped(Policy("offer-freed-slot", SlotFreed, offer_tentative_slots)),
    system="clinic",
)
