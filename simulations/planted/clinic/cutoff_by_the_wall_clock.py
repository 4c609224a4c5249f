"""The cancellation cutoff is reckoned with the hours of the wall clock.

Origin: naive datetimes, subtracted. On the night on which the clocks go back an hour counts for nothing, so that
whoever cancels three hours before is told that it was two.
"""

from __future__ import annotations

from reference_services.clinic.appointment_messages import CancelAppointment
from reference_services.clinic.appointments import Appointment, AppointmentDecider
from reference_services.clinic.local_time import local, zone_named
from reference_services.kernel.message import Command, Event

from ..plant import Plant, swapped

ZONE = zone_named("Europe/Berlin")


class WallClockAppointments(AppointmentDecider):
    """Takes what the clock on the wall shows for the time."""

    def decide(self, appointment: Appointment, command: Command, now_us: int) -> list[Event]:
        place = appointment.place
        if isinstance(command, CancelAppointment) and place is not None and now_us < place.starts_us:
            offset = local(place.starts_us, ZONE).utcoffset(), local(now_us, ZONE).utcoffset()
            assert offset[0] is not None
            assert offset[1] is not None
            now_us = min(place.starts_us - 1, now_us - round((offset[0] - offset[1]).total_seconds() * 1e6))
        return super().decide(appointment, command, now_us)


CUTOFF_BY_THE_WALL_CLOCK = Plant(
    "cutoff-by-the-wall-clock",
    "The time until the visit is reckoned in local time, so a night with 25 hours has one too few.",
    "naive datetimes, subtracted across a change of the clocks",
    "fee-fair",
    swapped(WallClockAppointments),
    system="clinic",
)
