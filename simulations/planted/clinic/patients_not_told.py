"""A clinic cancels, and its patients learn it at the door.

Origin: appointments that are cancelled by a change of the roster go another way through the code than those that a
patient cancels; the message hangs on the latter.
"""

from __future__ import annotations

from collections.abc import Iterable

from reference_services.clinic.appointment_messages import AppointmentCancelled
from reference_services.clinic.reminders import ScheduleReminder, forget_reminders
from reference_services.kernel.message import Command
from reference_services.kernel.policy import Policy

from ..plant import Plant, swapped


def forget_without_a_word(event: AppointmentCancelled) -> Iterable[Command]:
    """The reminders are cancelled; that is all."""
    return [command for command in forget_reminders.react(event) if not isinstance(command, ScheduleReminder)]


PATIENTS_NOT_TOLD = Plant(
    "patients-not-told",
    "Nobody tells the patients whose provider has fallen ill.",
    "a change of the roster that cancels appointments without the message that a cancellation sends",
    "inside-calendar",
    swapped(Policy("forget-reminders", AppointmentCancelled, forget_without_a_word)),
    system="clinic",
    live=True,
)
