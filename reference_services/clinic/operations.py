"""The clinic's API calls, each described once: who may call, what is sent, which command that is, what is answered.

HTTP routes, the simulated gateway and the patients' journeys are all made from these. What staff say of clinics and
calendars, and the search for free times, is in ``schedule_operations.py``; the waiting list in
``waitlist_operations.py``.
"""

from __future__ import annotations

from typing import Any

from ..kernel.operation import Accepted, Action, Call, Outcome, Query, accepted
from ..kernel.outside import PaymentReport
from ..kernel.problem import FORBIDDEN, NOT_FOUND, Problem
from ..kernel.projection import Views
from .appointment_messages import (
    CancelAppointment,
    CheckIn,
    CompleteIntake,
    FulfilVisit,
    MoveAppointment,
    RecordArrival,
    RequestAppointment,
    first_hold_id,
)
from .appointments import UPCOMING
from .billing import RecordReport, report_command
from .contacts import SetContact
from .diaries import Plan
from .local_time import local_text, zone_named
from .requests import (
    AppointmentBody,
    AppointmentsBody,
    BookingRequest,
    ContactBody,
    ContactRequest,
    MoveRequest,
)
from .roles import FRONT_DESK, PATIENT, PAYMENT_PROVIDER, PROVIDER
from .schedules import Slot
from .times import rooms_for, wanted_time
from .views import AppointmentEntry, AppointmentsView, CalendarsView, ContactsView

APPOINTMENTS_LISTED = 50

# Appointments


def book(call: Call, views: Views) -> RequestAppointment:
    request: BookingRequest = call.body
    patient_id = _patient_of(call, request.patient_id)
    time = wanted_time(views, request.provider_id, request.service, request.starts, call.now_us, request.minutes)
    appointment_id = call.new_id("a")
    hold_id = first_hold_id(appointment_id)
    slot = Slot(hold_id, appointment_id, request.service, time.starts_us, time.ends_us)
    plan = Plan(time.clinic_id, request.provider_id, time.day, slot)
    return RequestAppointment(appointment_id, patient_id, plan, rooms_for(views, plan), request.card_token)


def _patient_of(call: Call, patient_id: str | None) -> str:
    if call.principal.role == PATIENT:
        if patient_id not in (None, call.principal.subject):
            raise Problem(FORBIDDEN, "patients book for themselves; leave patient_id out")
        return call.principal.subject
    if patient_id is None:
        raise Problem(NOT_FOUND, "say whom the appointment is for: patient_id")
    return patient_id


def move(call: Call, views: Views) -> MoveAppointment:
    entry = _appointment(call, views)
    plan = entry.place.plan
    request: MoveRequest = call.body
    time = wanted_time(views, plan.provider_id, plan.slot.service, request.starts, call.now_us)
    slot = Slot("", entry.appointment_id, plan.slot.service, time.starts_us, time.ends_us)
    rooms = rooms_for(views, Plan(plan.clinic_id, plan.provider_id, time.day, slot))
    return MoveAppointment(entry.appointment_id, time.day, slot, rooms)


def cancel(call: Call, views: Views) -> CancelAppointment:
    return CancelAppointment(_appointment(call, views).appointment_id)


def complete_intake(call: Call, views: Views) -> CompleteIntake:
    return CompleteIntake(_appointment(call, views).appointment_id)


def record_arrival(call: Call, views: Views) -> RecordArrival:
    return RecordArrival(_appointment(call, views).appointment_id)


def check_in(call: Call, views: Views) -> CheckIn:
    return CheckIn(_appointment(call, views).appointment_id)


def fulfil(call: Call, views: Views) -> FulfilVisit:
    return FulfilVisit(_appointment(call, views).appointment_id)


def _appointment(call: Call, views: Views) -> AppointmentEntry:
    """The appointment in the path, if it is the caller's: the patient's own, or with the provider."""
    entry = views.get(AppointmentsView).appointments.get(call.path["appointment_id"])
    if entry is None or not _may_see(call, entry):
        raise Problem(NOT_FOUND, f"you have no appointment {call.path['appointment_id']!r}")
    return entry


def _may_see(call: Call, entry: AppointmentEntry) -> bool:
    role, subject = call.principal.role, call.principal.subject
    if role == PATIENT:
        return entry.patient_id == subject
    return role == FRONT_DESK or entry.place.plan.provider_id == subject


AppointmentCommand = (
    RequestAppointment | MoveAppointment | CancelAppointment | CompleteIntake | RecordArrival | CheckIn | FulfilVisit
)


def appointment_location(command: AppointmentCommand) -> str:
    return f"/appointments/{command.appointment_id}"


def booking_outcome(command: RequestAppointment, views: Views) -> Outcome:
    """Settled once the appointment stands or could not be had."""
    entry = views.get(AppointmentsView).appointments[command.appointment_id]
    refused = entry.reason if entry.status == "rejected" else ""
    return Outcome(_body(entry, views), settled=entry.status != "pending", refused=refused)


def move_outcome(command: MoveAppointment, views: Views) -> Outcome:
    """Settled once the appointment has moved or stays where it is."""
    entry = views.get(AppointmentsView).appointments[command.appointment_id]
    there = entry.place.starts_us == command.slot.starts_us  # a later move says nothing of this one
    refused = "" if entry.moving or there else entry.not_moved
    return Outcome(_body(entry, views), settled=not entry.moving, refused=refused)


def appointment_outcome(command: AppointmentCommand, views: Views) -> Outcome:
    return Outcome(_body(views.get(AppointmentsView).appointments[command.appointment_id], views))


def read_appointment(call: Call, views: Views) -> Outcome:
    entry = _appointment(call, views)
    return Outcome(_body(entry, views), settled=entry.status != "pending" and not entry.moving)


def read_appointments(call: Call, views: Views) -> Outcome:
    view = views.get(AppointmentsView)
    latest = view.by_patient.get(call.principal.subject, [])[-APPOINTMENTS_LISTED:]
    return Outcome(AppointmentsBody([_body(view.appointments[each], views) for each in reversed(latest)]))


def read_agenda(call: Call, views: Views) -> Outcome:
    """A provider's own visits that are still to come."""
    entries = views.get(AppointmentsView).appointments.values()
    own = [entry for entry in entries if entry.status in UPCOMING and _may_see(call, entry)]
    own.sort(key=lambda entry: entry.place.starts_us)
    return Outcome(AppointmentsBody([_body(entry, views) for entry in own[:APPOINTMENTS_LISTED]]))


def _body(entry: AppointmentEntry, views: Views) -> AppointmentBody:
    plan = entry.place.plan
    zone = zone_named(views.get(CalendarsView).clinics[plan.clinic_id].zone)
    return AppointmentBody(
        entry.appointment_id,
        entry.patient_id,
        plan.clinic_id,
        plan.provider_id,
        entry.place.room_id,
        plan.slot.service,
        local_text(plan.slot.starts_us, zone),
        local_text(plan.slot.ends_us, zone),
        entry.status,
        entry.intake,
        entry.reason or entry.not_moved or None,
    )


# Contacts


def set_contact(call: Call, views: Views) -> SetContact:
    request: ContactRequest = call.body
    return SetContact(_own_contact(call), request.phone)


def contact_outcome(command: SetContact, views: Views) -> Outcome:
    return Outcome(ContactBody(command.patient_id, command.phone))


def read_contact(call: Call, views: Views) -> Outcome:
    patient_id = _own_contact(call)
    phone = views.get(ContactsView).phones.get(patient_id)
    if phone is None:
        raise Problem(NOT_FOUND, f"no number is known of {patient_id!r}")
    return Outcome(ContactBody(patient_id, phone))


def _own_contact(call: Call) -> str:
    patient_id = call.path["patient_id"]
    if call.principal.role == PATIENT and call.principal.subject != patient_id:
        raise Problem(NOT_FOUND, f"you are not {patient_id!r}")
    return patient_id


# Billing


def take_report(call: Call, views: Views) -> RecordReport:
    return report_command(call.body)


def _step(name: str, path: str, summary: str, roles: tuple[str, ...], command: Any) -> Action:
    """One of the small steps around a visit: nothing is sent but which appointment it is about."""
    path = f"/appointments/{{appointment_id}}/{path}"
    return Action(
        name,
        "POST",
        path,
        summary,
        roles,
        command,
        appointment_outcome,
        AppointmentBody,
        location=appointment_location,
    )


APPOINTMENTS: tuple[Action | Query, ...] = (
    Action(
        "book_appointment",
        "POST",
        "/appointments",
        "Book a time with a provider",
        (PATIENT, FRONT_DESK),
        book,
        booking_outcome,
        AppointmentBody,
        body=BookingRequest,
        location=appointment_location,
        created=True,
    ),
    Query(
        "list_appointments", "/appointments", "My latest appointments", (PATIENT,), read_appointments, AppointmentsBody
    ),
    Query("view_agenda", "/agenda", "My visits to come", (PROVIDER,), read_agenda, AppointmentsBody),
    Query(
        "view_appointment",
        "/appointments/{appointment_id}",
        "One appointment",
        (PATIENT, FRONT_DESK, PROVIDER),
        read_appointment,
        AppointmentBody,
    ),
    Action(
        "move_appointment",
        "POST",
        "/appointments/{appointment_id}/move",
        "Have another time instead",
        (PATIENT, FRONT_DESK),
        move,
        move_outcome,
        AppointmentBody,
        body=MoveRequest,
        location=appointment_location,
    ),
    _step("cancel_appointment", "cancellation", "Cancel", (PATIENT, FRONT_DESK), cancel),
    _step("complete_intake", "intake", "The intake form is filled in", (PATIENT,), complete_intake),
    _step("record_arrival", "arrival", "The patient is there", (FRONT_DESK,), record_arrival),
    _step("check_in", "check-in", "The patient waits for the provider", (FRONT_DESK,), check_in),
    _step("fulfil_visit", "fulfilment", "The patient was seen", (PROVIDER,), fulfil),
)

REMINDERS: tuple[Action | Query, ...] = (
    Action(
        "set_contact",
        "PUT",
        "/contacts/{patient_id}",
        "How a patient is reached",
        (PATIENT, FRONT_DESK),
        set_contact,
        contact_outcome,
        ContactBody,
        body=ContactRequest,
    ),
    Query(
        "view_contact",
        "/contacts/{patient_id}",
        "How a patient is reached",
        (PATIENT, FRONT_DESK),
        read_contact,
        ContactBody,
    ),
)

BILLING: tuple[Action | Query, ...] = (
    Action(
        "take_payment_report",
        "POST",
        "/webhooks/payments",
        "The card provider reports how a payment stands",
        (PAYMENT_PROVIDER,),
        take_report,
        accepted,
        Accepted,
        body=PaymentReport,
        signed=True,
    ),
)
