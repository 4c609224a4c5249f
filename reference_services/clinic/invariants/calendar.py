"""The calendar: nobody is booked when the clinic is closed, and whom a changed calendar concerns is told."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..appointment_messages import (
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRejected,
    MoveFailed,
    PatientNoShow,
    VisitFulfilled,
)
from ..reminders import ReminderDue, ReminderFailed, ReminderSent
from ..schedules import CalendarChanged, Slot, SlotFreed, SlotTaken
from ..terms import Terms

DayOf = tuple[str, str]
"""A resource and one of its days."""


class InsideCalendar(Invariant):
    """Knows the sessions of every day, what is taken in them, and who has yet to be told of a change.

    How long it takes until a notice gets through is not ours to promise; so each step towards it has to come within the
    bound of when it was due.
    """

    name = "inside-calendar"
    statement = (
        "Whatever is taken lies inside the calendar as it is then; when a calendar shrinks, every visit outside is "
        "moved or cancelled, and its patient told, within the bound."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._calendars: dict[DayOf, CalendarChanged] = {}
        self._taken: dict[DayOf, dict[str, Slot]] = {}
        self._to_free: dict[tuple[DayOf, str], int] = {}
        self._to_settle: dict[str, int] = {}
        self._to_tell: dict[str, int] = {}
        self._ended: set[str] = set()

    @on(CalendarChanged)
    def changed(self, message: Message[CalendarChanged]) -> None:
        event = message.data
        day = (event.resource_id, event.day)
        self._calendars[day] = event
        for hold_id, slot in self._taken.get(day, {}).items():
            if slot.starts_us > message.time_us and not _inside(event, slot):
                self._to_free[day, hold_id] = message.time_us

    @on(SlotTaken)
    def taken(self, message: Message[SlotTaken]) -> None:
        event = message.data
        day = (event.resource_id, event.day)
        calendar = self._calendars.get(day)
        if calendar is None or calendar.calendar_version != event.calendar_version:
            self.violate(f"{event.resource_id} is taken under another calendar than the one that counts", message)
        elif not _inside(calendar, event.slot):
            self.violate(f"{event.slot.appointment_id} takes {event.resource_id} outside its calendar", message)
        self._taken.setdefault(day, {})[event.slot.hold_id] = event.slot

    @on(SlotFreed)
    def freed(self, message: Message[SlotFreed]) -> None:
        event = message.data
        day = (event.resource_id, event.day)
        self._taken.get(day, {}).pop(event.slot.hold_id, None)
        since_us = self._to_free.pop((day, event.slot.hold_id), message.time_us)
        self._judge_pace(since_us, f"{event.slot.hold_id} is freed after the calendar has changed", message)
        if event.because == "calendar-changed" and not self._over(event.slot):
            self._to_settle.setdefault(event.slot.hold_id, message.time_us)

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        event = message.data
        self._settle(event.old.hold_id, message)
        if event.new.starts_us == event.old.starts_us:
            self._to_tell[event.appointment_id] = message.time_us

    @on(MoveFailed)
    def move_failed(self, message: Message[MoveFailed]) -> None:
        self._settle(message.data.place.hold_id, message)

    @on(AppointmentCancelled, AppointmentRejected, PatientNoShow, VisitFulfilled)
    def ended(self, message: Message[AppointmentCancelled]) -> None:
        event = message.data
        self._ended.add(event.appointment_id)
        self._settle(event.place.hold_id, message)
        if isinstance(event, AppointmentCancelled) and event.because == "calendar-changed":
            self._to_tell[event.appointment_id] = message.time_us

    @on(ReminderDue, ReminderSent, ReminderFailed)
    def telling(self, message: Message[ReminderDue | ReminderSent | ReminderFailed]) -> None:
        event = message.data
        since_us = self._to_tell.get(event.appointment_id) if event.kind == "notice" else None
        if since_us is None:
            return
        self._judge_pace(since_us, f"the patient is told of {event.appointment_id}", message)
        next_us = event.again_at_us if isinstance(event, ReminderFailed) else message.time_us
        if isinstance(event, ReminderSent) or not next_us:
            del self._to_tell[event.appointment_id]
        else:
            self._to_tell[event.appointment_id] = next_us

    def finish(self, end_us: int) -> None:
        for (day, hold_id), since_us in self._to_free.items():
            if end_us > since_us + self._bound_us:
                self.violate(f"{hold_id} stands outside the calendar", subject=f"day/{'/'.join(day)}", time_us=end_us)
        for hold_id, since_us in self._to_settle.items():
            if end_us > since_us + self._bound_us:
                subject = f"appointment/{hold_id.partition('/')[0]}"
                self.violate(f"{hold_id} lost its time and stands nevertheless", subject=subject, time_us=end_us)
        for appointment_id, since_us in self._to_tell.items():
            if end_us > since_us + self._bound_us:
                text = f"nobody told the patient that {appointment_id} was changed"
                self.violate(text, subject=f"appointment/{appointment_id}", time_us=end_us)

    def _over(self, slot: Slot) -> bool:
        """Whether what the slot was for has ended before the calendar closed over it."""
        return slot.appointment_id in self._ended or slot.hold_id in self._ended

    def _settle(self, hold_id: str, message: Message) -> None:
        self._ended.add(hold_id)
        since_us = self._to_settle.pop(hold_id, message.time_us)
        self._judge_pace(since_us, f"{hold_id} lost its time and is settled", message)

    def _judge_pace(self, since_us: int, text: str, message: Message) -> None:
        late_us = message.time_us - since_us - self._bound_us
        if late_us > 0:
            self.violate(f"{text} {late_us} us late", message)


def _inside(calendar: CalendarChanged, slot: Slot) -> bool:
    return any(session.starts_us <= slot.starts_us and slot.ends_us <= session.ends_us for session in calendar.sessions)
