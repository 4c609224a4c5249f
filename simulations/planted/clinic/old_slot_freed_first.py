"""A reschedule is a cancellation and a booking.

Origin: the shortest way to write it. Between the two somebody else takes the old slot, and the new one cannot be had.
"""

from __future__ import annotations

from collections.abc import Iterator

from reference_services.clinic.appointment_messages import MoveRequested
from reference_services.clinic.diaries import ClaimTime
from reference_services.clinic.schedules import FreeSlot
from reference_services.kernel.message import Command
from reference_services.kernel.policy import Policy

from ..plant import Plant, swapped


def let_go_then_claim(event: MoveRequested) -> Iterator[Command]:
    """First the old time is given back, then the new one is asked for."""
    appointment_id, _, attempt = event.plan.slot.hold_id.rpartition("/")
    yield FreeSlot(event.plan.provider_id, event.plan.day, f"{appointment_id}/{int(attempt) - 1}")
    yield ClaimTime(event.patient_id, event.plan)


OLD_SLOT_FREED_FIRST = Plant(
    "old-slot-freed-first",
    "A reschedule gives the old slot back before it has the new one.",
    "a reschedule written as a cancellation and a booking",
    "move-is-atomic",
    swapped(Policy("claim-other-time", MoveRequested, let_go_then_claim)),
    system="clinic",
    live=True,
)
