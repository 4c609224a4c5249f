"""Liveness: whatever is under way comes to rest."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..appointments import (
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


class EverythingSettles(Invariant):
    """Asking again is not progress: what counts is since when something has not been at rest.

    What waits for a deadline (of the visit, of a reminder, of the next attempt) is at rest only until then.
    """

    name = "everything-settles"
    statement = "Every appointment, co-pay and reminder reaches a final state or waits for a running deadline."

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._grace_us = terms.no_show_grace_us
        self._close_out_us = terms.close_out_us
        self._since_us: dict[str, int] = {}
        self._ends_us: dict[str, int] = {}

    @on(*UNDER_WAY)
    def under_way(self, message: Message) -> None:
        since_us = self._since_us.get(message.subject)
        if since_us is None or message.time_us < since_us:
            self._since_us[message.subject] = message.time_us

    @on(*AT_REST)
    def at_rest(self, message: Message) -> None:
        self._since_us.pop(message.subject, None)

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        self._wait_for_visit(message.subject, message.data.place)

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        self._wait_for_visit(message.subject, message.data.new)

    @on(PatientArrived)
    def arrived(self, message: Message[PatientArrived]) -> None:
        self._since_us[message.subject] = self._ends_us[message.subject] + self._close_out_us

    @on(CopayDeclined)
    def declined(self, message: Message[CopayDeclined]) -> None:
        self._wait(message.subject, message.data.again_at_us)

    @on(ReminderScheduled)
    def scheduled(self, message: Message[ReminderScheduled]) -> None:
        self._wait(message.subject, message.data.due_us)

    @on(ReminderFailed)
    def failed(self, message: Message[ReminderFailed]) -> None:
        self._wait(message.subject, message.data.again_at_us)

    def finish(self, end_us: int) -> None:
        for subject, since_us in self._since_us.items():
            if end_us > since_us + self._bound_us:
                self.violate(f"{subject} is {end_us - since_us} us overdue", subject=subject, time_us=end_us)

    def _wait_for_visit(self, subject: str, place: Place) -> None:
        self._ends_us[subject] = place.plan.slot.ends_us
        self._since_us[subject] = place.starts_us + self._grace_us

    def _wait(self, subject: str, until_us: int) -> None:
        """At rest until then; for good if that is 0."""
        if until_us:
            self._since_us[subject] = until_us
        else:
            self._since_us.pop(subject, None)
