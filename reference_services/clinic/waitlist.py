"""waitlist: who would come earlier, and who is asked first.

Aggregate ``queue``, keyed by clinic/provider/service. A slot that is given back is offered to the earliest patient of
its queue who has not been asked about it; an offer is a question, not a hold: it lapses after some minutes, or when
somebody else has taken the slot meanwhile. Only what is booked ends the wait: whoever said yes and could not have the
appointment waits on in the old place, and the slot goes to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeVar

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event, Refused
from ..kernel.policy import reacts_to
from .appointment_messages import AppointmentBooked, AppointmentRejected, Place
from .schedules import SERVICES, SlotFreed, SlotTaken
from .terms import Terms

LapsedBecause = Literal["not-answered", "slot-taken", "not-waiting"]

NOBODY_COULD = ("outside-hours", "calendar-changed", "in-the-past", "no-room")
"""Why an appointment was refused that nobody else could have had, either: the slot is not passed on."""


class Queue(msgspec.Struct, frozen=True):
    """What is waited for: a service by a provider at a clinic."""

    clinic_id: str
    provider_id: str
    service: str

    @property
    def key(self) -> str:
        """The name of the queue."""
        return f"{self.clinic_id}/{self.provider_id}/{self.service}"


class Opening(msgspec.Struct, frozen=True):
    """A slot that was given back, on a day of the provider's calendar, as the ``turn``-th change of that day."""

    day: str
    starts_us: int
    ends_us: int
    turn: int

    def gone_by(self, taken: WithdrawOffer) -> bool:
        """Whether somebody has taken some of this time since it was given back."""
        return self.starts_us < taken.ends_us and taken.starts_us < self.ends_us and self.turn <= taken.turn


# Commands


class JoinWaitlist(Command, frozen=True):
    """Be asked when a slot is given back."""

    queue: Queue
    entry_id: str
    patient_id: str
    card_token: str


class LeaveWaitlist(Command, frozen=True):
    """Wait no more."""

    queue: Queue
    entry_id: str


class OfferSlot(Command, frozen=True):
    """A slot was given back."""

    queue: Queue
    opening: Opening


class WithdrawOffer(Command, frozen=True):
    """Somebody has taken this time, as the ``turn``-th change of the provider's day: older offers of it are void."""

    queue: Queue
    starts_us: int
    ends_us: int
    turn: int


class AcceptOffer(Command, frozen=True):
    """The patient takes what is offered: book it, in one of these rooms."""

    queue: Queue
    entry_id: str
    appointment_id: str
    starts_us: int
    rooms: tuple[str, ...]


class SettleOffer(Command, frozen=True):
    """The appointment that came of an accepted offer stands, or was ``refused`` for that reason."""

    queue: Queue
    entry_id: str
    appointment_id: str
    refused: str = ""


class LapseOffer(Command, frozen=True):
    """An offer has run its time. Sent by time itself."""

    queue: Queue
    starts_us: int


# Events


class WaitlistJoined(Event, frozen=True):
    """The patient waits."""

    queue: Queue
    entry_id: str
    patient_id: str
    card_token: str


class WaitlistLeft(Event, frozen=True):
    """The patient waits no more."""

    queue: Queue
    entry_id: str


class OfferMade(Event, frozen=True):
    """The patient is asked, until ``lapses_us``, after those in ``asked_before``."""

    queue: Queue
    entry_id: str
    patient_id: str
    opening: Opening
    lapses_us: int
    asked_before: tuple[str, ...]


class OpeningPassed(Event, frozen=True):
    """Nobody is asked about the slot: nobody waits, it is too late, it is taken, or somebody is being asked already.

    Recorded, so that the same slot is not offered after all when its command is delivered once more.
    """

    queue: Queue
    opening: Opening


class OfferAccepted(Event, frozen=True):
    """The patient wants the slot; it is being booked, and meanwhile the patient is not asked about others."""

    queue: Queue
    entry_id: str
    patient_id: str
    card_token: str
    appointment_id: str
    opening: Opening
    rooms: tuple[str, ...]


class OfferBooked(Event, frozen=True):
    """The appointment stands: the patient waits no more."""

    queue: Queue
    entry_id: str
    appointment_id: str


class OfferFellThrough(Event, frozen=True):
    """The appointment could not be had: the patient waits again, in the old place."""

    queue: Queue
    entry_id: str
    appointment_id: str
    opening: Opening
    reason: str


class OfferLapsed(Event, frozen=True):
    """The patient is not asked any more."""

    queue: Queue
    entry_id: str
    opening: Opening
    because: LapsedBecause


# State


class Entry(msgspec.Struct, frozen=True):
    """One patient who waits."""

    entry_id: str
    patient_id: str
    card_token: str


class Offer(msgspec.Struct, frozen=True):
    """A live offer, and the entries that have been asked about its slot so far, this one included."""

    opening: Opening
    entry_id: str
    lapses_us: int
    asked: tuple[str, ...]


class Booking(msgspec.Struct, frozen=True):
    """An accepted offer that is becoming an appointment; ``taken``: its slot cannot be passed on any more."""

    appointment_id: str
    opening: Opening
    asked: tuple[str, ...]
    taken: bool = False


class Waiting(msgspec.Struct, frozen=True):
    """Who waits, in the order of joining, and the live offers by the slot's start, in order of lapsing.

    ``bookings`` are accepted offers by entry_id: these entries keep their place until it is known what comes of it.
    """

    entries: Mapping[str, Entry] = {}
    offers: Mapping[int, Offer] = {}
    queue: Queue | None = None
    bookings: Mapping[str, Booking] = {}


class QueueDecider(Decider[Waiting]):
    """Decides who is asked about a slot."""

    name = "queue"
    commands = (JoinWaitlist, LeaveWaitlist, OfferSlot, WithdrawOffer, AcceptOffer, SettleOffer, LapseOffer)
    events = (
        WaitlistJoined,
        WaitlistLeft,
        OfferMade,
        OpeningPassed,
        OfferAccepted,
        OfferBooked,
        OfferFellThrough,
        OfferLapsed,
    )

    def __init__(self, terms: Terms) -> None:
        self._ttl_us = terms.offer_ttl_us

    def key(self, command: Command) -> str:
        assert isinstance(command, self.commands)
        queue: Queue = command.queue
        return queue.key

    def initial(self, key: str) -> Waiting:
        return Waiting()

    def decide(self, waiting: Waiting, command: Command, now_us: int) -> list[Event]:
        match command:
            case JoinWaitlist():
                return _join(waiting, command)
            case LeaveWaitlist():
                return self._leave(waiting, command, now_us)
            case OfferSlot():
                passed = OpeningPassed(command.queue, command.opening)
                if command.opening.starts_us in waiting.offers:
                    return [passed]
                return self._offer(waiting, command.queue, command.opening, (), now_us) or [passed]
            case WithdrawOffer():
                return list(_withdraw(waiting, command))
            case AcceptOffer():
                return self._accept(waiting, command, now_us)
            case SettleOffer():
                return self._settle(waiting, command, now_us)
            case LapseOffer():
                offer = waiting.offers.get(command.starts_us)
                if offer is None or now_us < offer.lapses_us:
                    return []
                return self._next(waiting, command.queue, offer, "not-answered", now_us)
            case _:
                raise TypeError(f"queue does not decide {type(command).__name__}")

    def evolve(self, waiting: Waiting, event: Event) -> Waiting:
        change = msgspec.structs.replace
        match event:
            case WaitlistJoined():
                entry = Entry(event.entry_id, event.patient_id, event.card_token)
                return change(waiting, entries={**waiting.entries, event.entry_id: entry}, queue=event.queue)
            case OfferMade():
                return _with_offer(waiting, event)
            case OfferLapsed():
                return change(waiting, offers=_without(waiting.offers, event.opening.starts_us))
            case OfferAccepted():
                return _with_booking(waiting, event)
            case OpeningPassed():
                return _with_taken(waiting, event.opening)
            case OfferFellThrough():
                return change(waiting, bookings=_without(waiting.bookings, event.entry_id))
            case OfferBooked():
                entries, bookings = (_without(each, event.entry_id) for each in (waiting.entries, waiting.bookings))
                return change(waiting, entries=entries, bookings=bookings)
            case WaitlistLeft():
                return change(waiting, entries=_without(waiting.entries, event.entry_id))
            case _:
                return waiting

    def deadlines(self, waiting: Waiting) -> Iterable[Deadline]:
        if waiting.queue is not None:
            for starts_us, offer in waiting.offers.items():
                yield offer.lapses_us, LapseOffer(waiting.queue, starts_us)

    def _leave(self, waiting: Waiting, command: LeaveWaitlist, now_us: int) -> list[Event]:
        if command.entry_id not in waiting.entries or command.entry_id in waiting.bookings:
            return [Refused("not-waiting", "the wait is over already")]
        left = WaitlistLeft(command.queue, command.entry_id)
        return [left, *self._pass_on(waiting, command.queue, command.entry_id, None, now_us)]

    def _accept(self, waiting: Waiting, command: AcceptOffer, now_us: int) -> list[Event]:
        offer = waiting.offers.get(command.starts_us)
        if offer is None or offer.entry_id != command.entry_id or now_us >= offer.lapses_us:
            return [Refused("offer-lapsed", "the slot is not offered to you any more")]
        entry = waiting.entries[command.entry_id]
        accepted = OfferAccepted(
            command.queue,
            entry.entry_id,
            entry.patient_id,
            entry.card_token,
            command.appointment_id,
            offer.opening,
            command.rooms,
        )
        return [accepted, *self._pass_on(waiting, command.queue, entry.entry_id, offer, now_us)]

    def _settle(self, waiting: Waiting, command: SettleOffer, now_us: int) -> list[Event]:
        queue, entry_id, appointment_id = command.queue, command.entry_id, command.appointment_id
        booking = waiting.bookings.get(entry_id)
        if booking is None or booking.appointment_id != appointment_id:
            return []
        if not command.refused:
            return [OfferBooked(queue, entry_id, appointment_id)]
        fell_through = OfferFellThrough(queue, entry_id, appointment_id, booking.opening, command.refused)
        offered = booking.opening.starts_us in waiting.offers
        if booking.taken or offered or command.refused in NOBODY_COULD:
            return [fell_through]
        return [fell_through, *self._offer(waiting, queue, booking.opening, booking.asked, now_us)]

    def _pass_on(
        self, waiting: Waiting, queue: Queue, entry_id: str, accepted: Offer | None, now_us: int
    ) -> Iterator[Event]:
        """The other offers to somebody who cannot answer them any more go to whoever is next."""
        rest = msgspec.structs.replace(waiting, entries=_without(waiting.entries, entry_id))
        for offer in waiting.offers.values():
            if offer.entry_id == entry_id and offer is not accepted:
                yield from self._next(rest, queue, offer, "not-waiting", now_us)

    def _next(self, waiting: Waiting, queue: Queue, offer: Offer, because: LapsedBecause, now_us: int) -> list[Event]:
        lapsed = _lapsed(queue, offer, because)
        return [lapsed, *self._offer(waiting, queue, offer.opening, offer.asked, now_us)]

    def _offer(
        self, waiting: Waiting, queue: Queue, opening: Opening, asked: tuple[str, ...], now_us: int
    ) -> list[Event]:
        free = (entry for entry in waiting.entries.values() if entry.entry_id not in waiting.bookings)
        entry = next((entry for entry in free if entry.entry_id not in asked), None)
        if entry is None or now_us >= opening.starts_us:
            return []
        lapses_us = min(now_us + self._ttl_us, opening.starts_us)
        return [OfferMade(queue, entry.entry_id, entry.patient_id, opening, lapses_us, asked)]


def _join(waiting: Waiting, command: JoinWaitlist) -> list[Event]:
    if any(entry.patient_id == command.patient_id for entry in waiting.entries.values()):
        return [Refused("already-waiting", "you wait in this queue already")]
    return [WaitlistJoined(command.queue, command.entry_id, command.patient_id, command.card_token)]


def _withdraw(waiting: Waiting, taken: WithdrawOffer) -> Iterator[Event]:
    """What was offered, or is being booked, is gone: its own booking may be what took it."""
    for offer in waiting.offers.values():
        if offer.opening.gone_by(taken):
            yield _lapsed(taken.queue, offer, "slot-taken")
    for booking in waiting.bookings.values():
        if booking.opening.gone_by(taken) and not booking.taken:
            yield OpeningPassed(taken.queue, booking.opening)


def _lapsed(queue: Queue, offer: Offer, because: LapsedBecause) -> OfferLapsed:
    return OfferLapsed(queue, offer.entry_id, offer.opening, because)


def _with_offer(waiting: Waiting, made: OfferMade) -> Waiting:
    """``waiting`` and one more live offer, in order of lapsing."""
    offer = Offer(made.opening, made.entry_id, made.lapses_us, (*made.asked_before, made.entry_id))
    offers = {**waiting.offers, made.opening.starts_us: offer}
    in_order = dict(sorted(offers.items(), key=lambda item: item[1].lapses_us))
    return msgspec.structs.replace(waiting, offers=in_order)


def _with_booking(waiting: Waiting, accepted: OfferAccepted) -> Waiting:
    """``waiting`` with an offer less and, in its stead, a booking."""
    opening = accepted.opening
    booking = Booking(accepted.appointment_id, opening, waiting.offers[opening.starts_us].asked)
    bookings = {**waiting.bookings, accepted.entry_id: booking}
    return msgspec.structs.replace(waiting, offers=_without(waiting.offers, opening.starts_us), bookings=bookings)


def _with_taken(waiting: Waiting, opening: Opening) -> Waiting:
    """``waiting``, in which nobody else is asked about ``opening``, whatever comes of its booking."""
    change = msgspec.structs.replace
    bookings = {
        entry_id: change(booking, taken=True) if booking.opening == opening else booking
        for entry_id, booking in waiting.bookings.items()
    }
    return change(waiting, bookings=bookings)


Key = TypeVar("Key")
Kept = TypeVar("Kept")


def _without(kept: Mapping[Key, Kept], key: Key) -> dict[Key, Kept]:
    return {other: value for other, value in kept.items() if other != key}


# Policies


@reacts_to(SlotFreed)
def offer_freed_slot(event: SlotFreed) -> Iterator[Command]:
    """A provider's time that was given back is offered to those who wait for it."""
    if event.offered and event.kind == "provider":
        slot = event.slot
        queue = Queue(event.clinic_id, event.resource_id, slot.service)
        yield OfferSlot(queue, Opening(event.day, slot.starts_us, slot.ends_us, event.turn))


@reacts_to(SlotTaken)
def withdraw_offer(event: SlotTaken) -> Iterator[Command]:
    """What somebody has taken is not offered any more, for whatever service it was."""
    if event.kind == "provider":
        slot = event.slot
        for service in SERVICES:
            queue = Queue(event.clinic_id, event.resource_id, service)
            yield WithdrawOffer(queue, slot.starts_us, slot.ends_us, event.turn)


@reacts_to(AppointmentBooked)
def settle_booked_offer(event: AppointmentBooked) -> Iterator[Command]:
    """Who waited and has an appointment now waits no more."""
    if event.entry_id:
        yield SettleOffer(_queue_of(event.place), event.entry_id, event.appointment_id)


@reacts_to(AppointmentRejected)
def settle_rejected_offer(event: AppointmentRejected) -> Iterator[Command]:
    """Who waited and could not have the appointment waits on."""
    if event.entry_id:
        yield SettleOffer(_queue_of(event.place), event.entry_id, event.appointment_id, event.reason)


def _queue_of(place: Place) -> Queue:
    return Queue(place.plan.clinic_id, place.plan.provider_id, place.plan.slot.service)


POLICIES = (offer_freed_slot, withdraw_offer, settle_booked_offer, settle_rejected_offer)
