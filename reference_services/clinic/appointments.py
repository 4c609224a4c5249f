"""appointments: the life of an appointment.

Aggregate ``appointment``, keyed by appointment_id. The appointment coordinates: the saga (``saga.py``) asks the
patient's diary, the provider's day, the room's day and the billing for what they alone can decide, and brings their
answers back here. Statuses are those of FHIR R5, ``rejected`` aside. A move is an attempt beside the place that
stands: it takes the new slots before it lets go of the old ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event, Refused
from ..kernel.transitions import TransitionTable
from .appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRejected,
    AppointmentRequested,
    CancelAppointment,
    CancelledBecause,
    CheckIn,
    CloseVisit,
    CompleteIntake,
    CopayRequested,
    FulfilVisit,
    IntakeCompleted,
    MarkNoShow,
    MoveAppointment,
    MoveFailed,
    MoveRequested,
    PatientArrived,
    PatientCheckedIn,
    PatientNoShow,
    Place,
    PlaceLost,
    RecordArrival,
    RecordAuthorization,
    RecordHold,
    RecordLoss,
    RecordRefusal,
    RecordTake,
    RefuseAttempt,
    RequestAppointment,
    RoomSought,
    SlotReturned,
    SlotSecured,
    SlotsWanted,
    VisitFulfilled,
)
from .schedules import Slot
from .terms import Terms

UPCOMING = ("booked", "arrived", "checked-in")

APPOINTMENT = TransitionTable(
    "none",
    {
        ("none", AppointmentRequested): "pending",
        ("pending", RoomSought): "pending",
        ("pending", CopayRequested): "pending",
        ("pending", SlotsWanted): "pending",
        ("pending", SlotSecured): "pending",
        ("pending", AppointmentBooked): "booked",
        ("pending", AppointmentRejected): "rejected",
        ("booked", IntakeCompleted): "booked",
        ("booked", PatientArrived): "arrived",
        ("booked", AppointmentCancelled): "cancelled",
        ("booked", PatientNoShow): "noshow",
        ("arrived", IntakeCompleted): "arrived",
        ("arrived", PatientCheckedIn): "checked-in",
        ("arrived", AppointmentCancelled): "cancelled",
        ("checked-in", VisitFulfilled): "fulfilled",
        ("checked-in", AppointmentCancelled): "cancelled",
        **{
            (status, event): status
            for status in UPCOMING
            for event in (MoveRequested, RoomSought, SlotsWanted, SlotSecured, AppointmentMoved, MoveFailed, PlaceLost)
        },
    },
)

# State

Phase = Literal["provider", "room", "card", "taking"]


class Attempt(msgspec.Struct, frozen=True):
    """A place that is being arranged: what it waits for, which rooms are left to ask, and what is taken so far."""

    place: Place
    rooms: tuple[str, ...]
    phase: Phase = "provider"
    secured: tuple[str, ...] = ()


class Appointment(msgspec.Struct, frozen=True):
    """One appointment: the place that stands, the attempt beside it, and whether the calendar took the place away.

    ``entry_id`` is the place in a waiting list that it was offered to, if it was.
    """

    appointment_id: str
    status: str = APPOINTMENT.initial
    patient_id: str = ""
    card_token: str = ""
    rooms: tuple[str, ...] = ()
    place: Place | None = None
    attempt: Attempt | None = None
    attempts: int = 0
    intake: bool = False
    lost: bool = False
    entry_id: str = ""


class AppointmentDecider(Decider[Appointment]):
    """Decides how one appointment goes on."""

    name = "appointment"
    key_field = "appointment_id"
    commands = (
        RequestAppointment,
        MoveAppointment,
        CancelAppointment,
        CompleteIntake,
        RecordArrival,
        CheckIn,
        FulfilVisit,
        RefuseAttempt,
        RecordHold,
        RecordRefusal,
        RecordAuthorization,
        RecordTake,
        RecordLoss,
        MarkNoShow,
        CloseVisit,
    )
    events = (
        AppointmentRequested,
        RoomSought,
        CopayRequested,
        SlotsWanted,
        SlotSecured,
        SlotReturned,
        AppointmentBooked,
        AppointmentRejected,
        MoveRequested,
        AppointmentMoved,
        MoveFailed,
        PlaceLost,
        AppointmentCancelled,
        IntakeCompleted,
        PatientArrived,
        PatientCheckedIn,
        VisitFulfilled,
        PatientNoShow,
    )
    transitions = APPOINTMENT

    def __init__(self, terms: Terms) -> None:
        self._cutoff_us = terms.cancellation_cutoff_us
        self._grace_us = terms.no_show_grace_us
        self._close_out_us = terms.close_out_us

    def initial(self, key: str) -> Appointment:
        return Appointment(key)

    def decide(self, appointment: Appointment, command: Command, now_us: int) -> list[Event]:
        match command:
            case RequestAppointment():
                return _request(appointment, command)
            case RecordHold() | RecordRefusal() | RecordAuthorization() | RecordTake() | RefuseAttempt():
                return _go_on(appointment, command)
            case RecordLoss():
                return _lose(appointment, command)
            case MoveAppointment():
                return self._move(appointment, command, now_us)
            case CancelAppointment():
                return self._cancel(appointment, now_us)
            case MarkNoShow():
                return self._mark_no_show(appointment, now_us)
            case CloseVisit():
                return self._close(appointment, now_us)
            case CompleteIntake() | RecordArrival() | CheckIn() | FulfilVisit():
                return _visit(appointment, command)
            case _:
                raise TypeError(f"appointment does not decide {type(command).__name__}")

    def evolve(self, appointment: Appointment, event: Event) -> Appointment:
        if isinstance(event, SlotReturned):
            return appointment
        status = APPOINTMENT.next(appointment.status, event)
        change = msgspec.structs.replace
        match event:
            case AppointmentRequested():
                attempt = Attempt(Place(event.plan), event.rooms)
                return Appointment(
                    appointment.appointment_id,
                    status,
                    event.patient_id,
                    event.card_token,
                    event.rooms,
                    attempt=attempt,
                    attempts=1,
                    entry_id=event.entry_id,
                )
            case MoveRequested():
                attempt = Attempt(Place(event.plan), event.rooms)
                return change(appointment, attempt=attempt, attempts=appointment.attempts + 1)
            case RoomSought() | CopayRequested() | SlotsWanted() | SlotSecured():
                return change(appointment, attempt=_with_progress(appointment.attempt, event))
            case AppointmentBooked():
                return change(appointment, status=status, place=event.place, attempt=None)
            case AppointmentMoved():
                return change(appointment, place=event.new, attempt=None, lost=False)
            case MoveFailed() | AppointmentRejected():
                return change(appointment, status=status, attempt=None)
            case PlaceLost():
                return change(appointment, lost=True)
            case IntakeCompleted():
                return change(appointment, intake=True)
            case _:
                return change(appointment, status=status)

    def deadlines(self, appointment: Appointment) -> Iterable[Deadline]:
        place = appointment.place
        if place is None:
            return
        if appointment.status == "booked":
            yield place.starts_us + self._grace_us, MarkNoShow(appointment.appointment_id)
        elif appointment.status in ("arrived", "checked-in"):
            yield place.plan.slot.ends_us + self._close_out_us, CloseVisit(appointment.appointment_id)

    def _move(self, appointment: Appointment, command: MoveAppointment, now_us: int) -> list[Event]:
        place = appointment.place
        if appointment.status != "booked" or place is None:
            return [Refused("not-movable", f"the appointment is {appointment.status}")]
        if appointment.attempt is not None:
            return [Refused("not-movable", "another move is under way")]
        if now_us > place.starts_us - self._cutoff_us:
            return [Refused("not-movable", "it is too late to move this visit")]
        if command.slot.starts_us == place.starts_us:
            return [Refused("same-time", "the appointment is at this time already")]
        return [_begin_move(appointment, place, command.day, command.slot, command.rooms)]

    def _cancel(self, appointment: Appointment, now_us: int) -> list[Event]:
        place = appointment.place
        if appointment.status != "booked" or place is None or now_us >= place.starts_us:
            return [Refused("not-cancellable", f"the appointment is {appointment.status}, or has begun")]
        late = now_us > place.starts_us - self._cutoff_us
        return [*_given_up(appointment, "cancelled"), _cancelled(appointment, place, "patient", late=late)]

    def _mark_no_show(self, appointment: Appointment, now_us: int) -> list[Event]:
        place = appointment.place
        if appointment.status != "booked" or place is None or now_us < place.starts_us + self._grace_us:
            return []
        no_show = PatientNoShow(appointment.appointment_id, appointment.patient_id, place)
        return [*_given_up(appointment, "no-show"), no_show]

    def _close(self, appointment: Appointment, now_us: int) -> list[Event]:
        place = appointment.place
        if place is None or now_us < place.plan.slot.ends_us + self._close_out_us:
            return []
        given_up = _given_up(appointment, "closed-out")
        if appointment.status == "checked-in":
            appointment_id, patient_id = appointment.appointment_id, appointment.patient_id
            return [*given_up, VisitFulfilled(appointment_id, patient_id, place, closed_out=True)]
        if appointment.status == "arrived":
            return [*given_up, _cancelled(appointment, place, "left-unseen", late=False)]
        return []


def _request(appointment: Appointment, command: RequestAppointment) -> list[Event]:
    if appointment.status != APPOINTMENT.initial:
        return []
    return [
        AppointmentRequested(
            command.appointment_id,
            command.patient_id,
            command.plan,
            command.rooms,
            command.card_token,
            command.entry_id,
        )
    ]


def _visit(appointment: Appointment, command: CompleteIntake | RecordArrival | CheckIn | FulfilVisit) -> list[Event]:
    """What patient and staff do around the visit itself."""
    appointment_id, patient_id, place = appointment.appointment_id, appointment.patient_id, appointment.place
    match command, appointment.status:
        case CompleteIntake(), "booked" | "arrived":
            return [] if appointment.intake else [IntakeCompleted(appointment_id, patient_id)]
        case RecordArrival(), "booked":
            return [PatientArrived(appointment_id, patient_id)]
        case CheckIn(), "arrived":
            if not appointment.intake:
                return [Refused("intake-missing", "the intake form comes first")]
            return [PatientCheckedIn(appointment_id, patient_id)]
        case FulfilVisit(), "checked-in" if place is not None:
            return [*_given_up(appointment, "fulfilled"), VisitFulfilled(appointment_id, patient_id, place)]
        case _:
            return [Refused("not-now", f"the appointment is {appointment.status}")]


# The attempt to have a place

Answer = RecordHold | RecordRefusal | RecordAuthorization | RecordTake | RefuseAttempt


def _go_on(appointment: Appointment, answer: Answer) -> list[Event]:
    """One of those who were asked for a place has answered."""
    attempt = appointment.attempt
    if isinstance(answer, RecordAuthorization):
        if attempt is None or attempt.phase != "card":
            return []
        return [SlotsWanted(appointment.appointment_id, attempt.place)]
    if attempt is None or answer.hold_id != attempt.place.hold_id:
        return _give_back(appointment, answer)
    match answer:
        case RecordHold():
            return _record_hold(appointment, attempt, answer)
        case RecordTake():
            return _record_take(appointment, attempt, answer)
        case RecordRefusal() if _concerns_another_room(attempt, answer):
            return []
        case RecordRefusal() if attempt.phase == "room" and answer.resource_id == attempt.place.room_id:
            return _next_room(appointment, attempt)
        case _:
            return _fail(appointment, attempt, answer.reason)


def _give_back(appointment: Appointment, answer: Answer) -> list[Event]:
    """An answer to an attempt that has ended: what it brings goes back."""
    place = appointment.place
    if not isinstance(answer, RecordTake) or (place is not None and place.hold_id == answer.hold_id):
        return []
    return [SlotReturned(appointment.appointment_id, answer.resource_id, answer.day, answer.hold_id)]


def _concerns_another_room(attempt: Attempt, answer: RecordRefusal) -> bool:
    return answer.resource_id not in (attempt.place.plan.provider_id, attempt.place.room_id)


def _record_hold(appointment: Appointment, attempt: Attempt, answer: RecordHold) -> list[Event]:
    place = attempt.place
    if attempt.phase == "provider" and answer.resource_id == place.plan.provider_id:
        return _next_room(appointment, attempt)
    if attempt.phase != "room" or answer.resource_id != place.room_id:
        return []
    if appointment.status == "pending":
        return [CopayRequested(appointment.appointment_id, appointment.card_token)]
    return [SlotsWanted(appointment.appointment_id, place)]


def _next_room(appointment: Appointment, attempt: Attempt) -> list[Event]:
    if not attempt.rooms:
        return _fail(appointment, attempt, "no-room")
    return [RoomSought(appointment.appointment_id, attempt.place.plan, attempt.rooms[0])]


def _record_take(appointment: Appointment, attempt: Attempt, answer: RecordTake) -> list[Event]:
    if attempt.phase != "taking" or answer.resource_id in attempt.secured:
        return []
    secured = SlotSecured(appointment.appointment_id, answer.resource_id)
    if not attempt.secured:
        return [secured]
    appointment_id, patient_id = appointment.appointment_id, appointment.patient_id
    if appointment.place is None:
        return [secured, AppointmentBooked(appointment_id, patient_id, attempt.place, appointment.entry_id)]
    return [secured, AppointmentMoved(appointment_id, patient_id, appointment.place, attempt.place)]


def _fail(appointment: Appointment, attempt: Attempt, reason: str) -> list[Event]:
    """The place cannot be had. With another place to fall back on, exactly that one stands, unless it is lost too."""
    appointment_id, patient_id, place = appointment.appointment_id, appointment.patient_id, appointment.place
    if place is None:
        card_asked, entry_id = attempt.phase in ("card", "taking"), appointment.entry_id
        return [AppointmentRejected(appointment_id, patient_id, reason, attempt.place, card_asked, entry_id)]
    failed = MoveFailed(appointment_id, patient_id, reason, attempt.place)
    if appointment.lost:
        return [failed, _cancelled(appointment, place, "calendar-changed", late=False)]
    return [failed]


def _lose(appointment: Appointment, command: RecordLoss) -> list[Event]:
    """A calendar closed over a time: without the provider there is no visit, but another room may do."""
    place, attempt = appointment.place, appointment.attempt
    if attempt is not None and command.hold_id == attempt.place.hold_id:
        return _fail(appointment, attempt, "calendar-changed")
    if place is None or command.hold_id != place.hold_id or appointment.status not in UPCOMING:
        return []
    if attempt is not None:
        return [PlaceLost(appointment.appointment_id, command.resource_id)]
    if command.resource_id == place.plan.provider_id:
        return [_cancelled(appointment, place, "calendar-changed", late=False)]
    rooms = tuple(room for room in appointment.rooms if room != command.resource_id)
    lost = PlaceLost(appointment.appointment_id, command.resource_id)
    return [lost, _begin_move(appointment, place, place.plan.day, place.plan.slot, rooms)]


def _begin_move(appointment: Appointment, place: Place, day: str, slot: Slot, rooms: tuple[str, ...]) -> MoveRequested:
    hold_id = f"{appointment.appointment_id}/{appointment.attempts + 1}"
    slot = msgspec.structs.replace(slot, hold_id=hold_id, appointment_id=appointment.appointment_id)
    plan = msgspec.structs.replace(place.plan, day=day, slot=slot)
    return MoveRequested(appointment.appointment_id, appointment.patient_id, plan, rooms)


def _given_up(appointment: Appointment, reason: str) -> list[Event]:
    """The attempt under way, if there is one, is given up."""
    attempt = appointment.attempt
    if attempt is None:
        return []
    return [MoveFailed(appointment.appointment_id, appointment.patient_id, reason, attempt.place)]


def _cancelled(
    appointment: Appointment, place: Place, because: CancelledBecause, *, late: bool
) -> AppointmentCancelled:
    return AppointmentCancelled(appointment.appointment_id, appointment.patient_id, because, late, place)


def _with_progress(
    attempt: Attempt | None, event: RoomSought | CopayRequested | SlotsWanted | SlotSecured
) -> Attempt | None:
    assert attempt is not None, "nothing goes on without an attempt"
    change = msgspec.structs.replace
    match event:
        case RoomSought():
            return change(attempt, place=Place(event.plan, event.room_id), rooms=attempt.rooms[1:], phase="room")
        case CopayRequested():
            return change(attempt, phase="card")
        case SlotsWanted():
            return change(attempt, phase="taking")
        case _:
            return change(attempt, secured=(*attempt.secured, event.resource_id))
