"""The saga around an appointment: when this happened, ask for that.

Orchestrated by appointments. Each policy is one joint between two aggregates; read from top to bottom they tell the
story of a booking that goes well, of a visit, and then of what goes otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..kernel.message import Command
from ..kernel.policy import reacts_to
from .appointment_messages import (
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRejected,
    AppointmentRequested,
    CopayRequested,
    MoveFailed,
    MoveRequested,
    PatientNoShow,
    Place,
    RecordAuthorization,
    RecordHold,
    RecordLoss,
    RecordRefusal,
    RecordTake,
    RefuseAttempt,
    RequestAppointment,
    RoomSought,
    SlotReturned,
    SlotsWanted,
    VisitFulfilled,
    first_hold_id,
)
from .billing import AuthorizeCopay, CancelCopay, ChargeFee, CollectCopay, CopayAuthorized, CopayDeclined
from .diaries import ClaimRefused, ClaimTime, Plan, ReleaseTime, TimeClaimed
from .schedules import FreeSlot, HoldExpired, HoldSlot, Slot, SlotFreed, SlotHeld, SlotRefused, SlotTaken, TakeSlot
from .waitlist import OfferAccepted

# Arranging a place


@reacts_to(AppointmentRequested)
def claim_time(event: AppointmentRequested) -> Iterator[Command]:
    """First the patient's own diary is asked."""
    yield ClaimTime(event.patient_id, event.plan)


@reacts_to(MoveRequested)
def claim_other_time(event: MoveRequested) -> Iterator[Command]:
    """For another time, too."""
    yield ClaimTime(event.patient_id, event.plan)


@reacts_to(ClaimRefused)
def refuse_claim(event: ClaimRefused) -> Iterator[Command]:
    """The patient cannot come then."""
    yield RefuseAttempt(event.plan.slot.appointment_id, event.plan.slot.hold_id, event.reason)


@reacts_to(TimeClaimed)
def hold_provider(event: TimeClaimed) -> Iterator[Command]:
    """The patient can come: now the provider is asked."""
    yield HoldSlot(event.plan.provider_id, event.plan.day, event.plan.slot)


@reacts_to(SlotHeld)
def record_hold(event: SlotHeld) -> Iterator[Command]:
    """The appointment learns that a provider or a room keeps the time."""
    yield RecordHold(event.slot.appointment_id, event.slot.hold_id, event.resource_id)


@reacts_to(RoomSought)
def hold_room(event: RoomSought) -> Iterator[Command]:
    """The provider keeps the time: now a room is asked."""
    yield HoldSlot(event.room_id, event.plan.day, event.plan.slot)


@reacts_to(SlotRefused)
def record_refusal(event: SlotRefused) -> Iterator[Command]:
    """The appointment learns that a provider or a room cannot be had."""
    yield RecordRefusal(event.slot.appointment_id, event.slot.hold_id, event.resource_id, event.reason)


@reacts_to(HoldExpired)
def record_expiry(event: HoldExpired) -> Iterator[Command]:
    """The appointment learns that it took too long."""
    yield RecordRefusal(event.slot.appointment_id, event.slot.hold_id, event.resource_id, "hold-expired")


@reacts_to(CopayRequested)
def authorize_copay(event: CopayRequested) -> Iterator[Command]:
    """The co-pay is reserved while the times are held."""
    yield AuthorizeCopay(event.appointment_id, event.card_token)


@reacts_to(CopayAuthorized)
def record_authorization(event: CopayAuthorized) -> Iterator[Command]:
    """The appointment learns that the co-pay is reserved; a renewal is no news to it."""
    if not event.renewed:
        yield RecordAuthorization(event.appointment_id)


@reacts_to(CopayDeclined)
def record_decline(event: CopayDeclined) -> Iterator[Command]:
    """The appointment learns that the card was declined; of a renewal the patient hears at the desk."""
    if not event.renewed:
        yield RefuseAttempt(event.appointment_id, first_hold_id(event.appointment_id), "payment-declined")


@reacts_to(SlotsWanted)
def take_slots(event: SlotsWanted) -> Iterator[Command]:
    """Everything is arranged: both times are taken."""
    plan = event.place.plan
    yield TakeSlot(plan.provider_id, plan.day, plan.slot)
    yield TakeSlot(event.place.room_id, plan.day, plan.slot)


@reacts_to(SlotTaken)
def record_take(event: SlotTaken) -> Iterator[Command]:
    """The appointment learns that a time is its own."""
    yield RecordTake(event.slot.appointment_id, event.slot.hold_id, event.resource_id, event.day)


# The visit


@reacts_to(VisitFulfilled)
def collect_copay(event: VisitFulfilled) -> Iterator[Command]:
    """The co-pay is collected after the visit."""
    yield CollectCopay(event.appointment_id)


@reacts_to(VisitFulfilled)
def release_time_of_visit(event: VisitFulfilled) -> Iterator[Command]:
    """A visit that was no longer counts against the next one."""
    yield ReleaseTime(event.patient_id, event.place.hold_id)


@reacts_to(PatientNoShow)
def charge_for_no_show(event: PatientNoShow) -> Iterator[Command]:
    """Not coming costs a fee."""
    yield ChargeFee(event.appointment_id)


@reacts_to(PatientNoShow)
def release_time_of_no_show(event: PatientNoShow) -> Iterator[Command]:
    """A visit that was not no longer counts, either."""
    yield ReleaseTime(event.patient_id, event.place.hold_id)


# What goes otherwise


@reacts_to(AppointmentRejected)
def undo_rejected(event: AppointmentRejected) -> Iterator[Command]:
    """What was held is freed, what was authorized is voided."""
    yield from _give_up(event.patient_id, event.place)
    if event.card_asked:
        yield CancelCopay(event.appointment_id)


@reacts_to(MoveFailed)
def undo_failed_move(event: MoveFailed) -> Iterator[Command]:
    """Of a move that failed nothing is left."""
    yield from _give_up(event.patient_id, event.place)


@reacts_to(AppointmentMoved)
def free_old_place(event: AppointmentMoved) -> Iterator[Command]:
    """The new place is taken: the old one is freed."""
    yield from _give_up(event.patient_id, event.old)


@reacts_to(AppointmentCancelled)
def undo_cancelled(event: AppointmentCancelled) -> Iterator[Command]:
    """A cancelled appointment gives back its times; its co-pay is let go, or kept as a fee where it came too late."""
    yield from _give_up(event.patient_id, event.place)
    yield ChargeFee(event.appointment_id) if event.late else CancelCopay(event.appointment_id)


@reacts_to(SlotReturned)
def free_returned_slot(event: SlotReturned) -> Iterator[Command]:
    """What came too late goes back."""
    yield FreeSlot(event.resource_id, event.day, event.hold_id)


@reacts_to(SlotFreed)
def record_loss(event: SlotFreed) -> Iterator[Command]:
    """The appointment learns that a calendar closed over its time."""
    if event.because == "calendar-changed":
        yield RecordLoss(event.slot.appointment_id, event.slot.hold_id, event.resource_id)


@reacts_to(OfferAccepted)
def book_offer(event: OfferAccepted) -> Iterator[Command]:
    """Who waited and said yes gets an appointment like everybody else."""
    queue, opening, appointment_id = event.queue, event.opening, event.appointment_id
    slot = Slot(first_hold_id(appointment_id), appointment_id, queue.service, opening.starts_us, opening.ends_us)
    plan = Plan(queue.clinic_id, queue.provider_id, opening.day, slot)
    yield RequestAppointment(
        appointment_id, event.patient_id, plan, event.rooms, event.card_token, entry_id=event.entry_id
    )


def _give_up(patient_id: str, place: Place) -> Iterator[Command]:
    """Free a provider's time, a room's, and the patient's own."""
    plan = place.plan
    yield FreeSlot(plan.provider_id, plan.day, place.hold_id)
    if place.room_id:
        yield FreeSlot(place.room_id, plan.day, place.hold_id)
    yield ReleaseTime(patient_id, place.hold_id)


POLICIES = (
    claim_time,
    claim_other_time,
    refuse_claim,
    hold_provider,
    record_hold,
    hold_room,
    record_refusal,
    record_expiry,
    authorize_copay,
    record_authorization,
    record_decline,
    take_slots,
    record_take,
    collect_copay,
    release_time_of_visit,
    charge_for_no_show,
    release_time_of_no_show,
    undo_rejected,
    undo_failed_move,
    free_old_place,
    undo_cancelled,
    free_returned_slot,
    record_loss,
    book_offer,
)
