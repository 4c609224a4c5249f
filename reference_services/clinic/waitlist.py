"""waitlist: who would come earlier, and who is asked first.

Aggregate ``queue``, keyed by clinic/provider/service. A slot that is given back is offered to the earliest patient of
its queue who has not been asked about it; an offer is a question, not a hold: it lapses after some minutes, or when
somebody else has taken the slot meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeVar

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event, Refused
from ..kernel.policy import reacts_to
from .schedules import SlotFreed, SlotTaken
from .terms import Terms

LapsedBecause = Literal["not-answered", "slot-taken", "not-waiting"]


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
    """Somebody has taken the slot, as the ``turn``-th change of the provider's day: older offers are void."""

    queue: Queue
    starts_us: int
    turn: int


class AcceptOffer(Command, frozen=True):
    """The patient takes what is offered: book it, in one of these rooms."""

    queue: Queue
    entry_id: str
    appointment_id: str
    starts_us: int
    rooms: tuple[str, ...]


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
    """Nobody is asked about the slot: nobody waits, it is too late, or somebody is being asked already.

    Recorded, so that the same slot is not offered after all when its command is delivered once more.
    """

    queue: Queue
    opening: Opening


class OfferAccepted(Event, frozen=True):
    """The patient wants the slot; it is being booked, and the patient waits no more."""

    queue: Queue
    entry_id: str
    patient_id: str
    card_token: str
    appointment_id: str
    opening: Opening
    rooms: tuple[str, ...]


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


class Waiting(msgspec.Struct, frozen=True):
    """Who waits, in the order of joining, and the live offers by the slot's start, in order of lapsing."""

    entries: Mapping[str, Entry] = {}
    offers: Mapping[int, Offer] = {}
    queue: Queue | None = None


class QueueDecider(Decider[Waiting]):
    """Decides who is asked about a slot."""

    name = "queue"
    commands = (JoinWaitlist, LeaveWaitlist, OfferSlot, WithdrawOffer, AcceptOffer, LapseOffer)
    events = (WaitlistJoined, WaitlistLeft, OfferMade, OpeningPassed, OfferAccepted, OfferLapsed)

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
                offer = waiting.offers.get(command.starts_us)
                if offer is None or offer.opening.turn > command.turn:
                    return []
                return [_lapsed(command.queue, offer, "slot-taken")]
            case AcceptOffer():
                return self._accept(waiting, command, now_us)
            case LapseOffer():
                offer = waiting.offers.get(command.starts_us)
                if offer is None or now_us < offer.lapses_us:
                    return []
                return self._next(waiting, command.queue, offer, "not-answered", now_us)
            case _:
                raise TypeError(f"queue does not decide {type(command).__name__}")

    def evolve(self, waiting: Waiting, event: Event) -> Waiting:
        match event:
            case WaitlistJoined():
                entry = Entry(event.entry_id, event.patient_id, event.card_token)
                return Waiting({**waiting.entries, event.entry_id: entry}, waiting.offers, event.queue)
            case OfferMade():
                return _with_offer(waiting, event)
            case OfferLapsed():
                return Waiting(waiting.entries, _without(waiting.offers, event.opening.starts_us), waiting.queue)
            case OfferAccepted():
                offers = _without(waiting.offers, event.opening.starts_us)
                return Waiting(_without(waiting.entries, event.entry_id), offers, waiting.queue)
            case WaitlistLeft():
                return Waiting(_without(waiting.entries, event.entry_id), waiting.offers, waiting.queue)
            case _:
                return waiting

    def deadlines(self, waiting: Waiting) -> Iterable[Deadline]:
        if waiting.queue is not None:
            for starts_us, offer in waiting.offers.items():
                yield offer.lapses_us, LapseOffer(waiting.queue, starts_us)

    def _leave(self, waiting: Waiting, command: LeaveWaitlist, now_us: int) -> list[Event]:
        if command.entry_id not in waiting.entries:
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

    def _pass_on(
        self, waiting: Waiting, queue: Queue, entry_id: str, accepted: Offer | None, now_us: int
    ) -> Iterator[Event]:
        """The other offers to somebody who waits no more go to whoever is next."""
        rest = Waiting(_without(waiting.entries, entry_id), waiting.offers, queue)
        for offer in waiting.offers.values():
            if offer.entry_id == entry_id and offer is not accepted:
                yield from self._next(rest, queue, offer, "not-waiting", now_us)

    def _next(self, waiting: Waiting, queue: Queue, offer: Offer, because: LapsedBecause, now_us: int) -> list[Event]:
        lapsed = _lapsed(queue, offer, because)
        return [lapsed, *self._offer(waiting, queue, offer.opening, offer.asked, now_us)]

    def _offer(
        self, waiting: Waiting, queue: Queue, opening: Opening, asked: tuple[str, ...], now_us: int
    ) -> list[Event]:
        entry = next((entry for entry in waiting.entries.values() if entry.entry_id not in asked), None)
        if entry is None or now_us >= opening.starts_us:
            return []
        lapses_us = min(now_us + self._ttl_us, opening.starts_us)
        return [OfferMade(queue, entry.entry_id, entry.patient_id, opening, lapses_us, asked)]


def _join(waiting: Waiting, command: JoinWaitlist) -> list[Event]:
    if any(entry.patient_id == command.patient_id for entry in waiting.entries.values()):
        return [Refused("already-waiting", "you wait in this queue already")]
    return [WaitlistJoined(command.queue, command.entry_id, command.patient_id, command.card_token)]


def _lapsed(queue: Queue, offer: Offer, because: LapsedBecause) -> OfferLapsed:
    return OfferLapsed(queue, offer.entry_id, offer.opening, because)


def _with_offer(waiting: Waiting, made: OfferMade) -> Waiting:
    """``waiting`` and one more live offer, in order of lapsing."""
    offer = Offer(made.opening, made.entry_id, made.lapses_us, (*made.asked_before, made.entry_id))
    offers = {**waiting.offers, made.opening.starts_us: offer}
    in_order = dict(sorted(offers.items(), key=lambda item: item[1].lapses_us))
    return Waiting(waiting.entries, in_order, waiting.queue)


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
    """What somebody else has taken is not offered any more."""
    if event.kind == "provider":
        queue = Queue(event.clinic_id, event.resource_id, event.slot.service)
        yield WithdrawOffer(queue, event.slot.starts_us, event.turn)


POLICIES = (offer_freed_slot, withdraw_offer)
