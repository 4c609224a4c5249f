"""appointments: what can be asked of an appointment, and what can happen to it."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..kernel.message import Command, Event
from .diaries import Plan
from .schedules import Slot


def first_hold_id(appointment_id: str) -> str:
    """The name of an appointment's first attempt to have a place: the one that its co-pay is authorized for."""
    return f"{appointment_id}/1"


CancelledBecause = Literal["patient", "calendar-changed", "left-unseen"]


class Place(msgspec.Struct, frozen=True):
    """A plan and the room for it (empty: none yet)."""

    plan: Plan
    room_id: str = ""

    @property
    def hold_id(self) -> str:
        """The name under which provider and room keep the time."""
        return self.plan.slot.hold_id

    @property
    def starts_us(self) -> int:
        """When the visit begins."""
        return self.plan.slot.starts_us


# Commands: from patients and staff


class RequestAppointment(Command, frozen=True):
    """Book this time, in one of these rooms (best first), with a co-pay on this card.

    ``entry_id`` is the place in a waiting list that the time was offered to (empty: it was not offered).
    """

    appointment_id: str
    patient_id: str
    plan: Plan
    rooms: tuple[str, ...]
    card_token: str
    entry_id: str = ""


class MoveAppointment(Command, frozen=True):
    """Have the visit at another time instead; ``slot`` names no attempt yet."""

    appointment_id: str
    day: str
    slot: Slot
    rooms: tuple[str, ...]


class CancelAppointment(Command, frozen=True):
    """The patient will not come."""

    appointment_id: str


class CompleteIntake(Command, frozen=True):
    """The patient has filled in the intake form."""

    appointment_id: str


class RecordArrival(Command, frozen=True):
    """The patient is at the front desk."""

    appointment_id: str


class CheckIn(Command, frozen=True):
    """Papers are in order; the patient waits for the provider."""

    appointment_id: str


class FulfilVisit(Command, frozen=True):
    """The provider has seen the patient."""

    appointment_id: str


# Commands: from the saga and from time


class RefuseAttempt(Command, frozen=True):
    """The patient's diary or the card says no."""

    appointment_id: str
    hold_id: str
    reason: str


class RecordHold(Command, frozen=True):
    """A provider or room keeps the time."""

    appointment_id: str
    hold_id: str
    resource_id: str


class RecordRefusal(Command, frozen=True):
    """A provider or room cannot be had then, or not any more."""

    appointment_id: str
    hold_id: str
    resource_id: str
    reason: str


class RecordAuthorization(Command, frozen=True):
    """The co-pay is authorized."""

    appointment_id: str


class RecordTake(Command, frozen=True):
    """A provider's or room's time is the appointment's."""

    appointment_id: str
    hold_id: str
    resource_id: str
    day: str


class RecordLoss(Command, frozen=True):
    """A changed calendar took a provider's or room's time away."""

    appointment_id: str
    hold_id: str
    resource_id: str


class MarkNoShow(Command, frozen=True):
    """The grace period is over. Sent by time itself."""

    appointment_id: str


class CloseVisit(Command, frozen=True):
    """Nobody has closed the visit. Sent by time itself."""

    appointment_id: str


# Events


class AppointmentRequested(Event, frozen=True):
    """The appointment stands if patient, provider, room and card all agree."""

    appointment_id: str
    patient_id: str
    plan: Plan
    rooms: tuple[str, ...]
    card_token: str
    entry_id: str = ""


class RoomSought(Event, frozen=True):
    """The provider keeps the time; now this room is asked."""

    appointment_id: str
    plan: Plan
    room_id: str


class CopayRequested(Event, frozen=True):
    """Provider and room keep the time; now the card is asked."""

    appointment_id: str
    card_token: str


class SlotsWanted(Event, frozen=True):
    """Everything is arranged: the held times are to be taken."""

    appointment_id: str
    place: Place


class SlotSecured(Event, frozen=True):
    """One of the two is taken."""

    appointment_id: str
    resource_id: str


class SlotReturned(Event, frozen=True):
    """A time came for an attempt that had ended meanwhile; it goes back."""

    appointment_id: str
    resource_id: str
    day: str
    hold_id: str


class AppointmentBooked(Event, frozen=True):
    """The appointment stands."""

    appointment_id: str
    patient_id: str
    place: Place
    entry_id: str = ""


class AppointmentRejected(Event, frozen=True):
    """The appointment could not be had; ``place`` is what had been asked for. ``card_asked``: and a co-pay with it."""

    appointment_id: str
    patient_id: str
    reason: str
    place: Place
    card_asked: bool
    entry_id: str = ""


class MoveRequested(Event, frozen=True):
    """Another time is sought; until it is found, the old one stands."""

    appointment_id: str
    patient_id: str
    plan: Plan
    rooms: tuple[str, ...]


class AppointmentMoved(Event, frozen=True):
    """The appointment has the new place instead of the old one."""

    appointment_id: str
    patient_id: str
    old: Place
    new: Place


class MoveFailed(Event, frozen=True):
    """The other time could not be had; exactly the old one stands."""

    appointment_id: str
    patient_id: str
    reason: str
    place: Place


class PlaceLost(Event, frozen=True):
    """The calendar closed over the old time while a move is under way: all now hangs on the move."""

    appointment_id: str
    resource_id: str


class AppointmentCancelled(Event, frozen=True):
    """The visit will not be. ``late``: too late to be free of charge."""

    appointment_id: str
    patient_id: str
    because: CancelledBecause
    late: bool
    place: Place


class IntakeCompleted(Event, frozen=True):
    """The intake form is filled in."""

    appointment_id: str
    patient_id: str


class PatientArrived(Event, frozen=True):
    """The patient is there."""

    appointment_id: str
    patient_id: str


class PatientCheckedIn(Event, frozen=True):
    """The patient waits for the provider."""

    appointment_id: str
    patient_id: str


class VisitFulfilled(Event, frozen=True):
    """The patient was seen. ``closed_out``: by the books, since nobody said so in time."""

    appointment_id: str
    patient_id: str
    place: Place
    closed_out: bool = False


class PatientNoShow(Event, frozen=True):
    """The patient has not come."""

    appointment_id: str
    patient_id: str
    place: Place
