"""The reminders: each once, each in its time, and none of a visit that will not be."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ...shared.notifications import ATTEMPTS
from ..appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    PatientArrived,
    PatientNoShow,
    Place,
)
from ..contacts import ContactMissing
from ..reminders import ReminderCancelled, ReminderDue, ReminderFailed, ReminderSent, ReminderSkipped
from ..terms import Terms

ReminderKey = tuple[str, str]
"""The hold_id of a plan and the kind of reminder."""


class RemindedOnce(Invariant):
    """Knows which reminders each plan of an appointment is owed, and which were sent.

    What is owed stays so until it is sent, the visit is over, or the patient cannot be reached: nobody has a number, or
    the gateway did not answer for as long as it is tried. How long the gateway takes is not ours to promise; so each
    step has to come within the bound of when it was due, the first one when the reminder was.
    """

    name = "reminded-once"
    statement = (
        "Each plan of an appointment is reminded of once a day before and once some hours before, never early or late, "
        "and not after it was cancelled or moved."
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
        self._tries: dict[ReminderKey, int] = {}
        self._unknown: set[str] = set()
        self._arrived: set[str] = set()

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        self._owe(message.data.place, message.time_us)

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        event = message.data
        self._forget(event.old, message)
        if event.appointment_id in self._arrived:
            self._over_since_us[event.new.hold_id] = message.time_us
        else:
            self._owe(event.new, message.time_us)

    @on(AppointmentCancelled, PatientNoShow)
    def ended(self, message: Message[AppointmentCancelled | PatientNoShow]) -> None:
        self._forget(message.data.place, message)

    @on(PatientArrived)
    def arrived(self, message: Message[PatientArrived]) -> None:
        self._arrived.add(message.data.appointment_id)
        self._forget(self._places[message.data.appointment_id], message)

    @on(ReminderSkipped)
    def skipped(self, message: Message[ReminderSkipped]) -> None:
        event = message.data
        if event.hold_id in self._over_since_us:
            return  # it was scheduled after its visit was over
        if event.kind == "notice" or message.time_us <= self._due_us(event.hold_id, event.kind):
            self.violate(f"{event.hold_id} is not reminded of, though there is time ({event.kind})", message)

    @on(ReminderDue)
    def due(self, message: Message[ReminderDue]) -> None:
        event = message.data
        key = (event.hold_id, event.kind)
        self._tries[key] = self._tries.get(key, 0) + 1
        if event.kind == "notice":
            return
        early_us = self._due_us(event.hold_id, event.kind) - message.time_us
        if early_us > 0:
            self.violate(f"{event.hold_id} is reminded of {early_us} us early", message)
        over_since_us = self._over_since_us.get(event.hold_id)
        if over_since_us is not None and message.time_us > over_since_us + self._bound_us:
            self.violate(f"{event.hold_id} is reminded of, but it is over", message)
        if key in self._owed:
            self._judge_pace(key, message)
            self._owed[key] = message.time_us

    @on(ReminderSent)
    def sent(self, message: Message[ReminderSent]) -> None:
        key = (message.data.hold_id, message.data.kind)
        if key in self._sent:
            self.violate(f"{key[0]} is reminded of twice ({key[1]})", message)
        self._sent.add(key)
        self._judge_pace(key, message)
        self._owed.pop(key, None)

    @on(ContactMissing)
    def unknown(self, message: Message[ContactMissing]) -> None:
        self._unknown.add(message.data.message_id)

    @on(ReminderFailed)
    def failed(self, message: Message[ReminderFailed]) -> None:
        event = message.data
        key = (event.hold_id, event.kind)
        self._judge_pace(key, message)
        if not event.again_at_us:
            self._owed.pop(key, None)
            if self._tries.get(key, 0) < ATTEMPTS and f"{event.hold_id}/{event.kind}" not in self._unknown:
                self.violate(f"{event.hold_id} is given up too soon ({event.kind})", message)
        elif key in self._owed:
            self._owed[key] = event.again_at_us

    @on(ReminderCancelled)
    def called_off(self, message: Message[ReminderCancelled]) -> None:
        event = message.data
        if event.kind != "notice" and event.hold_id and event.hold_id not in self._over_since_us:
            self.violate(f"the reminder of {event.hold_id} is called off, but it stands ({event.kind})", message)

    def finish(self, end_us: int) -> None:
        for (hold_id, kind), due_us in self._owed.items():
            if end_us > due_us + self._bound_us:
                subject = f"reminder/{hold_id.partition('/')[0]}/{kind}"
                self.violate(f"nobody is reminded of {hold_id} ({kind})", subject=subject, time_us=end_us)

    def _due_us(self, hold_id: str, kind: str) -> int:
        return self._starts_us[hold_id] - self._before_us[kind]

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

    def _judge_pace(self, key: ReminderKey, message: Message) -> None:
        """The next step towards what is owed must come within the bound of when it was due."""
        due_us = self._owed.get(key)
        if due_us is not None and message.time_us > due_us + self._bound_us:
            self.violate(f"{key[0]} is reminded of {message.time_us - due_us} us late ({key[1]})", message)
