"""The clinic's read models: what the API shows, folded from events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..kernel.message import Message
from ..kernel.observer import on
from ..kernel.projection import View
from .appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRejected,
    AppointmentRequested,
    IntakeCompleted,
    MoveFailed,
    MoveRequested,
    PatientArrived,
    PatientCheckedIn,
    PatientNoShow,
    Place,
    VisitFulfilled,
)
from .calendars import CalendarSet, ClinicSet
from .contacts import ContactChanged
from .schedules import CalendarChanged, HoldExpired, Slot, SlotFreed, SlotHeld
from .waitlist import OfferAccepted, OfferFellThrough, OfferLapsed, OfferMade, Queue, WaitlistJoined, WaitlistLeft
from .working_hours import Span


class CalendarsView(View):
    """Clinics by clinic_id, calendars by the resource that they are for, and the resources of each clinic."""

    def __init__(self) -> None:
        self.clinics: dict[str, ClinicSet] = {}
        self.calendars: dict[str, CalendarSet] = {}

    @on(ClinicSet)
    def clinic_set(self, message: Message[ClinicSet]) -> None:
        self.clinics[message.data.clinic_id] = message.data

    @on(CalendarSet)
    def calendar_set(self, message: Message[CalendarSet]) -> None:
        self.calendars[message.data.resource_id] = message.data

    def of(self, clinic_id: str, kind: str) -> Iterator[CalendarSet]:
        """The calendars of a clinic's providers or rooms."""
        return (each for each in self.calendars.values() if (each.clinic_id, each.kind) == (clinic_id, kind))


class DayEntry:
    """One day of one provider or room: its sessions, and what is held or taken in them."""

    __slots__ = ("busy", "day", "sessions")

    def __init__(self, day: str) -> None:
        self.day = day
        self.sessions: tuple[Span, ...] = ()
        self.busy: dict[str, Slot] = {}

    def free(self, starts_us: int, ends_us: int) -> bool:
        """Whether that time lies in a session, and nobody has any of it."""
        if not any(session.starts_us <= starts_us and ends_us <= session.ends_us for session in self.sessions):
            return False
        return not any(busy.starts_us < ends_us and starts_us < busy.ends_us for busy in self.busy.values())

    def openings(self, length_us: int, step_us: int, from_us: int, until_us: int) -> Iterator[int]:
        """The starts, on the grid of ``step_us``, from which ``length_us`` are free, at ``from_us`` or later."""
        taken = [(slot.starts_us, slot.ends_us) for slot in self.busy.values()]
        for session in self.sessions:
            behind = max(0, -((session.starts_us - from_us) // step_us))
            last_us = min(session.ends_us - length_us, until_us)
            for starts_us in range(session.starts_us + behind * step_us, last_us + 1, step_us):
                ends_us = starts_us + length_us
                if starts_us >= from_us and not any(begin < ends_us and starts_us < end for begin, end in taken):
                    yield starts_us


class DaysView(View):
    """The days of providers and rooms that a calendar spoke of. A hint for patients: only the schedules decide."""

    def __init__(self) -> None:
        self.days: dict[str, dict[str, DayEntry]] = {}

    @on(CalendarChanged)
    def changed(self, message: Message[CalendarChanged]) -> None:
        event = message.data
        self._entry(event.resource_id, event.day).sessions = event.sessions

    @on(SlotHeld)
    def held(self, message: Message[SlotHeld]) -> None:
        event = message.data
        self._entry(event.resource_id, event.day).busy[event.slot.hold_id] = event.slot

    @on(SlotFreed, HoldExpired)
    def freed(self, message: Message[SlotFreed | HoldExpired]) -> None:
        event = message.data
        self._entry(event.resource_id, event.day).busy.pop(event.slot.hold_id, None)

    def of(self, resource_id: str) -> Iterable[DayEntry]:
        """The days of one resource, earliest first."""
        days = self.days.get(resource_id, {})
        return (days[day] for day in sorted(days))

    def at(self, resource_id: str, starts_us: int, ends_us: int) -> DayEntry | None:
        """The day of which some session encloses that time."""
        for entry in self.days.get(resource_id, {}).values():
            if any(session.starts_us <= starts_us and ends_us <= session.ends_us for session in entry.sessions):
                return entry
        return None

    def _entry(self, resource_id: str, day: str) -> DayEntry:
        days = self.days.setdefault(resource_id, {})
        if day not in days:
            days[day] = DayEntry(day)
        return days[day]


class AppointmentEntry:
    """An appointment as its patient sees it.

    ``reason`` says why it was rejected or cancelled; ``not_moved``, why the latest move failed.
    """

    __slots__ = ("appointment_id", "intake", "moving", "not_moved", "patient_id", "place", "reason", "status")

    def __init__(self, requested: AppointmentRequested) -> None:
        self.appointment_id = requested.appointment_id
        self.patient_id = requested.patient_id
        self.place = Place(requested.plan)
        self.status = "pending"
        self.reason = ""
        self.intake = False
        self.moving = False
        self.not_moved = ""


class AppointmentsView(View):
    """Appointments by appointment_id, and each patient's, oldest first."""

    def __init__(self) -> None:
        self.appointments: dict[str, AppointmentEntry] = {}
        self.by_patient: dict[str, list[str]] = {}

    @on(AppointmentRequested)
    def requested(self, message: Message[AppointmentRequested]) -> None:
        event = message.data
        self.appointments[event.appointment_id] = AppointmentEntry(event)
        self.by_patient.setdefault(event.patient_id, []).append(event.appointment_id)

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        entry = self.appointments[message.data.appointment_id]
        entry.status, entry.place = "booked", message.data.place

    @on(AppointmentRejected)
    def rejected(self, message: Message[AppointmentRejected]) -> None:
        entry = self.appointments[message.data.appointment_id]
        entry.status, entry.reason = "rejected", message.data.reason

    @on(AppointmentCancelled)
    def cancelled(self, message: Message[AppointmentCancelled]) -> None:
        entry = self.appointments[message.data.appointment_id]
        entry.status, entry.reason = "cancelled", message.data.because

    @on(MoveRequested)
    def move_requested(self, message: Message[MoveRequested]) -> None:
        entry = self.appointments[message.data.appointment_id]
        entry.moving, entry.not_moved = True, ""

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        entry = self.appointments[message.data.appointment_id]
        entry.moving, entry.place = False, message.data.new

    @on(MoveFailed)
    def move_failed(self, message: Message[MoveFailed]) -> None:
        entry = self.appointments[message.data.appointment_id]
        entry.moving, entry.not_moved = False, message.data.reason

    @on(IntakeCompleted)
    def intake_completed(self, message: Message[IntakeCompleted]) -> None:
        self.appointments[message.data.appointment_id].intake = True

    @on(PatientArrived, PatientCheckedIn, VisitFulfilled, PatientNoShow)
    def moved_on(self, message: Message[PatientArrived]) -> None:
        event = message.data
        self.appointments[event.appointment_id].status = STATUS_AFTER[type(event)]


STATUS_AFTER: dict[type, str] = {
    PatientArrived: "arrived",
    PatientCheckedIn: "checked-in",
    VisitFulfilled: "fulfilled",
    PatientNoShow: "noshow",
}


class WaitlistEntry:
    """A place in a queue as its patient sees it. ``offer`` is the latest live offer."""

    __slots__ = ("appointment_id", "entry_id", "offers", "patient_id", "queue", "status")

    def __init__(self, joined: WaitlistJoined) -> None:
        self.entry_id = joined.entry_id
        self.patient_id = joined.patient_id
        self.queue: Queue = joined.queue
        self.status = "waiting"
        self.offers: dict[int, OfferMade] = {}
        self.appointment_id = ""


class WaitlistView(View):
    """Entries of all queues by entry_id."""

    def __init__(self) -> None:
        self.entries: dict[str, WaitlistEntry] = {}

    @on(WaitlistJoined)
    def joined(self, message: Message[WaitlistJoined]) -> None:
        self.entries[message.data.entry_id] = WaitlistEntry(message.data)

    @on(OfferMade)
    def offered(self, message: Message[OfferMade]) -> None:
        event = message.data
        self.entries[event.entry_id].offers[event.opening.starts_us] = event

    @on(OfferLapsed)
    def lapsed(self, message: Message[OfferLapsed]) -> None:
        self.entries[message.data.entry_id].offers.pop(message.data.opening.starts_us, None)

    @on(OfferAccepted)
    def accepted(self, message: Message[OfferAccepted]) -> None:
        entry = self.entries[message.data.entry_id]
        entry.status, entry.appointment_id = "accepted", message.data.appointment_id
        entry.offers.clear()

    @on(OfferFellThrough)
    def fell_through(self, message: Message[OfferFellThrough]) -> None:
        self.entries[message.data.entry_id].status = "waiting"

    @on(WaitlistLeft)
    def left(self, message: Message[WaitlistLeft]) -> None:
        self.entries[message.data.entry_id].status = "left"


class ContactsView(View):
    """Telephone numbers by patient_id."""

    def __init__(self) -> None:
        self.phones: dict[str, str] = {}

    @on(ContactChanged)
    def changed(self, message: Message[ContactChanged]) -> None:
        self.phones[message.data.patient_id] = message.data.phone
