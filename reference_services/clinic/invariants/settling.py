"""Liveness: whatever is under way comes to rest."""

from __future__ import annotations

from ...kernel import promises
from ...kernel.message import Message
from ...kernel.observer import on
from ..appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRejected,
    AppointmentRequested,
    PatientArrived,
    PatientNoShow,
    Place,
    VisitFulfilled,
)
from ..billing import (
    AuthorizationRequested,
    CaptureRequested,
    CopayAuthorized,
    CopayCaptured,
    CopayDeclined,
    CopayVoided,
    NoShowFeeCharged,
    VoidRequested,
)
from ..reminders import ReminderCancelled, ReminderDue, ReminderFailed, ReminderScheduled, ReminderSent, ReminderSkipped
from ..terms import Terms

UNDER_WAY = (AppointmentRequested, AuthorizationRequested, CaptureRequested, VoidRequested, ReminderDue)
AT_REST = (
    AppointmentRejected,
    AppointmentCancelled,
    VisitFulfilled,
    PatientNoShow,
    CopayAuthorized,
    CopayCaptured,
    CopayVoided,
    NoShowFeeCharged,
    ReminderSent,
    ReminderSkipped,
    ReminderCancelled,
)


class EverythingSettles(promises.EverythingSettles):
    """Knows what appointments and reminders wait for: the visit, its end, the time of a reminder, the next attempt."""

    statement = "Every appointment, co-pay and reminder reaches a final state or waits for a running deadline."

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms.settlement_bound_us)
        self._grace_us = terms.no_show_grace_us
        self._close_out_us = terms.close_out_us
        self._ends_us: dict[str, int] = {}

    @on(*UNDER_WAY)
    def under_way(self, message: Message) -> None:
        self.begin(message.subject, message.time_us)

    @on(*AT_REST)
    def at_rest(self, message: Message) -> None:
        self.rest(message.subject)

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        self._wait_for_visit(message.subject, message.data.place)

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        self._wait_for_visit(message.subject, message.data.new)

    @on(PatientArrived)
    def arrived(self, message: Message[PatientArrived]) -> None:
        self.wait(message.subject, self._ends_us[message.subject] + self._close_out_us)

    @on(ReminderScheduled)
    def scheduled(self, message: Message[ReminderScheduled]) -> None:
        self.wait(message.subject, message.data.due_us)

    @on(CopayDeclined, ReminderFailed)
    def failed(self, message: Message[CopayDeclined | ReminderFailed]) -> None:
        self.wait(message.subject, message.data.again_at_us)

    def _wait_for_visit(self, subject: str, place: Place) -> None:
        self._ends_us[subject] = place.plan.slot.ends_us
        self.wait(subject, place.starts_us + self._grace_us)
