"""The tight spots that a good rehearsal goes through, marked as a history passes them."""

from __future__ import annotations

from collections import defaultdict

from ..kernel.invariant import Coverage
from ..kernel.message import Message, Refused
from ..kernel.observer import on
from .appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRejected,
    AppointmentRequested,
    MoveFailed,
    PatientArrived,
    PatientNoShow,
    Place,
    first_hold_id,
)
from .billing import AuthorizationCameLate, CopayAuthorized, CopayVoided
from .calendars import ClinicSet
from .local_time import local, zone_named
from .schedules import CalendarChanged, HoldExpired, Slot, SlotFreed, SlotHeld
from .terms import HOUR_US, Terms
from .waitlist import OfferAccepted, OfferLapsed, OfferMade

ARRIVAL_RACE_SHARE = 20
"""An arrival and the no-show job race if they are closer than this part of the grace period (15 min: 45 s)."""

NIGHT_US = 6 * HOUR_US
"""A visit is in the night of a change if the clocks were changed so shortly before it."""


class TightSpots(Coverage):
    """The situations in which clinics like this one have gone wrong."""

    names = (
        "hold-expired-while-paying",
        "authorization-after-hold",
        "authorization-renewed",
        "calendar-change-racing-booking",
        "room-replaced",
        "offer-accepted",
        "offer-passed-on",
        "offer-racing-rebooking",
        "arrival-race-won-by-arrival",
        "arrival-race-won-by-no-show",
        "move-failed",
        "late-cancellation",
        "clocks-changed-before-visit",
        "dst-night",
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._race_us = terms.no_show_grace_us // ARRIVAL_RACE_SHARE
        self._grace_us = terms.no_show_grace_us
        self._zones: dict[str, str] = {}
        self._patients: dict[str, str] = {}
        self._starts_us: dict[str, int] = {}
        self._pending: dict[tuple[str, str], dict[str, Slot]] = defaultdict(dict)
        self._expired: set[str] = set()
        self._absent_since_us: dict[str, int] = {}
        self._gave_back: dict[tuple[str, int], str] = {}
        self._offered: set[tuple[str, int]] = set()

    @on(ClinicSet)
    def clinic(self, message: Message[ClinicSet]) -> None:
        self._zones[message.data.clinic_id] = message.data.zone

    @on(AppointmentRequested)
    def requested(self, message: Message[AppointmentRequested]) -> None:
        event = message.data
        self._patients[event.appointment_id] = event.patient_id
        self._pending[event.plan.provider_id, event.plan.day][event.appointment_id] = event.plan.slot

    @on(CalendarChanged)
    def changed(self, message: Message[CalendarChanged]) -> None:
        event = message.data
        for slot in self._pending.get((event.resource_id, event.day), {}).values():
            if not any(each.starts_us <= slot.starts_us and slot.ends_us <= each.ends_us for each in event.sessions):
                self.mark("calendar-change-racing-booking")

    @on(AppointmentRejected)
    def rejected(self, message: Message[AppointmentRejected]) -> None:
        self._decided(message.data.place)

    @on(HoldExpired)
    def hold_expired(self, message: Message[HoldExpired]) -> None:
        slot = message.data.slot
        if slot.hold_id == first_hold_id(slot.appointment_id):
            self._expired.add(slot.appointment_id)

    @on(AuthorizationCameLate)
    def came_late(self, message: Message[AuthorizationCameLate]) -> None:
        self._reserved(message.data.appointment_id)

    @on(CopayVoided)
    def voided(self, message: Message[CopayVoided]) -> None:
        if message.data.appointment_id in self._expired:
            self.mark("hold-expired-while-paying")

    @on(CopayAuthorized)
    def authorized(self, message: Message[CopayAuthorized]) -> None:
        if message.data.renewed:
            self.mark("authorization-renewed")
        else:
            self._reserved(message.data.appointment_id)

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        place = message.data.place
        self._decided(place)
        self._starts_us[message.data.appointment_id] = place.starts_us
        zone = zone_named(self._zones[place.plan.clinic_id])
        offset = local(place.starts_us, zone).utcoffset()
        if local(message.time_us, zone).utcoffset() != offset:
            self.mark("clocks-changed-before-visit")
            if local(place.starts_us - NIGHT_US, zone).utcoffset() != offset:
                self.mark("dst-night")

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        event = message.data
        self._starts_us[event.appointment_id] = event.new.starts_us
        if event.new.starts_us == event.old.starts_us:
            self.mark("room-replaced")

    @on(MoveFailed)
    def move_failed(self, message: Message[MoveFailed]) -> None:
        self.mark("move-failed")

    @on(AppointmentCancelled)
    def cancelled(self, message: Message[AppointmentCancelled]) -> None:
        if message.data.late:
            self.mark("late-cancellation")

    @on(PatientArrived)
    def arrived(self, message: Message[PatientArrived]) -> None:
        due_us = self._starts_us[message.data.appointment_id] + self._grace_us
        if due_us - message.time_us <= self._race_us:
            self.mark("arrival-race-won-by-arrival")

    @on(PatientNoShow)
    def no_show(self, message: Message[PatientNoShow]) -> None:
        self._absent_since_us[message.subject] = message.time_us

    @on(Refused)
    def refused(self, message: Message[Refused]) -> None:
        since_us = self._absent_since_us.get(message.subject)
        at_the_desk = message.data.reason == "not-now"  # a cancellation or a move is refused for another reason
        if at_the_desk and since_us is not None and message.time_us - since_us <= self._race_us:
            self.mark("arrival-race-won-by-no-show")

    @on(SlotFreed)
    def freed(self, message: Message[SlotFreed]) -> None:
        event = message.data
        if event.offered and event.kind == "provider":
            patient_id = self._patients.get(event.slot.appointment_id, "")
            self._gave_back[event.resource_id, event.slot.starts_us] = patient_id

    @on(OfferMade)
    def offered(self, message: Message[OfferMade]) -> None:
        event = message.data
        self._offered.add((event.queue.provider_id, event.opening.starts_us))
        if event.asked_before:
            self.mark("offer-passed-on")

    @on(OfferLapsed)
    def lapsed(self, message: Message[OfferLapsed]) -> None:
        self._offered.discard((message.data.queue.provider_id, message.data.opening.starts_us))

    @on(OfferAccepted)
    def accepted(self, message: Message[OfferAccepted]) -> None:
        self._offered.discard((message.data.queue.provider_id, message.data.opening.starts_us))
        self.mark("offer-accepted")

    @on(SlotHeld)
    def held(self, message: Message[SlotHeld]) -> None:
        event = message.data
        key = (event.resource_id, event.slot.starts_us)
        patient_id = self._patients.get(event.slot.appointment_id, "")
        if key in self._offered and self._gave_back.get(key) == patient_id:
            self.mark("offer-racing-rebooking")

    def _decided(self, place: Place) -> None:
        plan = place.plan
        self._pending[plan.provider_id, plan.day].pop(plan.slot.appointment_id, None)

    def _reserved(self, appointment_id: str) -> None:
        """The co-pay is reserved: too late, if its hold has run out."""
        if appointment_id in self._expired:
            self.mark("authorization-after-hold")
