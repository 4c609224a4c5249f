"""The reminders: each once, each in its time, and none of a visit that will not be."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    PatientArrived,
    PatientNoShow,
    Place,
)
from ..reminders import ReminderCancelled, ReminderDue, ReminderFailed, ReminderSent, ReminderSkipped
from ..terms import Terms

ReminderKey = tuple[str, str]
"""The hold_id of a plan and the kind of reminder."""


class RemindedOnce(Invariant):
    """Knows which reminders each plan of an appointment is owed, and which were sent."""

    name = "reminded-once"
    statement = (
        "Each plan of an appointment is reminded of once a day before and once some hours before, never early, and not "
        "after it was cancelled or moved."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._before_us = {"early": terms.early_reminder_us, "late": terms.late_reminder_us}
        self._bound_us = terms.settlement_bound_us
        self._starts_us: dict[str, int] = {}
        self._places: dict[str, Place] = {}
        self._over_since_us: dict[str, int] = {}
        self._owed: dict[ReminderKey, int] = {}
        self._sent: set[ReminderKey] = set()

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        self._owe(message.data.place, message.time_us)

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        self._forget(message.data.old, message)
        self._owe(message.data.new, message.time_us)

    @on(AppointmentCancelled, PatientNoShow)
    def ended(self, message: Message[AppointmentCancelled | PatientNoShow]) -> None:
        self._forget(message.data.place, message)

    @on(PatientArrived)
    def arrived(self, message: Message[PatientArrived]) -> None:
        self._forget(self._places[message.data.appointment_id], message)

    @on(ReminderDue)
    def due(self, message: Message[ReminderDue]) -> None:
        event = message.data
        if event.kind == "notice":
            return
        early_us = self._starts_us[event.hold_id] - self._before_us[event.kind] - message.time_us
        if early_us > 0:
            self.violate(f"{event.hold_id} is reminded of {early_us} us early", message)
        over_since_us = self._over_since_us.get(event.hold_id)
        if over_since_us is not None and message.time_us > over_since_us + self._bound_us:
            self.violate(f"{event.hold_id} is reminded of, but it is over", message)

    @on(ReminderSent)
    def sent(self, message: Message[ReminderSent]) -> None:
        key = (message.data.hold_id, message.data.kind)
        if key in self._sent:
            self.violate(f"{key[0]} is reminded of twice ({key[1]})", message)
        self._sent.add(key)
        self._owed.pop(key, None)

    @on(ReminderFailed, ReminderSkipped, ReminderCancelled)
    def not_sent(self, message: Message[ReminderFailed | ReminderSkipped | ReminderCancelled]) -> None:
        event = message.data
        if isinstance(event, ReminderFailed) and event.again_at_us:
            return
        self._owed.pop((event.hold_id, event.kind), None)

    def finish(self, end_us: int) -> None:
        for (hold_id, kind), due_us in self._owed.items():
            if end_us > due_us + self._bound_us:
                subject = f"reminder/{hold_id.partition('/')[0]}/{kind}"
                self.violate(f"nobody is reminded of {hold_id} ({kind})", subject=subject, time_us=end_us)

    def _owe(self, place: Place, now_us: int) -> None:
        self._starts_us[place.hold_id] = place.starts_us
        self._places[place.plan.slot.appointment_id] = place
        for kind, before_us in self._before_us.items():
            due_us = place.starts_us - before_us
            if due_us > now_us + self._bound_us and (place.hold_id, kind) not in self._sent:
                self._owed[place.hold_id, kind] = due_us

    def _forget(self, place: Place, message: Message) -> None:
        """From now on this place is not to be reminded of; by now it must have been, if its time was long ago."""
        self._over_since_us[place.hold_id] = message.time_us
        for kind in self._before_us:
            due_us = self._owed.pop((place.hold_id, kind), None)
            if due_us is not None and message.time_us > due_us + self._bound_us:
                self.violate(f"nobody was reminded of {place.hold_id} ({kind})", message)
