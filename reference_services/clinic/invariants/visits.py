"""The visits: not too many with one provider, and never lost between two times."""

from __future__ import annotations

from collections import defaultdict

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    MoveFailed,
    MoveRequested,
    PatientNoShow,
    Place,
    VisitFulfilled,
)
from ..schedules import HoldExpired, SlotFreed, SlotHeld, SlotTaken
from ..terms import Terms


class OneActivePerWeek(Invariant):
    """Knows the active appointments of each patient with each provider."""

    name = "one-active-per-week"
    statement = "A patient never has two active appointments with one provider that begin within 7 days."

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._window_us = terms.pair_window_us
        self._active: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        self._stands(message.data.patient_id, message.data.place, message)

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        self._stands(message.data.patient_id, message.data.new, message)

    @on(AppointmentCancelled, VisitFulfilled, PatientNoShow)
    def ended(self, message: Message[AppointmentCancelled]) -> None:
        event = message.data
        self._active[event.patient_id, event.place.plan.provider_id].pop(event.appointment_id, None)

    def _stands(self, patient_id: str, place: Place, message: Message) -> None:
        appointment_id = place.plan.slot.appointment_id
        active = self._active[patient_id, place.plan.provider_id]
        for other, starts_us in active.items():
            if other != appointment_id and abs(starts_us - place.starts_us) < self._window_us:
                self.violate(f"{patient_id} has {appointment_id} and {other} with one provider within a week", message)
        active[appointment_id] = place.starts_us


class MoveIsAtomic(Invariant):
    """Knows where each appointment stands, and which times are kept for it."""

    name = "move-is-atomic"
    statement = (
        "A standing appointment has its provider and its room; a move takes the new times before the old ones are "
        "freed, ends one way, and leaves exactly one place."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._taken: set[tuple[str, str]] = set()
        self._kept: set[tuple[str, str]] = set()
        self._lost: set[tuple[str, str]] = set()
        self._stands: dict[str, Place] = {}
        self._moving: dict[str, int] = {}
        self._to_free: dict[tuple[str, str], int] = {}

    @on(SlotHeld)
    def held(self, message: Message[SlotHeld]) -> None:
        self._kept.add((message.data.resource_id, message.data.slot.hold_id))

    @on(SlotTaken)
    def taken(self, message: Message[SlotTaken]) -> None:
        self._taken.add((message.data.resource_id, message.data.slot.hold_id))

    @on(HoldExpired)
    def expired(self, message: Message[HoldExpired]) -> None:
        self._gone((message.data.resource_id, message.data.slot.hold_id), message)

    @on(SlotFreed)
    def freed(self, message: Message[SlotFreed]) -> None:
        event = message.data
        key = (event.resource_id, event.slot.hold_id)
        place = self._stands.get(event.slot.appointment_id)
        if event.because == "calendar-changed":
            self._lost.add(key)
        elif place is not None and place.hold_id == event.slot.hold_id:
            self.violate(f"{event.slot.appointment_id} stands, but {event.resource_id} is freed", message)
        self._gone(key, message)

    @on(MoveRequested)
    def move_requested(self, message: Message[MoveRequested]) -> None:
        event = message.data
        if event.appointment_id in self._moving:
            self.violate(f"{event.appointment_id} is moved while it is being moved", message)
        self._moving[event.appointment_id] = message.time_us

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        self._stand(message.data.place, message)

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        event = message.data
        if self._moving.pop(event.appointment_id, None) is None:
            self.violate(f"{event.appointment_id} has moved, and nobody had asked for it", message)
        self._stand(event.new, message)
        self._must_go(event.old, message.time_us)

    @on(MoveFailed)
    def move_failed(self, message: Message[MoveFailed]) -> None:
        event = message.data
        if self._moving.pop(event.appointment_id, None) is None:
            self.violate(f"a move of {event.appointment_id} failed, and nobody had asked for it", message)
        self._must_go(event.place, message.time_us)

    @on(AppointmentCancelled)
    def cancelled(self, message: Message[AppointmentCancelled]) -> None:
        self._stands.pop(message.data.appointment_id, None)
        self._must_go(message.data.place, message.time_us)

    @on(VisitFulfilled, PatientNoShow)
    def ended(self, message: Message[VisitFulfilled | PatientNoShow]) -> None:
        self._stands.pop(message.data.appointment_id, None)

    def finish(self, end_us: int) -> None:
        for (resource_id, hold_id), since_us in self._to_free.items():
            if end_us > since_us + self._bound_us and (resource_id, hold_id) in self._kept:
                self.violate(f"{hold_id} still keeps {resource_id}", subject=f"day/{resource_id}", time_us=end_us)
        for appointment_id, since_us in self._moving.items():
            if end_us > since_us + self._bound_us:
                text = f"the move of {appointment_id} never ended"
                self.violate(text, subject=f"appointment/{appointment_id}", time_us=end_us)

    def _stand(self, place: Place, message: Message) -> None:
        for key in _times_of(place):
            if key not in self._taken and key not in self._lost:
                self.violate(f"{place.hold_id} stands without {key[0]}", message)
        self._stands[place.plan.slot.appointment_id] = place

    def _must_go(self, place: Place, since_us: int) -> None:
        for key in _times_of(place):
            self._to_free[key] = since_us

    def _gone(self, key: tuple[str, str], message: Message) -> None:
        self._kept.discard(key)
        self._taken.discard(key)
        since_us = self._to_free.pop(key, message.time_us)
        if message.time_us > since_us + self._bound_us:
            self.violate(f"{key[1]} gives {key[0]} back {message.time_us - since_us} us late", message)


def _times_of(place: Place) -> tuple[tuple[str, str], ...]:
    return (place.plan.provider_id, place.hold_id), (place.room_id, place.hold_id)
