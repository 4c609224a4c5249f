"""Reminders know nothing of cancellations.

Origin: reminder jobs that are scheduled when the appointment is booked and never looked at again. Patients of several
hospitals were asked to appointments that had been called off for the pandemic.
"""

from __future__ import annotations

from collections.abc import Iterable

from reference_services.clinic.appointment_messages import AppointmentCancelled
from reference_services.clinic.reminders import CancelReminder, forget_reminders
from reference_services.kernel.message import Command
from reference_services.kernel.policy import Policy

from ..plant import Plant, swapped


def tell_of_changes_only(event: AppointmentCancelled) -> Iterable[Command]:
    """Only the notice is thought of."""
    return [command for command in forget_reminders.react(event) if not isinstance(command, CancelReminder)]


CANCELLED_REMINDER_SENT = Plant(
    "cancelled-reminder-sent",
    "A cancelled appointment keeps its reminders.",
    "reminder jobs that are scheduled with the booking and never looked at again",
    "reminded-once",
    swapped(Policy("forget-reminders", AppointmentCancelled, tell_of_changes_only)),
    system="clinic",
    live=True,
)
