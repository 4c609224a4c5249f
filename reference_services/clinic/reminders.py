"""reminders: what patients are told by text message, when, and whether it got through.

Aggregate ``reminder``, keyed by appointment_id/kind: a day before the visit, two hours before, and at once when the
clinic changes something. Each is about one plan of the appointment (its ``hold_id``); a moved appointment gets new
ones. One plan can be changed twice, first to another room and then cancelled, so a notice's ``hold_id`` says what
became of the plan as well: ``a-1/2/moved``, ``a-1/2/cancelled``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event
from ..kernel.policy import reacts_to
from ..kernel.transitions import TransitionTable
from ..shared.notifications import ATTEMPTS
from .appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    PatientArrived,
    PatientNoShow,
    Place,
)
from .contacts import AddressReminder, ContactMissing, ReminderAddressed, send_effect
from .terms import Terms

Kind = Literal["early", "late", "notice"]

KINDS: tuple[Kind, ...] = ("early", "late")
"""The reminders of every appointment; a notice is for those that the clinic had to change."""

Change = Literal["moved", "cancelled"]
"""What a notice is about."""

# Commands


class ScheduleReminder(Command, frozen=True):
    """Remind the patient of a visit that begins at ``starts_us``; a notice is due at once."""

    appointment_id: str
    kind: Kind
    patient_id: str
    hold_id: str
    starts_us: int
    text: str


class CancelReminder(Command, frozen=True):
    """There is nothing to be reminded of any more, nor will there be: what is scheduled after this comes late."""

    appointment_id: str
    kind: Kind


class SendReminder(Command, frozen=True):
    """The reminder is due. Sent by time itself."""

    appointment_id: str
    kind: Kind


class RecordDelivery(Command, frozen=True):
    """The message gateway took the message, or could not be reached; ``final``: there is no use in trying again."""

    reminder_id: str
    message_id: str
    delivered: bool
    final: bool = False


# Events


class ReminderScheduled(Event, frozen=True):
    """The patient is to be reminded at ``due_us``."""

    appointment_id: str
    kind: Kind
    patient_id: str
    hold_id: str
    starts_us: int
    due_us: int
    text: str


class ReminderSkipped(Event, frozen=True):
    """There is no time for this reminder any more: the appointment was made too late for it, or is over."""

    appointment_id: str
    kind: Kind
    hold_id: str


class ReminderDue(Event, frozen=True):
    """The message is on its way to the patient, for the ``attempt``-th time."""

    appointment_id: str
    kind: Kind
    patient_id: str
    hold_id: str
    text: str
    attempt: int


class ReminderSent(Event, frozen=True):
    """The patient was told."""

    appointment_id: str
    kind: Kind
    hold_id: str


class ReminderFailed(Event, frozen=True):
    """The patient could not be told; the next attempt is due at ``again_at_us`` (0: there is none)."""

    appointment_id: str
    kind: Kind
    hold_id: str
    again_at_us: int


class ReminderCancelled(Event, frozen=True):
    """The patient is not to be told any more. ``hold_id`` is empty if nothing had been scheduled."""

    appointment_id: str
    kind: Kind
    hold_id: str


REMINDER = TransitionTable(
    "none",
    {
        ("scheduled", ReminderDue): "due",
        ("failed", ReminderDue): "due",
        ("due", ReminderSent): "sent",
        ("failed", ReminderSent): "sent",
        ("due", ReminderFailed): "failed",
        **{
            (status, event): after
            for status in ("none", "scheduled", "due", "sent", "failed", "skipped")
            for event, after in ((ReminderScheduled, "scheduled"), (ReminderSkipped, "skipped"))
        },
        ("cancelled", ReminderSkipped): "cancelled",
        **{
            (status, ReminderCancelled): "cancelled"
            for status in ("none", "scheduled", "due", "sent", "failed", "skipped")
        },
    },
)

# State


class Reminder(msgspec.Struct, frozen=True):
    """One reminder; ``due_us`` is when time does something for it (0: never), ``attempts`` counts the sending."""

    reminder_id: str
    status: str = REMINDER.initial
    scheduled: ReminderScheduled | None = None
    due_us: int = 0
    attempts: int = 0


class ReminderDecider(Decider[Reminder]):
    """Decides whether, and when, a patient is reminded."""

    name = "reminder"
    commands = (ScheduleReminder, CancelReminder, SendReminder, RecordDelivery)
    events = (ReminderScheduled, ReminderSkipped, ReminderDue, ReminderSent, ReminderFailed, ReminderCancelled)
    transitions = REMINDER

    def __init__(self, terms: Terms) -> None:
        self._before_us: dict[str, int] = {"early": terms.early_reminder_us, "late": terms.late_reminder_us}
        self._again_after_us = terms.ask_provider_after_us

    def key(self, command: Command) -> str:
        if isinstance(command, RecordDelivery):
            return command.reminder_id
        assert isinstance(command, ScheduleReminder | CancelReminder | SendReminder)
        return f"{command.appointment_id}/{command.kind}"

    def initial(self, key: str) -> Reminder:
        return Reminder(key)

    def decide(self, reminder: Reminder, command: Command, now_us: int) -> list[Event]:
        match command:
            case ScheduleReminder():
                return self._schedule(reminder, command, now_us)
            case CancelReminder():
                return _cancel(reminder, command)
            case SendReminder():
                return _send(reminder, now_us)
            case RecordDelivery():
                return self._record(reminder, command, now_us)
            case _:
                raise TypeError(f"reminder does not decide {type(command).__name__}")

    def evolve(self, reminder: Reminder, event: Event) -> Reminder:
        status = REMINDER.next(reminder.status, event)
        change = msgspec.structs.replace
        match event:
            case ReminderScheduled():
                return Reminder(reminder.reminder_id, status, event, event.due_us)
            case ReminderDue():
                return change(reminder, status=status, due_us=0, attempts=event.attempt)
            case ReminderFailed():
                return change(reminder, status=status, due_us=event.again_at_us)
            case _:
                return change(reminder, status=status, due_us=0)

    def deadlines(self, reminder: Reminder) -> Iterable[Deadline]:
        if reminder.due_us and reminder.scheduled is not None:
            yield reminder.due_us, SendReminder(reminder.scheduled.appointment_id, reminder.scheduled.kind)

    def _schedule(self, reminder: Reminder, command: ScheduleReminder, now_us: int) -> list[Event]:
        scheduled = reminder.scheduled
        if scheduled is not None and scheduled.hold_id == command.hold_id:
            return []
        due_us = now_us if command.kind == "notice" else command.starts_us - self._before_us[command.kind]
        if due_us < now_us or not REMINDER.allows(reminder.status, ReminderScheduled):
            return [ReminderSkipped(command.appointment_id, command.kind, command.hold_id)]
        return [
            ReminderScheduled(
                command.appointment_id,
                command.kind,
                command.patient_id,
                command.hold_id,
                command.starts_us,
                due_us,
                command.text,
            )
        ]

    def _record(self, reminder: Reminder, command: RecordDelivery, now_us: int) -> list[Event]:
        scheduled = reminder.scheduled
        if scheduled is None or command.message_id != _message_id(scheduled):
            return []
        answer = (scheduled.appointment_id, scheduled.kind, scheduled.hold_id)
        if command.delivered:
            return [ReminderSent(*answer)] if reminder.status in ("due", "failed") else []
        if reminder.status != "due":
            return []
        again = not command.final and reminder.attempts < ATTEMPTS
        return [ReminderFailed(*answer, now_us + self._again_after_us if again else 0)]


def _cancel(reminder: Reminder, command: CancelReminder) -> list[Event]:
    """Recorded even with nothing scheduled: a visit may be over before the word comes that it was booked."""
    if not REMINDER.allows(reminder.status, ReminderCancelled):
        return []
    hold_id = "" if reminder.scheduled is None else reminder.scheduled.hold_id
    return [ReminderCancelled(command.appointment_id, command.kind, hold_id)]


def _send(reminder: Reminder, now_us: int) -> list[Event]:
    scheduled = reminder.scheduled
    if scheduled is None or not reminder.due_us or now_us < reminder.due_us:
        return []
    attempt = reminder.attempts + 1
    due = (scheduled.appointment_id, scheduled.kind, scheduled.patient_id, scheduled.hold_id, scheduled.text)
    return [ReminderDue(*due, attempt)]


def _message_id(event: ReminderScheduled | ReminderDue) -> str:
    return f"{event.hold_id}/{event.kind}"


# Policies


@reacts_to(AppointmentBooked)
def remind_of_booking(event: AppointmentBooked) -> Iterator[Command]:
    """A booked appointment gets its reminders."""
    yield from _schedule_all(event.appointment_id, event.patient_id, event.place)


@reacts_to(AppointmentMoved)
def remind_of_move(event: AppointmentMoved) -> Iterator[Command]:
    """A moved appointment gets new ones; and where the clinic moved it, the patient is told."""
    yield from _schedule_all(event.appointment_id, event.patient_id, event.new)
    if event.new.starts_us == event.old.starts_us and event.new.room_id != event.old.room_id:
        yield _notice(event.appointment_id, event.patient_id, event.new, "moved")


@reacts_to(AppointmentCancelled)
def forget_reminders(event: AppointmentCancelled) -> Iterator[Command]:
    """Nobody is reminded of a visit that will not be; and where the clinic cancelled it, the patient is told."""
    for kind in KINDS:
        yield CancelReminder(event.appointment_id, kind)
    if event.because == "calendar-changed":
        yield _notice(event.appointment_id, event.patient_id, event.place, "cancelled")


@reacts_to(PatientArrived)
def stop_reminding_the_arrived(event: PatientArrived) -> Iterator[Command]:
    """Who is there needs no reminder."""
    for kind in KINDS:
        yield CancelReminder(event.appointment_id, kind)


@reacts_to(PatientNoShow)
def stop_reminding_the_absent(event: PatientNoShow) -> Iterator[Command]:
    """What has not got through by now comes too late."""
    for kind in KINDS:
        yield CancelReminder(event.appointment_id, kind)


@reacts_to(ReminderDue)
def address_reminder(event: ReminderDue) -> Iterator[Command]:
    """Only the patient's contact knows where a message goes."""
    reminder_id = f"{event.appointment_id}/{event.kind}"
    message_id = _message_id(event)
    yield AddressReminder(event.patient_id, reminder_id, message_id, event.kind, event.text, event.attempt)


@reacts_to(ContactMissing)
def record_missing_contact(event: ContactMissing) -> Iterator[Command]:
    """Without a number there is nothing to try again."""
    yield RecordDelivery(event.reminder_id, event.message_id, delivered=False, final=True)


TEXTS: dict[Kind, str] = {"early": "Your visit is tomorrow.", "late": "Your visit begins soon."}

NOTICES: dict[Change, str] = {
    "moved": "Your visit is in another room.",
    "cancelled": "We are sorry: your visit cannot take place. Please choose another time.",
}


def _schedule_all(appointment_id: str, patient_id: str, place: Place) -> Iterator[Command]:
    for kind in KINDS:
        yield ScheduleReminder(appointment_id, kind, patient_id, place.hold_id, place.starts_us, TEXTS[kind])


def _notice(appointment_id: str, patient_id: str, place: Place, change: Change) -> ScheduleReminder:
    about = f"{place.hold_id}/{change}"
    return ScheduleReminder(appointment_id, "notice", patient_id, about, place.starts_us, NOTICES[change])


POLICIES = (
    remind_of_booking,
    remind_of_move,
    forget_reminders,
    stop_reminding_the_arrived,
    stop_reminding_the_absent,
    address_reminder,
    record_missing_contact,
)

# Effects


def _record_delivery(event: ReminderAddressed, *, delivered: bool) -> Command:
    return RecordDelivery(event.reminder_id, event.message_id, delivered)


EFFECTS = (send_effect(_record_delivery),)
