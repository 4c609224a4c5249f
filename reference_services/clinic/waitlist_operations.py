"""The API calls of the waiting list."""

from __future__ import annotations

from ..kernel.operation import Action, Call, Outcome, Query
from ..kernel.problem import NOT_FOUND, Problem
from ..kernel.projection import Views
from .appointment_messages import first_hold_id
from .diaries import Plan
from .local_time import NoSuchTime, local_instant_us, local_text, zone_named
from .problems import NO_SUCH_TIME, REFUSALS
from .requests import AcceptRequest, EntryBody, OfferBody, WaitlistRequest
from .roles import PATIENT
from .schedules import Slot
from .times import provider_calendar, rooms_for
from .views import CalendarsView, WaitlistEntry, WaitlistView
from .waitlist import AcceptOffer, JoinWaitlist, LeaveWaitlist, Queue


def join(call: Call, views: Views) -> JoinWaitlist:
    request: WaitlistRequest = call.body
    calendar = provider_calendar(views, request.provider_id, request.service)
    queue = Queue(calendar.clinic_id, request.provider_id, request.service)
    return JoinWaitlist(queue, call.new_id("w"), call.principal.subject, request.card_token)


def leave(call: Call, views: Views) -> LeaveWaitlist:
    entry = _entry(call, views)
    return LeaveWaitlist(entry.queue, entry.entry_id)


def accept(call: Call, views: Views) -> AcceptOffer:
    """The rooms are asked in the order of what seems free, as for any booking."""
    request: AcceptRequest = call.body
    entry = _entry(call, views)
    queue = entry.queue
    zone = zone_named(views.get(CalendarsView).clinics[queue.clinic_id].zone)
    try:
        starts_us = local_instant_us(request.starts, zone)
    except NoSuchTime as error:
        raise Problem(NO_SUCH_TIME, str(error)) from error
    offer = entry.offers.get(starts_us)
    if offer is None:
        raise Problem(REFUSALS["offer-lapsed"], f"{request.starts} is not offered to you, or not any more")
    appointment_id, opening = call.new_id("a"), offer.opening
    slot = Slot(first_hold_id(appointment_id), appointment_id, queue.service, starts_us, opening.ends_us)
    rooms = rooms_for(views, Plan(queue.clinic_id, queue.provider_id, opening.day, slot))
    return AcceptOffer(queue, entry.entry_id, appointment_id, starts_us, rooms)


def join_outcome(command: JoinWaitlist, views: Views) -> Outcome:
    return Outcome(_body(views.get(WaitlistView).entries[command.entry_id], views))


def entry_outcome(command: LeaveWaitlist | AcceptOffer, views: Views) -> Outcome:
    return Outcome(_body(views.get(WaitlistView).entries[command.entry_id], views))


def read_entry(call: Call, views: Views) -> Outcome:
    """Settled as soon as there is something to answer."""
    entry = _entry(call, views)
    return Outcome(_body(entry, views), settled=entry.status != "waiting" or bool(entry.offers))


def _entry(call: Call, views: Views) -> WaitlistEntry:
    entry = views.get(WaitlistView).entries.get(call.path["entry_id"])
    if entry is None or entry.patient_id != call.principal.subject:
        raise Problem(NOT_FOUND, f"you have no entry {call.path['entry_id']!r}")
    return entry


def _body(entry: WaitlistEntry, views: Views) -> EntryBody:
    queue = entry.queue
    zone = zone_named(views.get(CalendarsView).clinics[queue.clinic_id].zone)
    offers = [
        OfferBody(local_text(offer.opening.starts_us, zone), local_text(offer.lapses_us, zone))
        for offer in entry.offers.values()
    ]
    return EntryBody(
        entry.entry_id,
        queue.clinic_id,
        queue.provider_id,
        queue.service,
        entry.status,
        offers,
        entry.appointment_id or None,
    )


def entry_location(command: JoinWaitlist | LeaveWaitlist | AcceptOffer) -> str:
    return f"/entries/{command.entry_id}"


WAITLIST: tuple[Action | Query, ...] = (
    Action(
        "join_waitlist",
        "POST",
        "/entries",
        "Be asked when a time is given back",
        (PATIENT,),
        join,
        join_outcome,
        EntryBody,
        body=WaitlistRequest,
        location=entry_location,
        created=True,
    ),
    Query("view_entry", "/entries/{entry_id}", "My place in a queue", (PATIENT,), read_entry, EntryBody),
    Action(
        "accept_offer",
        "POST",
        "/entries/{entry_id}/acceptance",
        "Take the time that is offered",
        (PATIENT,),
        accept,
        entry_outcome,
        EntryBody,
        body=AcceptRequest,
        location=entry_location,
    ),
    Action(
        "leave_waitlist",
        "POST",
        "/entries/{entry_id}/withdrawal",
        "Wait no more",
        (PATIENT,),
        leave,
        entry_outcome,
        EntryBody,
        location=entry_location,
    ),
)
