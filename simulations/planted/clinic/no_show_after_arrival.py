"""The no-show job does not look whether the patient has come meanwhile.

Origin: a nightly job over "appointments of today that are not checked in", with the check at the front desk an hour
later than the arrival.
"""

from __future__ import annotations

import msgspec

from reference_services.clinic.appointment_messages import MarkNoShow, PatientNoShow
from reference_services.clinic.appointments import APPOINTMENT, Appointment, AppointmentDecider
from reference_services.kernel.decider import Deadline
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped


class BlindJob(AppointmentDecider):
    """Gives up whoever is not checked in, arrived or not."""

    def decide(self, appointment: Appointment, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, MarkNoShow) and appointment.status == "arrived":
            appointment = msgspec.structs.replace(appointment, status="booked")
        return super().decide(appointment, command, now_us)

    def evolve(self, appointment: Appointment, event: Event) -> Appointment:
        if isinstance(event, PatientNoShow) and not APPOINTMENT.allows(appointment.status, PatientNoShow):
            return msgspec.structs.replace(appointment, status="noshow")
        return super().evolve(appointment, event)

    def deadlines(self, appointment: Appointment) -> list[Deadline]:
        if appointment.status == "arrived" and appointment.place is not None:
            return [(appointment.place.starts_us + self._grace_us, MarkNoShow(appointment.appointment_id))]
        return list(super().deadlines(appointment))


NO_SHOW_AFTER_ARRIVAL = Plant(
    "no-show-after-arrival",
    "A patient who has arrived but is not checked in when the grace period ends pays for not coming.",
    "no-show jobs that go by the check-in and not by the arrival",
    "fee-fair",
    swapped(BlindJob),
    system="clinic",
)
