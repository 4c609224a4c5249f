"""The slots: nobody is promised the same time as somebody else, and no hold ends twice, early or never."""

from __future__ import annotations

from collections import defaultdict

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    PatientNoShow,
    Place,
    VisitFulfilled,
)
from ..schedules import HoldExpired, Slot, SlotFreed, SlotHeld, SlotTaken
from ..terms import Terms

Whose = tuple[str, str]
"""A provider, room or patient whose time it is: the kind and the id."""


class NoDoubleBooking(Invariant):
    """Keeps two books: of what the schedules hold and take, and of what appointments say they have.

    Two times of one appointment may overlap, since a move takes the new time before it frees the old one.
    """

    name = "no-double-booking"
    statement = (
        "No two appointments have one provider, one room or one patient at overlapping times, held times included."
    )

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, dict[str, Slot]] = defaultdict(dict)
        self._booked: dict[Whose, dict[str, Slot]] = defaultdict(dict)
        self._freed: set[tuple[str, str]] = set()

    @on(SlotHeld, SlotTaken)
    def kept(self, message: Message[SlotHeld | SlotTaken]) -> None:
        event = message.data
        others = self._kept[event.resource_id]
        self._check(event.resource_id, event.slot, others, message)
        others[event.slot.hold_id] = event.slot

    @on(SlotFreed, HoldExpired)
    def freed(self, message: Message[SlotFreed | HoldExpired]) -> None:
        event = message.data
        self._kept[event.resource_id].pop(event.slot.hold_id, None)
        if isinstance(event, SlotFreed) and event.because == "calendar-changed":
            self._freed.add((event.resource_id, event.slot.hold_id))
            for kind in ("provider", "room"):
                self._booked[kind, event.resource_id].pop(event.slot.hold_id, None)

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        self._book(message.data.patient_id, message.data.place, message)

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        self._book(message.data.patient_id, message.data.new, message)
        self._unbook(message.data.patient_id, message.data.old)

    @on(AppointmentCancelled, VisitFulfilled, PatientNoShow)
    def ended(self, message: Message[AppointmentCancelled | VisitFulfilled | PatientNoShow]) -> None:
        self._unbook(message.data.patient_id, message.data.place)

    def _book(self, patient_id: str, place: Place, message: Message) -> None:
        for whose in _concerned(patient_id, place):
            if (whose[1], place.hold_id) in self._freed:
                continue  # the calendar has closed over it, so it keeps nobody else away
            self._check(whose[1], place.plan.slot, self._booked[whose], message)
            self._booked[whose][place.hold_id] = place.plan.slot

    def _unbook(self, patient_id: str, place: Place) -> None:
        for whose in _concerned(patient_id, place):
            self._booked[whose].pop(place.hold_id, None)

    def _check(self, whose: str, slot: Slot, others: dict[str, Slot], message: Message) -> None:
        for other in others.values():
            if other.appointment_id == slot.appointment_id:
                continue
            if other.starts_us < slot.ends_us and slot.starts_us < other.ends_us:
                self.violate(f"{whose} is given to {slot.appointment_id} and {other.appointment_id} at once", message)


def _concerned(patient_id: str, place: Place) -> tuple[Whose, ...]:
    return ("provider", place.plan.provider_id), ("room", place.room_id), ("patient", patient_id)


class HoldEndsOnce(Invariant):
    """Follows each slot from its hold to its end."""

    name = "hold-ends-once"
    statement = (
        "Each hold ends exactly once: taken, freed or expired, and it expires at its time, not before; only what is "
        "taken is freed later, once."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._ttl_us = terms.hold_ttl_us
        self._bound_us = terms.settlement_bound_us
        self._held: dict[tuple[str, str], int] = {}
        self._taken: set[tuple[str, str]] = set()

    @on(SlotHeld)
    def held(self, message: Message[SlotHeld]) -> None:
        event = message.data
        key = _key(event)
        if key in self._held or key in self._taken:
            self.violate(f"{_named(key)} is held a second time", message)
        if event.expires_us != message.time_us + self._ttl_us:
            self.violate(f"{_named(key)} is not held for the time that holds last", message)
        self._held[key] = event.expires_us

    @on(SlotTaken)
    def taken(self, message: Message[SlotTaken]) -> None:
        key = _key(message.data)
        if self._held.pop(key, None) is None:
            self.violate(f"{_named(key)} is taken but not held", message)
        self._taken.add(key)

    @on(SlotFreed)
    def freed(self, message: Message[SlotFreed]) -> None:
        key = _key(message.data)
        if message.data.was == "held":
            if self._held.pop(key, None) is None:
                self.violate(f"{_named(key)} is freed but not held", message)
        elif key not in self._taken:
            self.violate(f"{_named(key)} is freed but not taken", message)
        self._taken.discard(key)

    @on(HoldExpired)
    def expired(self, message: Message[HoldExpired]) -> None:
        key = _key(message.data)
        expires_us = self._held.pop(key, None)
        if expires_us is None:
            self.violate(f"{_named(key)} expires but is not held", message)
        elif message.time_us < expires_us:
            self.violate(f"{_named(key)} expired {expires_us - message.time_us} us early", message)
        elif message.time_us > expires_us + self._bound_us:
            self.violate(f"{_named(key)} expired {message.time_us - expires_us} us late", message)

    def finish(self, end_us: int) -> None:
        for key, expires_us in self._held.items():
            if end_us > expires_us + self._bound_us:
                self.violate(f"{_named(key)} outlived its time", subject=f"day/{key[0]}", time_us=end_us)


def _key(event: SlotHeld | SlotTaken | SlotFreed | HoldExpired) -> tuple[str, str]:
    return event.resource_id, event.slot.hold_id


def _named(key: tuple[str, str]) -> str:
    return f"the hold {key[1]} on {key[0]}"
